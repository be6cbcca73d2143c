"""Tags in every scheme give the spans that conlleval would count."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from haoqi.data.tags import scheme_of, spans_of

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
