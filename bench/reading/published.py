"""Small files in the shapes that people and public repositories have them in, with what is right for each."""

import csv
import io
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import table
from reading.sets import json_values
from reading.tables import truth
from reading.truth import Case, Truth

CASES = table.DATA.parent / "cases"
Rows = list[tuple[str, Any]]


def cases() -> Iterator[Case]:
    """Yield every file of the folder of cases that a truth is told for below."""
    if not CASES.is_dir():
        return
    for name, read in READ.items():
        yield Case("published", "published layouts", name, CASES / name, _several(read(CASES / name)))
    for name, read in OR_ASKED.items():
        truths = _several(read(CASES / name))
        yield Case("published", "published layouts", name, CASES / name, truths, or_error=True)
    for name in REFUSED:
        yield Case("published", "published layouts", name, CASES / name, [])
    for name, said, read in SAID:
        yield Case("published", "published layouts", f"{name} {said}", CASES / name, [read(CASES / name)], said=said)


def _several(found: Truth | list[Truth]) -> list[Truth]:
    return found if isinstance(found, list) else [found]


def rows_of(
    path: Path, delimiter: str = ",", encoding: str = "utf-8-sig", skip: int = 0, **form: Any
) -> list[list[str]]:
    """Return the rows of a table."""
    text = path.read_bytes().decode(encoding)
    rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, **form))
    return [row for row in rows if row][skip:]


def by_name(text: str, label: str, **form: Any) -> Callable[[Path], Truth]:
    """Return what reads two columns of a table by their names."""

    def read(path: Path) -> Truth:
        head, *body = rows_of(path, **form)
        return truth([(row[head.index(text)], row[head.index(label)]) for row in body])

    return read


def by_place(text: int, label: int, **form: Any) -> Callable[[Path], Truth]:
    """Return what reads two columns of a table without names."""
    return lambda path: truth([(row[text], row[label]) for row in rows_of(path, **form)])


def several(text: str, label: str, cut: Callable[[str], list[str]]) -> Callable[[Path], Truth]:
    """Return what reads cells of several labels."""

    def read(path: Path) -> Truth:
        found = by_name(text, label)(path)
        return Truth(found.texts, [frozenset(cut(cell)) for cell in found.labels])

    return read


def records(make: Callable[[Any], tuple[str, Any] | None]) -> Callable[[Path], Truth]:
    """Return what reads a row from each record of a JSON file, None for those to be left out."""

    def read(path: Path) -> Truth:
        found = list(json_values(path.read_text(encoding="utf-8")))
        found = found[0] if len(found) == 1 and isinstance(found[0], list) else found
        return truth([row for record in found if (row := make(record)) is not None])

    return read


def spans(
    text: str, field: str, start: str = "start", end: str = "end", kind: str = "label", inclusive: int = 0
) -> Callable[[Path], Truth]:
    """Return what reads records of a text and its spans."""

    def one(record: dict[str, Any]) -> tuple[str, Any]:
        found = [one.get("value", one) for one in record.get(field) or [] if "value" in one or kind in one]
        named = [(s[start], s[end] + inclusive, s[kind][0] if isinstance(s[kind], list) else s[kind]) for s in found]
        return record[text], tuple(sorted(named))

    return records(one)


def words(
    sign: str | None = None, prefix: str = "", one_tag: bool = False, lower: bool = False
) -> Callable[[Path], Truth]:
    """Return what reads a word and its tag a line, sentences parted by blank lines."""

    def read(path: Path) -> Truth:
        blocks: list[list[tuple[str, str]]] = [[]]
        for line in path.read_text(encoding="utf-8").split("\n"):
            if line.startswith("# "):
                continue
            cells = line.split(sign) if line.strip() else []
            if len(cells) < 2:
                blocks.append([])
            else:
                blocks[-1].append((cells[0].removeprefix(prefix), cells[-1].strip()))
        return tagged([block for block in blocks if block], lower=lower, one_tag=one_tag)

    return read


def tagged(blocks: list[list[tuple[str, str]]], *, lower: bool = False, one_tag: bool = False) -> Truth:
    """Return sentences of words with tags in BIO, or with one tag for each run of an entity's words."""
    texts, labels = [], []
    for block in blocks:
        text, found, open_ = "", list[list[Any]](), False
        for word, tag in block:
            tag = f"{tag[0].upper()}{tag[1:]}" if lower else tag
            at = len(text) + bool(text)
            text = f"{text} {word}" if text else word
            if tag in ("O", "o", "0"):
                open_ = False
                continue
            kind = tag if one_tag else tag[2:]
            if open_ and found and found[-1][2] == kind and (one_tag or tag[0] == "I"):
                found[-1][1] = len(text)
            else:
                found.append([at, len(text), kind])
            open_ = True
        texts.append(text)
        labels.append(tuple((a, b, kind) for a, b, kind in found))
    return Truth(texts, labels)


def sentence_ids(path: Path) -> Truth:
    blocks: dict[str, list[tuple[str, str]]] = {}
    for number, word, tag in rows_of(path)[1:]:
        blocks.setdefault(number, []).append((word, tag))
    return tagged(list(blocks.values()))


def class_title_text(path: Path) -> list[Truth]:
    """Return the splits of s01: the text alone, or title and text."""
    parts = {name: rows_of(path / f"{name}.csv") for name in ("train", "test")}
    named = [name for name, few in parts.items() for _ in few]
    every = [row for few in parts.values() for row in few]
    labels = [row[0] for row in every]
    both = [f"{row[1]}\n{row[2]}" for row in every]
    return [Truth([row[2] for row in every], labels, named), Truth(both, labels, named)]


def lines_of(path: Path) -> list[str]:
    return [line for line in path.read_text(encoding="utf-8").split("\n") if line.strip()]


def first_words(path: Path) -> Rows:
    """Return the rest of each line with its first word as the label."""
    return [(line.partition(" ")[2], line.partition(" ")[0]) for line in lines_of(path)]


def file_per_class(path: Path) -> Truth:
    return truth([(line, file.stem) for file in sorted(path.iterdir()) for line in lines_of(file)])


def parallel(path: Path) -> list[Truth]:
    names = dict(line.split("\t") for line in lines_of(path / "mapping.txt"))
    rows, parts = [], []
    for split in ("train", "val", "test"):
        few = list(zip(lines_of(path / f"{split}_text.txt"), lines_of(path / f"{split}_labels.txt"), strict=True))
        rows += few
        parts += [{"val": "valid"}.get(split, split)] * len(few)
    told = Truth([t for t, _ in rows], [names[label] for _, label in rows], parts)
    return [told, Truth(told.texts, [label for _, label in rows], parts)]


def fasttext(path: Path) -> Truth:
    rows = []
    for line in path.read_text(encoding="utf-8").split("\n"):
        marks, text = [], line.strip()
        while text.startswith("__label__"):
            mark, _, text = text.partition(" ")
            marks.append(mark.removeprefix("__label__").rstrip(","))
        if marks:
            rows.append((text, marks))
    single = all(len(marks) == 1 for _, marks in rows)
    return truth([(text, marks[0] if single else frozenset(marks)) for text, marks in rows])


def one_hot(path: Path) -> Truth:
    head, *body = rows_of(path)
    names = head[2:]
    return truth(
        [(row[1], frozenset(n for n, cell in zip(names, row[2:], strict=True) if cell == "1")) for row in body]
    )


def odd_file(path: Path) -> list[Truth]:
    """Return the texts of s17: all, or all but the one with control characters."""
    files = sorted(path.glob("*/*.txt"))
    rows = [(file.read_bytes().decode("utf-8", "replace"), file.parent.name) for file in files]
    printable = [(t, label) for t, label in rows if not any(c < " " and c not in "\n\r\t" for c in t)]
    return [truth(rows), truth(printable)]


def kept_answers(record: dict[str, Any]) -> tuple[str, Any] | None:
    return (record["text"], record["label"]) if record.get("answer", "accept") == "accept" else None


def prodigy(record: dict[str, Any]) -> tuple[str, Any] | None:
    if record.get("answer", "accept") != "accept":
        return None
    return record["text"], tuple((s["start"], s["end"], s["label"]) for s in record.get("spans") or [])


def cats(record: dict[str, Any]) -> tuple[str, Any]:
    return record["text"], frozenset(name for name, value in record["cats"].items() if value >= 0.5)


def one_cat(record: dict[str, Any]) -> tuple[str, Any]:
    return record["text"], next(name for name, value in record["cats"].items() if value >= 0.5)


def intents(path: Path) -> Truth:
    found = json.loads(path.read_text(encoding="utf-8"))["intents"]
    return truth([(text, one["tag"]) for one in found for text in one["patterns"]])


def rasa(path: Path) -> Truth:
    found = json.loads(path.read_text(encoding="utf-8"))["rasa_nlu_data"]["common_examples"]
    return truth([(one["text"], one["intent"]) for one in found])


def blank_reviews(path: Path) -> list[Truth]:
    every = by_name("verified_review", "rating", delimiter="\t")(path)
    rows = list(zip(every.texts, every.labels, strict=True))
    return [truth(rows), truth([row for row in rows if row[0].strip()])]


def numbered(cut: Callable[[str], list[str]]) -> Callable[[str], list[str]]:
    return lambda cell: [one.strip().strip("'\"") for one in cut(cell) if one.strip()]


def _choices(cell: str) -> list[str]:
    return json.loads(cell)["choices"] if cell.startswith("{") else [cell]


_bare = numbered(lambda cell: cell.strip("[]").split(","))
_quoted: Any = {"quoting": csv.QUOTE_NONE}

# What is read, and how this bench reads the same.
READ: dict[str, Callable[[Path], Truth | list[Truth]]] = {
    "01b_sentence_id.csv": sentence_ids,
    "05b_brackets.csv": several("text", "label", _bare),
    "05c_comma.csv": several("text", "labels", _bare),
    "05e_python_list.csv": several("text", "labels", _bare),
    "03i_label_studio_choices.csv": several("text", "topic", _choices),
    "06_onehot.csv": one_hot,
    "10_sep_line.csv": by_name("message", "queue", delimiter=";", skip=1),
    "10c_comment_head.csv": by_name("message", "queue", skip=2),
    "15_backslash.csv": by_name("text", "label", doublequote=False, escapechar="\\"),
    "18_missing_names.csv": by_name("text", "label"),
    "19_day_first.csv": by_name("text", "label"),
    "20_train_int.csv": by_name("text", "complaint"),
    "20d_codes.csv": by_name("text", "code"),
    "23_train.csv": by_name("text", "label"),
    "29_rating.csv": lambda path: [
        by_name("review", "rating")(path),
        _whole_numbers(by_name("review", "rating")(path)),
    ],
    "30_cp1251.csv": by_name("text", "label", encoding="cp1251"),
    "30c_euc_kr.csv": by_name("text", "label", encoding="euc_kr"),
    "30d_big5.csv": by_name("text", "label", encoding="big5"),
    "32_separator_in_name.csv": by_name("text", "department"),
    "33_form.csv": by_name("What happened with your order, in your own words?", "Which team should look at it?"),
    "33b_question_mark.csv": by_name("text", "spam?"),
    "34_uuid.csv": by_name("user_says", "intent"),
    "34b_time.csv": by_name("user_says", "intent"),
    "38_newlines_cr.csv": by_name("text", "label"),
    "38b_german.csv": by_name("Nachricht", "Abteilung", delimiter=";"),
    "38c_utf16.csv": by_name("Nachricht", "Abteilung", delimiter="\t", encoding="utf-16"),
    "41_odd_names.csv": by_name("text", "label"),
    "42_thai_arabic_emoji.csv": by_name("text", "label"),
    "09_good.xlsx": lambda path: workbook_rows(path, 0, 0),
    "09b_title_row.xlsx": lambda path: workbook_rows(path, 0, 1),
    "09c_cover_sheet.xlsx": lambda path: workbook_rows(path, -1, 0),
    "16b_zh_no_space.txt": words(" "),
    "26_span_edges.jsonl": lambda path: _trimmed(spans("text", "entities")(path)),
    "26b_trailing_space.jsonl": lambda path: _trimmed(spans("text", "entities")(path)),
    "26d_indented.json": spans("text", "entities"),
    "26e_first_60_empty_and_source.jsonl": spans("text", "entities"),
    "26g_nested.jsonl": spans("text", "entities"),
    "26i_as_it_should_be.jsonl": spans("text", "entities"),
    "27_fasttext_comma.txt": fasttext,
    "27c_fasttext_blank.txt": fasttext,
    "35_polarity": file_per_class,
    "39_doccano_single.jsonl": records(lambda one: (one["text"], one["label"][0])),
    "40_lower_tags.txt": words(" ", lower=True),
    "40g_conllu_comments.txt": words("\t"),
    "published/s01_class_title_text": class_title_text,
    "published/s04_stray_quotes.tsv": by_place(2, 1, delimiter="\t", quoting=csv.QUOTE_NONE),
    "published/s08_file_per_class": file_per_class,
    "published/s09_intents.json": intents,
    "published/s12_long_documents.txt": words(" "),
    "published/s13b_tags_without_prefix.txt": words("\t", one_tag=True),
    "published/s16_header_full_stop.csv": by_name("Utterance", "Mood"),
    "published/s17_one_odd_file": odd_file,
    "published/s18_cats_one.jsonl": records(one_cat),
    "published/s18b_cats_several.jsonl": records(cats),
    "published/s20_prefixed_words.txt": lambda path: [words("\t", "en:")(path), words("\t")(path)],
    "published/s26_hash_labels.csv": several("TEXT", "INTENT", lambda cell: cell.split("#")),
    "published/s31_blank_reviews.tsv": blank_reviews,
}
# An error that says what is missing is as right as the rows.
OR_ASKED: dict[str, Callable[[Path], Truth | list[Truth]]] = {
    "02b_spacy_simple.json": records(lambda one: (one[0], tuple(map(tuple, one[1]["entities"])))),
    "03b_label_studio_min.json": spans("text", "label", kind="labels"),
    "03c_label_studio_choice.json": records(lambda one: (one["data"]["text"], _first_choice(one))),
    "03f_relations.jsonl": spans("text", "result", kind="labels"),
    "04_prodigy_textcat_binary.jsonl": records(kept_answers),
    "04c_prodigy_ner.jsonl": records(prodigy),
    "08b_rasa.json": rasa,
    "08e_luis_batch.json": records(lambda one: (one["text"], one["intent"])),
    "36_label_record.jsonl": records(lambda one: (one["text"], one["label"]["name"])),
    "37e_prompt_completion.jsonl": records(lambda one: (one["prompt"], one["completion"].strip())),
    "37c_sharegpt.json": records(lambda one: (one["conversations"][0]["value"], one["conversations"][1]["value"])),
    "37_alpaca.json": records(lambda one: (one["input"], one["output"])),
    "published/s07_parallel": parallel,
    "published/s23_full_text_spans.json": spans("full_text", "spans", "start_position", "end_position", "entity_type"),
    "published/s33_relation_words.jsonl": records(lambda one: (" ".join(one["token"]), one["relation"])),
    "published/s32_relation_record.json": records(lambda one: (one["text"], one["relation"]["relation_type"])),
    "published/s10_three_signs.txt": lambda path: [
        truth([(line.split("_!_")[3], line.split("_!_")[place]) for line in lines_of(path)]) for place in (1, 2)
    ],
    "published/s11_label_first.txt": lambda path: truth(first_words(path)),
    "published/s11b_label_first_words.txt": lambda path: [
        truth(first_words(path)),
        truth([(text, label.partition(":")[0]) for text, label in first_words(path)]),
    ],
    "published/s27_label_of_a_target.jsonl": records(lambda one: (one["text"], one["label"])),
    "published/s25_content_points.jsonl": records(lambda one: (one["content"], tuple(
        (p["start"], p["end"] + 1, a["label"][0]) for a in one["annotation"] for p in a["points"]))),
}  # fmt: skip
REFUSED = (
    "07_int_ner_tags.jsonl",
    "23e_test_no_label.csv",
    "published/s06_split_folders",
    "published/s15_no_text.csv",
    "published/s15c_offsets_only.tsv",
    "published/s29_dialogues",
    "published/s35_conllu.conllu",
)
SAID: list[tuple[str, dict[str, str], Callable[[Path], Truth]]] = [
    ("published/s02_first_row_class_3.csv", {"text": "3", "label": "1"}, by_place(2, 0)),
    ("published/s01_class_title_text/test.csv", {"text": "3", "label": "1"}, by_place(2, 0)),
    ("22_subject_body.csv", {"text": "subject"}, by_name("subject", "label")),
]


def workbook_rows(path: Path, sheet: int, title_rows: int) -> Truth:
    """Return the columns message and queue of a workbook's sheet."""
    import openpyxl

    found = list(openpyxl.load_workbook(path).worksheets[sheet].iter_rows(values_only=True))
    head, *rows = [row for row in found if any(cell is not None for cell in row)][title_rows:]
    return truth([(str(row[head.index("message")]), str(row[head.index("queue")])) for row in rows])


def _whole_numbers(found: Truth) -> Truth:
    return Truth(found.texts, [str(label).removesuffix(".0") for label in found.labels])


def _trimmed(found: Truth) -> Truth:
    """Return spans without the blanks at their edges, and without those that hold nothing."""
    labels = []
    for text, marks in zip(found.texts, found.labels, strict=True):
        kept = set()
        for start, end, kind in marks:
            inside = text[start:end]
            if inside.strip():
                first = start + len(inside) - len(inside.lstrip())
                kept.add((first, first + len(inside.strip()), kind))
        labels.append(tuple(sorted(kept)))
    return Truth(found.texts, labels)


def _first_choice(record: dict[str, Any]) -> str:
    return str(record["annotations"][0]["result"][0]["value"]["choices"][0])
