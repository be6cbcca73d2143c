"""Tags in every scheme give the spans that conlleval would count."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from haoqi.data.reading.tokens.tags import reason_against, scheme_of, spans_of, tagging_of

PLACES = [(2 * at, 2 * at + 1) for at in range(8)]


def kinds(tags: str) -> list[tuple[int, int, str]]:
    words = tags.split()
    found = spans_of(words, PLACES[: len(words)])
    return [(span.start // 2, (span.end + 1) // 2, span.label) for span in found]


@pytest.mark.parametrize(
    "tags",
    [
        "B-PER I-PER O B-LOC B-LOC I-LOC",
        "I-PER I-PER O I-LOC B-LOC I-LOC",
        "B-PER E-PER O S-LOC B-LOC E-LOC",
        "B-PER L-PER O U-LOC B-LOC L-LOC",
        "B_PER M_PER O B_LOC B_LOC M_LOC",
    ],
)
def test_schemes_agree(tags: str) -> None:
    assert kinds(tags) == [(0, 2, "PER"), (3, 4, "LOC"), (4, 6, "LOC")]


@pytest.mark.parametrize(
    ("tags", "expected"),
    [
        ("O I-PER I-LOC O", [(1, 2, "PER"), (2, 3, "LOC")]),
        ("E-PER E-PER", [(0, 1, "PER"), (1, 2, "PER")]),
        ("S-PER I-PER", [(0, 1, "PER"), (1, 2, "PER")]),
        ("B-PER I-LOC", [(0, 1, "PER"), (1, 2, "LOC")]),
    ],
)
def test_impossible_sequences_have_one_reading(tags: str, expected: list[tuple[int, int, str]]) -> None:
    assert kinds(tags) == expected


@pytest.mark.parametrize(
    ("tags", "scheme"),
    [
        ("B-PER I-PER O B-LOC", "BIO"),
        ("I-PER I-PER O I-LOC B-LOC", "IOB1"),
        ("S-PER O", "BIOES"),
        ("O O", "BIO"),
    ],
)
def test_the_scheme_is_recognised(tags: str, scheme: str) -> None:
    assert scheme_of([tags.split()]) == scheme


@given(st.lists(st.sampled_from(["O", "B-A", "I-A", "B-B", "I-B"]), max_size=8))
def test_spans_cover_exactly_the_tagged_words_once(tags: list[str]) -> None:
    found = spans_of(tags, PLACES[: len(tags)])
    covered = [
        at for span in found for at, (start, end) in enumerate(PLACES) if span.start <= start and end <= span.end
    ]
    assert covered == [at for at, tag in enumerate(tags) if tag != "O"]
    assert sum(tag.startswith("B") for tag in tags) <= len(found)


@pytest.mark.parametrize(
    ("tags", "order", "spelt"),
    [
        ("B-PER I-PER O O", "prefix", "B-PER I-PER O O"),
        ("b-per i-per o o", "prefix", "B-per I-per O O"),
        ("B_PER I_PER O O", "prefix", "B-PER I-PER O O"),
        ("B:PER I:PER O O", "prefix", "B-PER I-PER O O"),
        ("PER-B PER-I O O", "suffix", "B-PER I-PER O O"),
        ("PER_B PER_I O O", "suffix", "B-PER I-PER O O"),
        ("B-S I-S O B-I", "prefix", "B-S I-S O B-I"),
        ("S-B S-I O LOC-B", "suffix", "B-S I-S O B-LOC"),
        ("BPER IPER O O", "glued", "B-PER I-PER O O"),
        ("BANK ISLAND O O O O", "bare", "I-BANK I-ISLAND O O O O"),
        ("B I O O", "letters", "B-entity I-entity O O"),
        ("B-PER I-PER _ _", "prefix", "B-PER I-PER O O"),
        ("B-PER I-PER 0 0", "prefix", "B-PER I-PER O O"),
        ("PER PER O O O", "bare", "I-PER I-PER O O O"),
        ("(PER* *) * (LOC)", "brackets", "B-PER I-PER O B-LOC"),
        ("B-work-of-art I-work-of-art O O", "prefix", "B-work-of-art I-work-of-art O O"),
    ],
)
def test_spellings_are_told_from_all_tags(tags: str, order: str, spelt: str) -> None:
    tagging = tagging_of(Counter(tags.split()))
    assert tagging is not None
    assert (tagging.order, tagging.read(tags.split())) == (order, spelt.split())


@pytest.mark.parametrize(
    "tags",
    ["NN VB DT JJ IN", "0 1 2 1", "B M E S", "positive negative", "DT NN VBZ RB . ,", "A B C A"],
)
def test_tags_on_every_word_are_no_entities(tags: str) -> None:
    assert tagging_of(Counter(tags.split())) is None


def test_tags_of_no_entity_at_all_are_tags_without_kinds() -> None:
    tagging = tagging_of({"O": 9})
    assert tagging is not None
    assert (tagging.kinds, tagging.tagged, tagging.sure, tagging.likely) == ((), 0, False, True)


@given(st.dictionaries(st.text(max_size=6), st.integers(1, 50), max_size=12))
def test_any_tags_are_read_as_begin_inside_or_outside(counts: dict[str, int]) -> None:
    tagging = tagging_of(counts)
    if tagging is not None:
        read = tagging.read(list(counts))
        assert all(tag == "O" or tag[:2] in {f"{letter}-" for letter in "BIESMLU"} for tag in read)
        assert spans_of(read, [(at, at + 1) for at in range(len(read))]) is not None
    assert reason_against(counts)
