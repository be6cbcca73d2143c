"""Lines whose first or last word is the label, told apart from prose whose lines begin alike."""

import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean

# Words that begin and end sentences of prose: lines that begin so are no labelled ones.
_FUNCTION_WORDS = frozenset(
    """a an the this that these those i you he she it we they me him her us them my your his its our their one and or
    but if so as at by for from in into of off on out over to up with without about after before is are was were be
    been am do does did has have had can could may might must shall should will would not no yes please what when where
    which who whom whose why how there here then than too very just now all any some each every more most other such
    only own same again once also as""".split()  # noqa: SIM905
)
_NUMBER = re.compile(r"[+-]?\d{1,3}|[+-]")
# What is written like a label rather than like a word: DESC:manner, POSITIVE, neg_1, #garden, [pos].
_CODE = re.compile(
    r"[A-Za-z][\w-]*(:[A-Za-z][\w-]*)+|[A-Z][A-Z_]+\d*|[^\W_]+(_[^\W_]+)+|#[^\W\d]\w*|\[\w[\w -]*\]|<\w[\w-]*>"
)
_WIDE = re.compile(r"[\u2e80-\u9fff\uac00-\ud7af\u3040-\u30ff]")
_END_OF_SENTENCE = (".", "!", "?", "。", "！", "？", '"')
MOST, SHARE = 200, 0.2
# With fewer lines than this, words that repeat say too little.
FEW = 20


@dataclass(frozen=True)
class LabelWord:
    """Where the label stands in each line."""

    first: bool
    """Whether it is the first word; otherwise the last."""
    names: tuple[str, ...]
    """The labels, the most frequent first."""

    def cut(self, line: str) -> tuple[str | None, str]:
        """Return the label and the rest of a line; None where its word is none of the labels."""
        word, rest = _ends(line, self.first)
        return (word, rest) if word in self.names and rest else (None, line.strip())


def find_label_word(lines: Sequence[str]) -> LabelWord | None:
    """Return where labels stand in lines as words of their own; None where that is not sure.

    Args:
        lines: those that are not blank.

    >>> find_label_word([f"{n % 3} some" + " more" * (n % 5) + f" words {n}" for n in range(60)])
    LabelWord(first=True, names=('0', '1', '2'))
    """
    return next((LabelWord(first, names) for first in (True, False) if (names := _names(lines, first, True))), None)


def looks_like_label_word(lines: Sequence[str]) -> LabelWord | None:
    """Return what `find_label_word` does where it is likely, but not sure enough to be taken unasked."""
    names = _names(lines, True, False)
    return LabelWord(True, names) if names else None


def _names(lines: Sequence[str], first: bool, sure: bool) -> tuple[str, ...]:
    """Return the words that are labels, the most frequent first; none where they are not."""
    pieces = [_ends(line, first) for line in lines]
    words = Counter(word for word, rest in pieces if rest)
    if sum(words.values()) < 0.99 * len(lines) or not 2 <= len(words) <= min(MOST, max(2, SHARE * len(lines))):
        return ()
    rests = [rest for _, rest in pieces if rest]
    lengths = Counter(len(rest.split()) for rest in rests)
    wide = sum(map(bool, map(_WIDE.search, rests))) > 0.5 * len(rests)
    if not wide and (fmean(len(rest.split()) for rest in rests) < 3 or lengths.most_common(1)[0][1] > 0.9 * len(rests)):
        return ()  # words and tags in columns
    if len(set(rests)) < 2 * len(words) or 2 * sum("\t" in line for line in lines) > len(lines):
        return ()
    names = tuple(word for word, _ in words.most_common())
    if _all_words_like(names, rests):
        return ()
    if _are_numbers(names) or _are_codes(names, rests):
        return names
    if any(name.lower() in _FUNCTION_WORDS for name in names) or not _bare(names):
        return ()
    if not first:
        stopped = sum(rest.endswith(_END_OF_SENTENCE) for rest in rests)
        return names if stopped > 0.8 * len(rests) else ()
    independent = _independence(pieces)
    if sure:
        return names if len(lines) >= FEW and (independent > 0.4 or _begin_anew(rests)) else ()
    return names if independent > 0.1 else ()


def _ends(line: str, first: bool) -> tuple[str, str]:
    """Return the first or last word of a line and the rest."""
    pieces = line.strip().split(None, 1) if first else line.strip().rsplit(None, 1)[::-1]
    return (pieces[0], pieces[1].strip()) if len(pieces) == 2 else (line.strip(), "")


def _are_numbers(names: Sequence[str]) -> bool:
    """Return whether words are the numbers of classes: without gaps, or +1 and -1, or + and -."""
    if not all(map(_NUMBER.fullmatch, names)):
        return False
    if set(names) <= {"+", "-"}:
        return True
    if any(name in "+-" for name in names) or any(
        len(name.lstrip("+-")) > 1 and name.lstrip("+-")[0] == "0" for name in names
    ):
        return False
    found = sorted({int(name) for name in names})
    return found in ([-1, 1], [-1, 0, 1]) or (found[0] in (0, 1) and found == list(range(found[0], found[-1] + 1)))


def _are_codes(names: Sequence[str], rests: Sequence[str]) -> bool:
    """Return whether words are all written like labels, and not because all of a text is in capitals."""
    if not all(map(_CODE.fullmatch, names)):
        return False
    shouted = sum(rest.isupper() for rest in rests) > 0.2 * len(rests)
    return not (shouted and all(name.isupper() for name in names))


def _all_words_like(names: Sequence[str], rests: Sequence[str]) -> bool:
    """Return whether the other words of lines are written as their labels, as words with their tags are."""
    signs = [sign for sign in (":", "_", "/", "|", "#", "[", "<") if all(sign in name for name in names)]
    some = [word for rest in rests[:200] for word in rest.split()]
    return any(sum(sign in word for word in some) > 0.2 * len(some) for sign in signs)


def _bare(names: Sequence[str]) -> bool:
    """Return whether words are free of the signs that end words of prose, and of those of lists."""
    return not any(
        name.endswith((",", ".", ":", ";", "!", "?")) or name[0] in "@*•-–'({" or name[0].isdigit() for name in names
    )


def _independence(pieces: Sequence[tuple[str, str]]) -> float:
    """Return the share of lines whose next word follows at least half of the labels.

    In prose the first word decides on the next one: "there" is followed by "is", "locked" by "out".
    """
    after: dict[str, set[str]] = defaultdict(set)
    for word, rest in pieces:
        after[_next(rest)].add(word)
    kinds = len({word for word, _ in pieces})
    least = max(2, 0.5 * min(kinds, 10))
    return sum(len(after[_next(rest)]) >= least for _, rest in pieces) / max(1, len(pieces))


def _begin_anew(rests: Sequence[str]) -> bool:
    """Return whether what follows the first words begins like a sentence: with a capital, later words without."""
    begin = sum(rest[0].isupper() for rest in rests)
    others = [word for rest in rests for word in rest.split()[1:8]]
    return begin > 0.6 * len(rests) and sum(word[0].isupper() for word in others) < 0.4 * len(others)


def _next(rest: str) -> str:
    return rest[0] if _WIDE.match(rest) else rest.split(None, 1)[0].lower() if rest else ""
