"""Two marked stretches of a text, read and written."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from haoqi.data.entity_marks import MarkedText, are_marked, find_marks, insert_at, parse_marks, without_marks


@pytest.mark.parametrize(
    ("text", "entities"),
    [
        ("the <e1>flowers</e1> in a <e2>vase</e2>", ("flowers", "vase")),
        ("a <e2>vase</e2> of <e1>flowers</e1>", ("flowers", "vase")),
        ("<e1>University of <e2>Oslo</e2></e1>.", ("University of Oslo", "Oslo")),
        ("<e1>北京</e1><e2>人</e2>", ("北京", "人")),
        ("x <e1>a <e2>b</e1> c</e2>", ("a b", "b c")),
        ("<e1> a </e1> <E2>b</E2>", ("a", "b")),
    ],
)
def test_marks_are_read(text: str, entities: tuple[str, str]) -> None:
    assert parse_marks(text).entities == entities
    assert find_marks(text) == parse_marks(text)
    assert without_marks(text) == parse_marks(text).text
    assert parse_marks(text).exchanged.entities == entities[::-1]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("no marks", "no mark <e1>"),
        ("<e1>a</e1> b", "no mark <e2>"),
        ("<e1>a</e1> <e2>b", "no mark </e2>"),
        ("<e1>a</e1> <e2>b</e2> <e1>c</e1>", "<e1> stands in the text twice"),
        ("<e1> </e1> <e2>b</e2>", "<e1> is around nothing"),
        ("</e1>a<e1> <e2>b</e2>", "<e1> is around nothing"),
    ],
)
def test_other_texts_are_refused_with_the_reason(text: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        parse_marks(text)
    assert find_marks(text) is None


@given(st.text(max_size=30), st.data())
def test_what_is_written_is_read_again(text: str, data: st.DataObject) -> None:
    inside = [place for place, letter in enumerate(text) if not letter.isspace()]
    if not inside or without_marks(text) != text:
        return
    first, second = (sorted((data.draw(st.sampled_from(inside)), data.draw(st.sampled_from(inside)))) for _ in range(2))
    marked = MarkedText(text, (first[0], first[1] + 1), (second[0], second[1] + 1))
    assert parse_marks(str(marked)) == marked


def test_marks_that_the_text_itself_holds_are_changed() -> None:
    marked = MarkedText("write <e1> or </e2> here", (0, 5), (20, 24))
    assert parse_marks(str(marked)) == MarkedText("write ‹e1› or ‹/e2› here", (0, 5), (20, 24))


def test_places_of_what_is_put_around() -> None:
    text, places = insert_at("a b c", (0, 1), (4, 5), (("[", "]"), ("(", ")")))
    assert text == "[a] b (c)"
    assert [text[place] for place in places] == list("[]()")


def test_most_texts_must_be_marked() -> None:
    marked = "<e1>a</e1> <e2>b</e2>"
    assert are_marked([marked, "x"])
    assert not are_marked([marked, "x", "y"])
    assert not are_marked([])


def test_what_stands_between() -> None:
    marked = parse_marks("<e2>a</e2> of the <e1>b</e1>")
    assert marked.text[slice(*marked.between)] == " of the "
    assert parse_marks("<e1>a <e2>b</e2></e1>").between == (3, 3)
