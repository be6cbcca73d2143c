from haoqi.models.lexical.surface import SURFACE, surface_features


def look(text: str) -> dict[str, float]:
    return dict(zip([name.partition(",")[0] for name in SURFACE], surface_features([text])[0].tolist(), strict=True))


def test_capitals_digits_and_marks_are_told_in_coarse_numbers() -> None:
    found = look("AB c1 ?!")
    assert found["capitals"] == 2  # a third is more than one quarter
    assert found["digits"] == found["question marks"] == found["exclamation marks"] == 1
    assert found["marks"] == 3
    assert found["words"] == 2


def test_chinese_is_known_by_its_script_and_its_marks_count() -> None:
    found = look("真好！！！！！")
    assert found["scripts without spaces"] == 2
    assert found["exclamation marks"] == 3


def test_nothing_looks_like_nothing() -> None:
    assert not surface_features([""]).any()
    assert surface_features([]).shape == (0, len(SURFACE))
