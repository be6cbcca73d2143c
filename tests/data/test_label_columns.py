from collections.abc import Sequence
from typing import Any

import haoqi
from haoqi.inspection import Inspection

ROWS = 60


def texts(start: str = "the lamp") -> list[str]:
    return [f"{start} of room {row} broke {'again' if row % 7 else 'at last'} and was late" for row in range(ROWS)]


def turns(*names: Any, every: int = 1) -> list[Any]:
    return [names[row // every % len(names)] for row in range(ROWS)]


def look(**columns: Sequence[Any]) -> Inspection:
    return haoqi.inspect({name: list(cells) for name, cells in columns.items()})


def test_columns_of_yes_and_no_that_stand_beside_each_other_are_several_labels() -> None:
    for yes, no in ((True, False), ("yes", "no"), ("True", "False")):
        found = look(text=texts(), spam=turns(yes, no), rude=turns(yes, no, no), late=turns(yes, no, every=3))
        assert found.schema.columns["label"] == "spam,rude,late"
        assert set(found.labels) == {"spam", "rude", "late"}


def test_flags_of_an_export_beside_classes_are_a_question() -> None:
    found = look(
        comment=texts(),
        product=turns("lamp", "pot"),
        public=turns(0, 1),
        seen=turns(0, 1, 1),
        open=turns(1, 0, every=3),
    )
    assert "label" in found.schema.unsure
    assert "product" in found.schema.runners_up["label"]


def test_flags_spelt_otherwise_are_not_among_the_labels() -> None:
    found = look(
        text=texts(), unclear=turns("True", "False"), joy=turns(0, 1), fear=turns(1, 0, 0), love=turns(0, 0, 1)
    )
    assert found.schema.columns["label"] == "joy,fear,love"


def test_columns_of_one_value_are_no_columns_of_labels() -> None:
    one = {f"c{place}": [1] * ROWS for place in range(4)}
    found = look(text=texts(), verdict=turns("mostly true", "false", "half true"), **one)
    assert found.schema.columns["label"] == "verdict"


def test_the_gold_label_goes_before_the_genre() -> None:
    found = look(genre=turns("letter", "novel"), sentence=texts(), gold_label=turns("neutral", "entailment", "-"))
    assert (found.schema.columns["label"], found.schema.unsure) == ("gold_label", ())


def test_a_stance_goes_before_its_target_and_is_a_question_only_where_it_is_one() -> None:
    found = look(target=turns("tax", "climate"), text=texts(), stance=turns("favor", "against", "none"))
    assert (found.schema.columns["label"], found.schema.runners_up["label"]) == ("stance", ("target",))


def test_words_for_feelings_are_labels_in_columns_without_names() -> None:
    found = look(**{"1": turns("lamp", "pot"), "2": turns("positive", "negative", "neutral"), "3": texts()})
    assert found.schema.columns["label"] == "2"


def test_ratings_go_before_flags_that_say_whether_a_review_was_verified() -> None:
    found = look(
        overall=turns(1.0, 2.0, 3.0, 4.0, 5.0), verified=turns(True, False), reviewText=texts(), summary=texts("a lamp")
    )
    assert found.schema.columns == {"text": "reviewText", "label": "overall"}


def test_two_usual_names_of_labels_are_a_question() -> None:
    found = look(utterance=texts(), emotion=turns("joy", "fear"), sentiment=turns("positive", "negative", every=3))
    assert "label" in found.schema.unsure
    assert set(found.schema.runners_up["label"]) | {found.schema.columns["label"]} == {"emotion", "sentiment"}


def test_fractions_are_no_classes_where_another_column_is_called_like_the_label() -> None:
    found = look(text=texts(), relatedness_score=turns(1.5, 3.2, 4.7), entailment_judgment=turns("yes it is", "no"))
    assert found.schema.columns["label"] == "entailment_judgment"
    assert "label" in found.schema.unsure


def test_a_label_by_name_that_is_often_missing_is_a_question_beside_a_full_column() -> None:
    found = look(text=texts(), department=turns("sales", "law", "", "", "law"), fraudulent=turns(0, 1, 0))
    assert ("label" in found.schema.unsure, found.schema.runners_up["label"]) == (True, ("fraudulent",))


def test_neither_lists_that_never_hold_anything_nor_names_for_programs_are_labels() -> None:
    found = look(_golden=turns(True, False), text=texts(), entities=turns([], []), answer_kind=turns(["yes"], ["no"]))
    assert found.schema.columns["label"] == "answer_kind"


def test_what_was_settled_on_goes_before_what_each_annotator_said() -> None:
    for yes, no in (("y", "n"), ("yes", "no")):
        found = look(
            text=texts(),
            annotator1=turns(yes, no),
            annotator2=turns(no, yes),
            annotator3=turns(yes, no, no),
            majority=turns(yes, no, every=2),
        )
        assert found.schema.columns["label"] == "majority"


def test_numbers_that_hardly_repeat_are_a_question_beside_classes() -> None:
    found = look(text=texts(), score=[row // 2 for row in range(ROWS)], flair=turns("garden", "kitchen"))
    assert ("label" in found.schema.unsure, found.schema.runners_up["label"]) == (True, ("flair",))
