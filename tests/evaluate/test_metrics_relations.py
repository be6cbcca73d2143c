"""Scores of relations, against SemEval's own scorer, a second implementation of it, and counts by hand."""

from collections import Counter
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from haoqi.data.relation_names import directed, mirrored, relation_of
from haoqi.evaluate.metric import count_answers, score_answers, total
from haoqi.evaluate.metrics.relation_macro_f1 import relation_macro_f1
from haoqi.evaluate.metrics.relation_micro_f1 import relation_micro_f1

NAMES = ["C-E", "C-W", "C-C", "E-D", "E-O", "I-A", "M-C", "M-T", "P-P"]
LABELS = (*(f"{name}({ends})" for name in NAMES for ends in ("e1,e2", "e2,e1")), "Other")

# What the official scorer (semeval2010_task8_scorer-v1.2.pl) printed of somebody's answers to the test set: the
# confusion matrix, rows are true, in the order of LABELS.
CONFUSION = """
125 2 0 2 0 0 0 0 0 0 0 0 0 0 1 0 0 0 4
0 177 0 0 0 0 0 0 7 0 0 0 0 0 0 0 1 0 9
0 0 131 3 4 1 0 0 0 0 1 0 3 4 4 0 0 0 11
1 0 7 109 0 2 1 0 0 0 0 5 0 7 5 0 0 3 10
0 0 0 0 141 1 4 0 2 0 0 0 0 0 0 1 0 0 4
0 0 0 0 1 32 0 0 0 1 0 0 0 1 0 0 0 0 4
0 0 2 0 5 0 270 0 0 0 0 0 0 0 1 0 0 0 13
0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 1
0 4 1 0 0 0 4 0 185 0 0 0 0 0 1 1 3 1 11
2 0 0 0 0 0 2 0 0 40 0 0 0 0 1 0 0 0 2
0 0 0 0 0 0 0 0 0 0 15 1 0 1 0 0 3 0 2
1 0 1 11 0 0 2 0 1 0 0 89 0 0 0 1 0 5 23
0 0 0 0 0 0 1 0 1 0 0 0 20 3 0 1 0 0 6
0 0 2 1 0 0 0 0 0 0 0 0 0 193 1 0 1 0 3
1 0 0 1 0 0 0 0 2 0 0 0 0 1 194 0 1 0 10
0 0 0 1 0 0 0 0 1 0 0 0 0 0 1 45 0 0 3
0 4 1 0 0 0 0 0 2 0 1 0 0 1 1 0 93 1 4
0 0 0 1 0 1 2 0 1 1 0 3 0 1 1 1 0 97 14
9 6 13 16 20 4 21 0 24 3 4 9 11 36 35 10 12 12 209
"""


def answers() -> tuple[list[str], list[str]]:
    """Return true and given labels that make the matrix."""
    matrix = np.array([[int(cell) for cell in line.split()] for line in CONFUSION.split("\n") if line])
    cells = [(int(row), int(column)) for row, column in np.argwhere(matrix) for _ in range(matrix[row, column])]
    return [LABELS[row] for row, _ in cells], [LABELS[column] for _, column in cells]


def by_the_scorer(true: Sequence[str], given: Sequence[str]) -> float:
    """Return the official score as the scorer computes it: a 10-way matrix, wrong directions apart."""
    plain = [[label.partition("(")[0] for label in side] for side in (true, given)]
    diagonal, rows, columns, wrong = Counter[str](), Counter[str](), Counter[str](), Counter[str]()
    for label, answer, name, other in zip(true, given, *plain, strict=True):
        if name == other and label != answer:
            wrong[name] += 1
            continue
        rows[name] += 1
        columns[other] += 1
        diagonal[name] += label == answer
    scores = []
    for name in sorted({one for one in plain[0] if one != "Other"}):
        precision = diagonal[name] / max(1, columns[name] + wrong[name])
        recall = diagonal[name] / max(1, rows[name] + wrong[name])
        scores.append(2 * precision * recall / (precision + recall) if precision + recall else 0.0)
    return sum(scores) / len(scores) if scores else 0.0


def test_the_official_scorer_said_the_same() -> None:
    true, given_labels = answers()
    assert len(true) == 2717
    assert score_answers(relation_macro_f1(), true, given_labels, LABELS) == pytest.approx(0.8362, abs=5e-5)
    assert score_answers(relation_micro_f1(), true, given_labels, LABELS) == pytest.approx(0.8436, abs=5e-5)


@given(st.lists(st.tuples(st.sampled_from(LABELS), st.sampled_from(LABELS)), min_size=1, max_size=60))
def test_a_second_implementation_agrees(rows: list[tuple[str, str]]) -> None:
    true, given_labels = [one for one, _ in rows], [other for _, other in rows]
    found = score_answers(relation_macro_f1(), true, given_labels, LABELS)
    assert found == pytest.approx(by_the_scorer(true, given_labels), abs=1e-12)


def test_hand_counted() -> None:
    true = ["A(e1,e2)", "A(e1,e2)", "A(e2,e1)", "B(e1,e2)", "Other", "Other"]
    said = ["A(e1,e2)", "A(e2,e1)", "Other", "B(e1,e2)", "B(e2,e1)", "Other"]
    # A: 1 right of 2 given and 3 true: 2/5. B: 1 right of 2 given and 1 true: 2/3. Other counts for nothing.
    assert score_answers(relation_macro_f1(), true, said) == pytest.approx((2 / 5 + 2 / 3) / 2)
    # 2 right, 4 given, 4 true.
    assert score_answers(relation_micro_f1(), true, said) == pytest.approx(0.5)


def test_statistics_of_parts_add_up_to_those_of_all() -> None:
    true, said = answers()
    for metric in (relation_macro_f1(), relation_micro_f1()):
        whole = total(count_answers(metric, true, said, LABELS))
        parts = [
            total(count_answers(metric, true[rows], said[rows], LABELS)) for rows in (slice(900), slice(900, None))
        ]
        assert np.array_equal(whole, parts[0] + parts[1])


def test_relations_without_directions_and_their_none() -> None:
    true = ["founded_by", "no_relation", "born_in", "born_in"]
    said = ["founded_by", "born_in", "no_relation", "born_in"]
    assert score_answers(relation_micro_f1(), true, said) == pytest.approx(2 * 2 / (3 + 3))
    assert score_answers(relation_macro_f1(), true, said) == pytest.approx((1 + 0.5) / 2)
    assert score_answers(relation_macro_f1(), ["na"], ["NA"]) == 0.0


def test_names_say_direction_and_none() -> None:
    assert [relation_of(one) for one in ("R(e1,e2)", "R ( e2 , e1 )", "r", "无")] == [
        ("R", True),
        ("R", False),
        ("r", True),
        None,
    ]
    assert directed(["R(e1,e2)", "Other"])
    assert not directed(["R(e1,e2)", "r"])
    assert not directed(["Other"])
    assert relation_of("f(e1,e1)") == ("f(e1,e1)", True)


@pytest.mark.parametrize("label", [*LABELS, "R ( e2 , e1 )", "founded_by", "na"])
def test_the_mirror_of_a_mirror_is_the_label(label: str) -> None:
    assert mirrored(mirrored(label)) == label
    assert (mirrored(label) == label) == ("(" not in label)
    assert mirrored("R ( e2 , e1 )") == "R ( e1 , e2 )"
