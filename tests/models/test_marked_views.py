"""What n-grams are counted of where two stretches of a text are marked."""

import pytest

from haoqi.models.lexical.marked_views import VIEWS, views_of


def test_views_are_the_text_what_stands_between_and_both_stretches_with_their_neighbours() -> None:
    views = views_of(["The <e1>burst</e1> was caused by <e2>pressure</e2>."])
    assert [view[0] for view in views] == [
        "The burst was caused by pressure.",
        "xbegin  was caused by  xend xdistance3",
        "burst xend xbefore The xafter was",
        "pressure xend xbefore by xafter .",
    ]
    assert len(views) == VIEWS


def test_the_order_is_told_and_a_far_distance_is_as_far_as_any() -> None:
    between = views_of(["<e2>a</e2>" + " word" * 40 + " <e1>b</e1>"])[1][0]
    assert between.startswith("xbegin xreversed ")
    assert between.endswith("xdistance12")


def test_no_texts_have_no_views_and_unmarked_text_is_refused() -> None:
    assert views_of([]) == [[]] * VIEWS
    with pytest.raises(ValueError, match="no mark <e1>"):
        views_of(["plain"])
