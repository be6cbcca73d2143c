"""Files that belong together line by line: texts in one, their labels in another."""

import json
import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from statistics import fmean

from haoqi.core.errors import UserError
from haoqi.core.say import say
from haoqi.data.examples import Examples
from haoqi.data.raw import PARTS, Part, Raw, digest
from haoqi.data.reading.decoding.decode import read_text
from haoqi.data.reading.sources._listing import is_table, own_words, words_of
from haoqi.data.reading.tables.column_kinds import count_words
from haoqi.data.reading.tables.table import Table, check_lengths, to_raw
from haoqi.data.reading.tokens.tags import scheme_of, spans_of
from haoqi.data.settings import DataSettings

_TEXTS = frozenset(
    """text texts sentence sentences sent sents in x input inputs data corpus doc docs document documents review reviews
    comment comments tweet tweets utterance utterances question questions content""".split()  # noqa: SIM905
)
_LABELS = frozenset(
    """label labels lab labs tag tags class classes y target targets out output outputs intent intents sentiment
    sentiments topic topics category categories gold emotion emotions mood moods act acts star stars rating
    ratings score scores""".split()  # noqa: SIM905
)
_TWO_TEXTS = (
    {"src", "tgt"},
    {"src", "trg"},
    {"source", "target"},
    {"article", "summary"},
    {"document", "summary"},
    {"question", "answer"},
    {"questions", "answers"},
    {"query", "response"},
)
_LANGUAGES = frozenset(
    """en zh de fr es it pt ru ja ko ar nl pl cs tr vi hi sv fi ro uk""".split()  # noqa: SIM905
)
_TAG = re.compile(r"O|[BIESMLU][-_]\S+")
_ORDER: tuple[Part | None, ...] = (None, *PARTS)
_NUMBERS = re.compile(r"\d+([\s,;]+\d+)+")
_NAMES_FILES = re.compile(
    r"(mapping|classes|labels?|class_?names|label_?names|label_?(map|list|dict)|categories|id2label|label2id)", re.I
)


@dataclass(frozen=True)
class LineFile:
    """A file of which each line stands for a row."""

    path: Path
    key: str
    """What it is called but for the split, the same in all splits."""

    @cached_property
    def lines(self) -> list[str]:
        """The lines, blank ones among them but for those at the end; none where the file is empty or no text."""
        try:
            found = read_text(self.path)[0].replace("\r\n", "\n").replace("\r", "\n").split("\n")
        except UserError:
            return []
        while found and not found[-1].strip():
            found.pop()
        return [line.strip() for line in found]

    @property
    def words(self) -> set[str]:
        """The words of its name."""
        return {word.lower() for word in words_of(self.key)}

    @cached_property
    def holds_texts(self) -> bool:
        """Whether lines are texts rather than names or tags."""
        filled = [line for line in self.lines if line]
        return bool(filled) and not self.holds_tags and not self.holds_labels and fmean(map(count_words, filled)) >= 2

    @cached_property
    def holds_labels(self) -> bool:
        """Whether lines are names or numbers that repeat."""
        filled = [line for line in self.lines if line]
        kinds = set(filled)
        few = 1 < len(kinds) <= max(2, 0.3 * len(filled)) and max(map(len, kinds)) <= 60
        short = fmean(map(count_words, filled)) < 4 if filled else False
        return (few and short and not self.holds_tags) or self.holds_several

    @cached_property
    def holds_several(self) -> bool:
        """Whether lines are numbers, several in many of them."""
        filled = [line for line in self.lines if line]
        several = sum(_NUMBERS.fullmatch(line) is not None for line in filled)
        return several > 0.2 * len(filled) and sum(line.isdecimal() for line in filled) + several > 0.95 * len(filled)

    @cached_property
    def holds_tags(self) -> bool:
        """Whether lines are tags of words, such as O B-PER I-PER."""
        some = [line.split() for line in self.lines[:500] if line]
        tags = [tag for line in some for tag in line]
        like = sum(_TAG.fullmatch(tag) is not None for tag in tags)
        return bool(tags) and like > 0.9 * len(tags) and max(map(len, some)) > 1


@dataclass(frozen=True)
class Parallel:
    """Files of texts and of their labels, by split."""

    text: str
    """Key of the files of texts."""
    labels: tuple[str, ...]
    """Keys of the files of labels, those of a label for each text first."""
    files: Mapping[Part | None, Mapping[str, LineFile]]

    @property
    def first(self) -> Mapping[str, LineFile]:
        """The files that are learnt from."""
        return self.files.get("train") or self.files[None]


def find_parallel(files: Sequence[tuple[Part | None, Path]]) -> Parallel | None:
    """Return the files that belong together line by line; None where there are none.

    Raises:
        UserError: if files belong together by their names, and cannot be joined.
    """
    by_part: dict[Part | None, dict[str, LineFile]] = defaultdict(dict)
    for part, path in files:
        if not is_table(path):
            by_part[part].setdefault(_key(path), LineFile(path, _key(path)))
    first = by_part.get("train") or by_part.get(None) or {}
    if not 2 <= len(first) <= 8:
        return None
    few = list(first.values())
    _refuse_two_texts(few)
    texts = [file for file in few if file.holds_texts]
    labels = [file for file in few if file.holds_labels or file.holds_tags]
    if len(texts) > 1:
        texts = [file for file in texts if file.words & _TEXTS]
    if len(texts) != 1 or not labels:
        return None
    text = texts[0]
    related = [file for file in labels if _related(text, file)]
    fitting = [file for file in labels if len(file.lines) == len(text.lines)]
    if not related and not (len(few) == 2 and fitting and len(text.lines) >= 10):
        return None
    if not fitting:
        raise _unequal(text, related[0])
    _refuse_several(text, fitting)
    keys = tuple(file.key for file in sorted(fitting, key=lambda file: (file.holds_tags, file not in related)))
    return Parallel(text.key, keys, by_part)


def _key(path: Path) -> str:
    """Return what a file is called but for its split: train_text.txt and val_text.txt are both text."""
    joined = "." if path.suffix and path.suffix.lower() not in (".txt", ".text") else "_"
    return joined.join(own_words(path)) or "text"


def _related(text: LineFile, label: LineFile) -> bool:
    """Return whether names say that one file holds the labels of the other."""
    by_label = bool(label.words & _LABELS)
    return by_label and (bool(text.words & _TEXTS) or text.words < label.words or label.words <= _LABELS)


def _refuse_two_texts(files: Sequence[LineFile]) -> None:
    for one in files:
        for other in files:
            own, its = one.words - other.words, other.words - one.words
            pair = own | its
            languages = len(own) == len(its) == 1 and pair <= _LANGUAGES
            if len(pair) == 2 and own and its and (pair in _TWO_TEXTS or languages) and one.holds_texts:
                raise UserError(
                    say("parallel.two_texts", name=one.path.name, name2=other.path.name),
                    say("parallel.two_texts.hint"),
                )


def _unequal(text: LineFile, label: LineFile) -> UserError:
    return UserError(
        say(
            "parallel.unequal",
            name=text.path.name,
            name2=label.path.name,
            count=len(text.lines),
            count2=len(label.lines),
        ),
        say("parallel.unequal.hint"),
    )


def _refuse_several(text: LineFile, labels: Sequence[LineFile]) -> None:
    for file in labels:
        if file.holds_several:
            shown = next(line for line in file.lines if _NUMBERS.fullmatch(line))
            raise UserError(
                say("parallel.several", name=text.path.name, name2=file.path.name, shown=shown[:30]),
                say("parallel.several.hint"),
            )


def read_parallel(name: str, found: Parallel, settings: DataSettings, names: Sequence[Path], *, labelled: bool) -> Raw:
    """Return the rows of files that belong together line by line.

    Args:
        name: what a person calls their folder.
        found: the files.
        settings: what a person said; `label` names one of several files of labels.
        names: files beside them that may spell out labels that are numbers.
        labelled: whether there must be labels.

    Raises:
        UserError: if line counts of a split differ, or a file that a person named is not there.
    """
    known = {found.text, *found.labels}
    if wrong := {said for said in (settings.text, settings.label) if said and said not in known}:
        raise UserError(
            say("parallel.no_file", name=name, names=", ".join(sorted(wrong)), names2=", ".join(sorted(known)))
        )
    chosen = settings.label or found.labels[0]
    columns, parts, warnings = _collect(found, chosen)
    columns[chosen], told = _spell_out(columns[chosen], names)
    others = [key for key in found.labels if key != chosen]
    warnings += [say("parallel.other_labels", names=", ".join(others), others=others[0])] if others else []
    text, label = found.first[found.text], found.first[chosen]
    table = Table(
        name,
        columns,
        "folder",
        digest([*(str(cell) for cells in columns.values() for cell in cells), *parts]),
        parts if set(parts) != {"train"} else None,
        read_text(text.path)[1],
        notes=tuple(told),
        warnings=tuple(warnings),
        roles={"text": found.text, "label": chosen},
        why={"text": say("column.lines", name=text.path.name), "label": say("column.lines_each", name=label.path.name)},
    )
    settings = replace(settings, text=None, label=None)
    return _tagged(table, settings) if label.holds_tags else to_raw(table, settings, labelled)


def _collect(found: Parallel, chosen: str) -> tuple[dict[str, list[str | None]], list[Part], list[str]]:
    """Return the lines of all splits as columns, the split of each row, and warnings."""
    columns: dict[str, list[str | None]] = {found.text: [], **{key: [] for key in found.labels}}
    parts: list[Part] = []
    warnings: list[str] = []
    for part in _ORDER:
        few = found.files.get(part, {})
        if found.text not in few:
            warnings += [say("parallel.no_texts", name=file.path.name) for file in few.values()]
            continue
        text = few[found.text]
        own: Part = part or "train"
        if chosen not in few and own in ("valid", "test"):
            warnings.append(say("parallel.no_labels", name=text.path.name))
            own = "unlabelled"
        for key, cells in columns.items():
            cells += _cells(few.get(key), text)
        parts += [own] * len(text.lines)
    return columns, parts, warnings


def _cells(file: LineFile | None, text: LineFile) -> list[str | None]:
    if file is None:
        return [None] * len(text.lines)
    if len(file.lines) != len(text.lines):
        raise _unequal(text, file)
    return [line or None for line in file.lines] if file is not text else list(file.lines)


def _tagged(table: Table, settings: DataSettings) -> Raw:
    """Return texts of which a file holds the tags of their words."""
    from haoqi.data.reading.sources.columns import place_words

    text, label = table.roles["text"], table.roles["label"]
    placed = [place_words((line or "").split(), tight=False) for line in table.columns[text]]
    tags = [(line or "").split() for line in table.columns[label]]
    for row, (few, (_, words)) in enumerate(zip(tags, placed, strict=True), 1):
        if few and len(few) != len(words):
            raise UserError(
                say("tags.uneven_row", row=row, name=table.name, count=len(words), count2=len(few)),
                say("tags.uneven_row.hint"),
            )
    labels = [spans_of(few, words) if few else None for few, (_, words) in zip(tags, placed, strict=True)]
    texts = [words for words, _ in placed]
    check_lengths(texts, table.name, settings)
    examples = Examples(texts, labels, list(range(len(texts))), words=[words for _, words in placed])
    blank = to_raw(replace(table, roles={"text": text}), replace(settings, text=None, label=None), False)
    schema = replace(
        blank.schema,
        columns={"text": text, "label": label},
        why=table.why,
        notes=(*blank.schema.notes, say("tags.scheme", scheme_of=scheme_of(tags))),
    )
    return Raw(examples, table.parts, schema, "spans", table.fingerprint)


def _spell_out(labels: list[str | None], files: Sequence[Path]) -> tuple[list[str | None], list[str]]:
    """Return labels that are numbers as the names that a file beside them gives them, and what to tell."""
    known = {label for label in labels if label}
    if not known or not all(label.isdecimal() for label in known):
        return labels, []
    for path in files:
        if _NAMES_FILES.fullmatch(path.stem) and (names := _names(path, {int(label) for label in known})):
            return [names[int(label)] if label else None for label in labels], [
                say("parallel.spelt_out", name=path.name)
            ]
    return labels, []


def _names(path: Path, known: set[int]) -> dict[int, str] | None:
    """Return number to name as a file lists them; None where it does not name all of the numbers."""
    try:
        text = read_text(path)[0]
    except UserError:
        return None
    pairs: dict[int, str] = {}
    if path.suffix.lower() == ".json":
        pairs = _from_json(text, known)
    else:
        lines = [line.strip() for line in text.splitlines() if line.strip()]
        for line in lines:
            first, last = re.match(r"(\d+)[\s,;:]+(\S.*)", line), re.match(r"(\S.*?)[\s,;:]+(\d+)", line)
            if first:
                pairs[int(first[1])] = first[2].strip()
            elif last and last.end() == len(line):
                pairs[int(last[2])] = last[1].strip()
        if not pairs:
            pairs = _by_place(lines, known)
    named = known <= set(pairs) and len({pairs[number] for number in known}) == len(known)
    return pairs if named else None


def _from_json(text: str, known: set[int]) -> dict[int, str]:
    try:
        found = json.loads(text)
    except ValueError:
        return {}
    if isinstance(found, list):
        return _by_place([str(name) for name in found], known)
    if not isinstance(found, dict):
        return {}
    pairs = {str(key): value for key, value in found.items()}
    if all(key.isdecimal() for key in pairs):
        return {int(key): str(value) for key, value in pairs.items()}
    return {value: key for key, value in pairs.items() if isinstance(value, int)}


def _by_place(names: Sequence[str], known: set[int]) -> dict[int, str]:
    """Return names by their line, counted from 0 or from 1 as the labels are; none where it could be either."""
    if known == set(range(len(names))):
        return dict(enumerate(names))
    return dict(enumerate(names, 1)) if known == set(range(1, len(names) + 1)) else {}
