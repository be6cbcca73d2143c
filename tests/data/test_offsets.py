"""In what spans are counted is found by what explains them, and nothing is shifted without a reason."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from haoqi.data.reading.spans.offsets import COUNTINGS, Mark, counting_of, cuts

CITIES = ["Rome", "Köln", "Łódź", "São Paulo"]
TEXTS = [f"😀 né e\u0301 {number} 👩\u200d👧 went to {CITIES[number % 4]} on 🇮🇹 day {number}" for number in range(12)]


def graphemes(text: str) -> int:
    """Return how many characters a reader counts, for these texts."""
    return len(text.replace("e\u0301", "e").replace("👩\u200d👧", "x").replace("🇮🇹", "x"))


UNITS: dict[str, Callable[[str], int]] = {
    "exclusive": len,
    "UTF-16": lambda text: len(text.encode("utf-16-le")) // 2,
    "bytes": lambda text: len(text.encode()),
    "graphemes": graphemes,
}
EXTRA = {"inclusive": (0, -1), "from 1": (1, 1), "from 1, inclusive": (1, 0)}


def marks(count: Callable[[str], int], start: int, end: int, *, surfaces: bool) -> list[list[Mark]]:
    found = []
    for number, text in enumerate(TEXTS):
        city = CITIES[number % 4]
        at = text.index(city)
        last = count(text[: at + len(city)]) + end
        found.append([Mark(count(text[:at]) + start, last, ("city",), city if surfaces else None)])
    return found


@pytest.mark.parametrize("surfaces", [True, False])
@pytest.mark.parametrize("name", [*UNITS, *EXTRA])
def test_every_way_of_counting_is_found_with_and_without_surfaces(name: str, surfaces: bool) -> None:
    start, end = EXTRA.get(name, (0, 0))
    given_marks = marks(UNITS.get(name, len), start, end, surfaces=surfaces)
    counting, note, *_ = counting_of(TEXTS, given_marks)
    assert counting.name == name
    for number, (text, [mark]) in enumerate(zip(TEXTS, given_marks, strict=True)):
        place = counting.place(text, mark)
        assert place is not None and text[slice(*place)] == CITIES[number % 4]
    assert ("as 12 surfaces show" in note) == surfaces


def test_parts_of_words_are_left_where_they_are() -> None:
    texts = [f"unhappiness is number {number}" for number in range(30)]
    counting, note, *_ = counting_of(texts, [[Mark(2, 7, ("stem",))]] * 30)
    assert (counting.name, note) == ("exclusive", "ends are taken as exclusive")


def test_two_odd_spans_prove_nothing_without_surfaces() -> None:
    counting, *_ = counting_of(["Rome away"] * 2, [[Mark(0, 3, ("city",))]] * 2)
    assert counting.name == "exclusive"


def test_names_of_fields_that_mean_inclusive_ends_decide_where_nothing_else_does() -> None:
    found: list[list[Mark]] = [[Mark(0, 1, ("city",), inclusive=True)]]
    counting, *_ = counting_of(["北京很大"], found)
    assert counting.name == "inclusive"


@given(st.text(min_size=1, max_size=30), st.data())
def test_places_are_kept_by_every_unit(text: str, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, len(text)))
    for counting, count in ((COUNTINGS[2], UNITS["UTF-16"]), (COUNTINGS[3], UNITS["bytes"])):
        assert counting.place(text, Mark(count(text[:start]), count(text[:end]), ("x",))) == (start, end)


def test_only_scripts_that_part_words_can_have_them_cut() -> None:
    assert cuts("abc", 1) and not cuts("a c", 1) and not cuts("北京", 1) and not cuts("abc", 3)
