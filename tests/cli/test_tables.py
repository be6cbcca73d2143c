from haoqi.cli.tables import fitting

ROW = {"name": "reviews", "note": "", "when": "2026-01-01 10:00", "score": "0.900", "人": "好好好"}


def test_all_columns_stay_where_there_is_room() -> None:
    assert fitting([ROW], ("when",), 200) == list(ROW)


def test_columns_without_cells_go_first_then_the_spare_ones_in_their_order() -> None:
    width = sum((7, 16, 5, 6)) + 3 * 4  # each Chinese character takes two places
    assert fitting([ROW], ("when", "score"), width) == ["name", "when", "score", "人"]
    assert fitting([ROW], ("when", "score"), width - 1) == ["name", "score", "人"]
    assert fitting([ROW], ("when", "score"), 15) == ["name", "人"]


def test_a_column_with_one_cell_that_is_not_spare_stays() -> None:
    assert fitting([ROW, {**ROW, "note": "not tested: fraud"}], ("when", "score", "人"), 10) == ["name", "note"]
