"""Tags of words to labelled spans, in whichever of the usual schemes and spellings they are written."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Literal

from haoqi.core.say import say
from haoqi.data.examples import Span

_STARTS, _ENDS = frozenset("BSU["), frozenset("ESL]U")

Order = Literal["prefix", "suffix", "glued", "letters", "brackets", "bare"]

_LETTERS = "BIESMLU"
_FORMS: Mapping[Order, re.Pattern[str]] = {
    "prefix": re.compile(rf"(?P<at>[{_LETTERS}{_LETTERS.lower()}])[-_:.|](?P<kind>\S.*)"),
    "suffix": re.compile(rf"(?P<kind>\S.*)[-_:.|](?P<at>[{_LETTERS}{_LETTERS.lower()}])"),
    "glued": re.compile(rf"(?P<at>[{_LETTERS}])(?P<kind>[A-Z][A-Za-z_]+)"),
    "letters": re.compile(rf"(?P<at>[{_LETTERS}{_LETTERS.lower()}])(?P<kind>)"),
}
_BRACKET = re.compile(r"(\((?P<kind>[^()*\s]+))?\*?\)?")
# What stands for "no entity", the surest first; the later ones count only where none before them occurs.
_OUTSIDE = (
    "O",
    "o",
    "_",
    "0",
    "-",
    "none",
    "NONE",
    "None",
    "null",
    "NULL",
    "Other",
    "other",
    "OTHER",
    "OUT",
    "OUTSIDE",
)
KIND = "entity"
_NUMBER = re.compile(r"-?\d+(\.0+)?")

# Parts of speech of the Penn treebank, Brown, Universal Dependencies and PKU, and the phrases of CoNLL-2000.
_PARTS_OF_SPEECH = """CC CD DT EX FW IN JJ JJR JJS LS MD NN NNS NNP NNPS PDT POS PRP PRP$ RB RBR RBS RP SYM TO UH VB VBD
    VBG VBN VBP VBZ WDT WP WP$ WRB -LRB- -RRB- HYPH NFP ADD AFX ADJ ADP ADV AUX CCONJ CONJ DET INTJ NOUN NUM PART PRON
    PROPN PRT PUNCT SCONJ VERB X . , : ; ! ? '' `` " ( ) $ # AD AS BA CS DEC DEG DER DEV ETC IJ LB LC M MSP NT NR OD P
    PN PU SB SP VA VC VE VV AT NP NR AP BE BED BEDZ BEN BER BEZ HV HVD HVZ QL PPS PPSS PPO
    a ad ag an b c d dg e f g h i j k l m n ng nr ns nt nx nz o p q r s t tg u v vd vg vn w x y z"""
_KINDS_OF_PHRASE = "NP VP PP ADVP ADJP SBAR PRT CONJP INTJ LST UCP WHNP SQ S QP CLP DP LCP DNP"
_SPEECH, _PHRASES = frozenset(_PARTS_OF_SPEECH.split()), frozenset(_KINDS_OF_PHRASE.split())


@dataclass(frozen=True)
class Tagging:
    """How the tags of a source are spelt."""

    order: Order
    """Where the letter stands that says begin or inside: before the kind, after it, alone, or nowhere (bare)."""
    spelling: Mapping[str, str]
    """Each tag as written to B-KIND, I-KIND or O."""
    kinds: tuple[str, ...]
    outside: str | None
    """What is written on words of no entity; None where each word is of one."""
    tagged: int
    """How many words are of an entity."""
    words: int

    @property
    def sure(self) -> bool:
        """Whether nothing but tags of stretches of words is written like that."""
        if self.order in ("bare", "letters") or not self.kinds:
            return False
        if self.order == "brackets":
            return True
        at = {(tag[0], tag[2:]) for tag in self.spelling.values() if tag != "O"}
        both = any(letter in "BS" and {("I", kind), ("E", kind), ("M", kind), ("L", kind)} & at for letter, kind in at)
        return both or (self.outside in ("O", "o", "_") and self.tagged < self.words)

    @property
    def likely(self) -> bool:
        """Whether tags without the letters of a scheme may well be entities: most words are of none."""
        return self.outside in ("O", "o") and self.tagged <= 0.6 * self.words and len(self.kinds) <= 200

    @property
    def phrases(self) -> bool:
        """Whether the kinds are noun phrases, verb phrases and their like, as CoNLL-2000 has them."""
        return bool(self.kinds) and {kind.upper() for kind in self.kinds} <= _PHRASES

    def read(self, tags: Sequence[str]) -> list[str]:
        """Return the tags of a sentence as B-KIND, I-KIND or O."""
        if self.order == "brackets":
            return _open_and_close(tags)
        return [self.spelling.get(tag, "O") for tag in tags]

    def notes(self, scheme: str) -> tuple[str, ...]:
        """Return sentences on how the tags are read."""
        told = {
            "bare": say("tags.bare"),
            "brackets": say("tags.brackets"),
            "letters": say("tags.letters", kind=KIND),
            "suffix": say("tags.suffix", scheme=scheme),
        }.get(self.order, say("tags.prefix_scheme", scheme=scheme))
        unusual = self.outside is not None and self.outside not in ("O", "o", "*")
        return (told, say("tags.outside", outside=self.outside)) if unusual else (told,)


def tagging_of(counts: Mapping[str, int]) -> Tagging | None:
    """Return how the tags of all words are spelt; None where they cannot mark entities.

    Args:
        counts: each tag with the number of words that have it.

    >>> tagging_of({"PER-B": 2, "PER-I": 1, "O": 9}).spelling
    {'PER-B': 'B-PER', 'PER-I': 'I-PER', 'O': 'O'}
    >>> tagging_of({"NN": 4, "VB": 2, "DT": 3})
    """
    if not counts or any(len(tag) > 80 for tag in counts):
        return None
    if "*" in counts and any("(" in tag for tag in counts) and all(map(_BRACKET.fullmatch, counts)):
        return _made("brackets", counts, dict.fromkeys(counts, "O"), "*")
    outside = next((tag for tag in _OUTSIDE if tag in counts), None)
    inner = [tag for tag in counts if tag not in (outside, "", "O", "o", "_")]
    if all(map(_NUMBER.fullmatch, inner)) and inner:
        return None
    found = [one for order in ("prefix", "suffix") if (one := _spelt(order, inner, counts, outside))]
    if found:
        return min(found, key=lambda one: (one.order == "prefix" and _is_pointless(one), len(one.kinds)))
    for order in ("letters", "glued"):
        if (one := _spelt(order, inner, counts, outside)) and _is_whole(one):
            return one
    letters = bool(inner) and all(tag.upper() in _LETTERS for tag in inner)
    if outside is None or letters or any(" " in tag for tag in inner):
        return None
    within = set(inner)
    spelling = {tag: f"I-{tag}" if tag in within else "O" for tag in counts}
    one = _made("bare", counts, spelling, outside)
    return None if _speech_share(counts) > 0.5 and len(inner) > 4 else one


def reason_against(counts: Mapping[str, int]) -> str:
    """Return what tags that mark no entities are, to be put behind "the tags are"."""
    inner = [tag for tag in counts if tag not in ("O", "o", "_", "")]
    shown = ", ".join(sorted(inner, key=lambda tag: -counts[tag])[:4])
    if inner and all(map(_NUMBER.fullmatch, inner)):
        return say("tags.against_numbers", shown=shown)
    if inner and all(tag.upper() in _LETTERS for tag in inner):
        return say("tags.against_letters", shown=shown)
    if _speech_share(counts) > 0.5:
        return say("tags.against_speech", shown=shown)
    return say("tags.against_every", shown=shown)


def are_parts_of_speech(counts: Mapping[str, int]) -> bool:
    """Return whether tags are parts of speech, of several kinds."""
    return len(counts) > 4 and _speech_share(counts) > 0.8


@cache
def split_tag(tag: str) -> tuple[str, str]:
    """Return a tag's prefix and type; a bare type counts as inside.

    >>> split_tag("B-PER"), split_tag("O"), split_tag("I-work-of-art")
    (('B', 'PER'), ('O', ''), ('I', 'work-of-art'))
    """
    if tag in ("O", "o", "", "_"):
        return "O", ""
    prefix, mark, kind = tag.partition("-" if "-" in tag[:3] else "_")
    if mark and len(prefix) == 1 and prefix.upper() in "BIESMLU":
        return prefix.upper(), kind
    return "I", tag


def spans_of(tags: Sequence[str], words: Sequence[tuple[int, int]]) -> tuple[Span, ...]:
    """Return the spans that tags mark, read as conlleval reads them (Tjong Kim Sang and De Meulder, 2003).

    A span begins at B or S, after E or S, after O, and where the type changes; so BIO, IOB1, BIOES, BMES and
    BILOU, and sequences impossible in any of them, all have one reading.

    Args:
        tags: a tag for each word.
        words: (start, end) of each word in characters.

    >>> spans_of(["I-PER", "I-PER", "O", "B-LOC"], [(0, 2), (3, 5), (6, 8), (9, 12)])
    (Span(start=0, end=5, label='PER'), Span(start=9, end=12, label='LOC'))
    """
    found: list[Span] = []
    before, kind_before = "O", ""
    for tag, (start, end) in zip(tags, words, strict=True):
        prefix, kind = split_tag(tag)
        if prefix != "O":
            fresh = prefix in _STARTS or before in _ENDS or before == "O" or kind != kind_before
            found.append(Span(start if fresh else found.pop().start, end, kind))
        before, kind_before = prefix, kind
    return tuple(found)


def scheme_of(sentences: Iterable[Sequence[str]]) -> str:
    """Return the scheme in which tags are written: BIO, IOB1 or BIOES (BMES and BILOU count as that)."""
    outside_first = inside_first = 0
    for tags in sentences:
        before = ("O", "")
        for tag in tags:
            prefix, kind = split_tag(tag)
            if prefix in "ESLU" and prefix != "O":
                return "BIOES"
            fresh = before[0] == "O" or before[1] != kind
            inside_first += prefix == "I" and fresh
            outside_first += prefix == "B" and fresh
            before = (prefix, kind)
    return "IOB1" if inside_first > outside_first else "BIO"


def _spelt(order: Order, inner: Sequence[str], counts: Mapping[str, int], outside: str | None) -> Tagging | None:
    """Return the tagging in which nearly all tags are of one order, if they are; the others are kinds alone."""
    found = {tag: match for tag in inner if (match := _FORMS[order].fullmatch(tag))}
    fitting, total = sum(counts[tag] for tag in found), sum(counts[tag] for tag in inner)
    if not found or fitting < (0.9 if order == "prefix" else 1.0) * total:
        return None
    spelling = {tag: "O" for tag in counts if tag not in inner}
    spelling |= {tag: f"I-{tag}" for tag in inner if tag not in found}
    spelling |= {tag: f"{one['at'].upper()}-{one['kind'] or KIND}" for tag, one in found.items()}
    return _made(order, counts, {tag: spelling[tag] for tag in counts}, outside)


def _made(order: Order, counts: Mapping[str, int], spelling: Mapping[str, str], outside: str | None) -> Tagging:
    tagged = sum(count for tag, count in counts.items() if spelling[tag] != "O")
    kinds = {tag[2:] for tag in spelling.values() if tag != "O"}
    if order == "brackets":
        tagged = sum(count for tag, count in counts.items() if tag != "*")
        kinds = {match["kind"] for tag in counts if (match := _BRACKET.fullmatch(tag)) and match["kind"]}
    return Tagging(order, spelling, tuple(sorted(kinds)), outside, tagged, sum(counts.values()))


def _is_pointless(one: Tagging) -> bool:
    """Return whether no tag begins anything: the letters before the kinds are rather names themselves."""
    return not {tag[0] for tag in one.spelling.values() if tag != "O"} & set("BIS")


def _is_whole(one: Tagging) -> bool:
    """Return whether all that goes on began somewhere, and some words are of no entity."""
    at = [tag.split("-", 1) for tag in one.spelling.values() if tag != "O"]
    began = {kind for letter, kind in at if letter in "BSU"}
    inside = {kind for letter, kind in at if letter in "IMEL"}
    return one.outside in ("O", "o") and bool(inside) and inside <= began


def _speech_share(counts: Mapping[str, int]) -> float:
    inner = {tag: count for tag, count in counts.items() if tag not in ("O", "o", "_", "")}
    known = sum(count for tag, count in inner.items() if {tag, tag.split("-")[0].upper()} & _SPEECH)
    return known / max(1, sum(inner.values()))


def _open_and_close(tags: Sequence[str]) -> list[str]:
    """Return bracketed tags, such as (PER*, * and *), as B-KIND, I-KIND or O."""
    found, kind = [], ""
    for tag in tags:
        match = _BRACKET.fullmatch(tag)
        opens = match["kind"] if match and match["kind"] else ""
        found.append(f"B-{opens}" if opens else f"I-{kind}" if kind else "O")
        kind = "" if tag.endswith(")") else opens or kind
    return found
