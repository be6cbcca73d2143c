"""From raw rows to splits: what is kept, what leaves, what is refused, and that it can be taken up again."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from haoqi.core.config import build
from haoqi.core.errors import UserError
from haoqi.data import DataSettings, Examples, Label, Prepared, Raw, Span, load_prepared, prepare
from haoqi.data.preparing.clean import normalise
from haoqi.data.preparing.duplicates.signatures import similarity
from haoqi.data.preparing.store import load, save
from haoqi.data.raw import PARTS, Part

ENGLISH = "battery phone screen film hotel coffee service staff room price quick slow awful great bright"
WORDS = ENGLISH.split()


def text(number: int) -> str:
    """Return a text unlike that of any other number."""
    return " ".join(f"{WORDS[(number * 7 + at * number) % 15]}{number * 31 + at}" for at in range(6))


def raw_of(texts: list[str], labels: list[Any], parts: list[Part] | None = None, **columns: Any) -> Raw:
    raw = Raw.of(Examples(texts, labels, list(range(len(texts))), **columns), "some.csv")
    return Raw(raw.examples, parts, raw.schema, raw.shape, raw.fingerprint)


def parts_of(**counts: int) -> list[Part]:
    return [part for part in PARTS for _ in range(counts.get(part, 0))]


@pytest.fixture
def run(tmp_path: Path) -> Callable[..., Prepared]:
    def run(raw: Raw, folder: str = "data", seed: int = 0, classes: bool = True, **said: Any) -> Prepared:
        chosen = build(DataSettings, {"source": "some.csv", **said}, "data")
        return prepare(raw, read_label, chosen, seed=seed, folder=tmp_path / folder, classes=classes)

    return run


def read_label(raw: object) -> Label:
    if raw == "odd":
        raise ValueError("with a label that is odd")
    return tuple(raw) if isinstance(raw, list) else raw  # type: ignore[return-value]


def two_classes(count: int) -> Raw:
    return raw_of([text(number) for number in range(count)], ["a", "b"] * (count // 2))


def test_rows_are_divided_and_none_is_lost(run: Callable[..., Prepared]) -> None:
    splits = run(two_classes(100)).splits
    assert (len(splits.train), len(splits.valid), len(splits.test), splits.given) == (80, 10, 10, False)
    ids = sorted([*splits.train.ids, *splits.valid.ids, *splits.test.ids])
    assert ids == list(range(100))


def test_the_same_seed_gives_the_same_splits(run: Callable[..., Prepared]) -> None:
    first, again, other = (run(two_classes(60), str(at), seed).splits for at, seed in enumerate((3, 3, 4)))
    assert first == again
    assert first != other


def test_what_is_kept_is_taken_up_again(run: Callable[..., Prepared], tmp_path: Path) -> None:
    prepared = run(two_classes(60))
    again = run(two_classes(60))
    assert (again.splits, again.card) == (prepared.splits, prepared.card)
    assert load_prepared(tmp_path / "data").splits == prepared.splits
    with pytest.raises(UserError, match="another source or with other settings"):
        run(two_classes(80))


def test_a_folder_without_its_mark_is_prepared_again(run: Callable[..., Prepared], tmp_path: Path) -> None:
    prepared = run(two_classes(60))
    (tmp_path / "data" / "complete.json").unlink()
    (tmp_path / "data" / "train.parquet").write_bytes(b"half")
    (tmp_path / "data" / ".valid.parquet.123").write_bytes(b"half")
    assert run(two_classes(60)).splits == prepared.splits
    assert not list((tmp_path / "data").glob(".*"))


def test_a_damaged_folder_is_told(run: Callable[..., Prepared], tmp_path: Path) -> None:
    run(two_classes(60))
    (tmp_path / "data" / "card.json").write_text("{")
    with pytest.raises(UserError, match="damaged"):
        run(two_classes(60))


def test_cleaning_keeps_the_originals(run: Callable[..., Prepared]) -> None:
    raw = two_classes(60)
    texts = [f"<p>{one}</p>" for one in raw.examples.texts]
    prepared = run(raw_of(texts, raw.examples.labels))
    assert prepared.card.changed == 60
    train = prepared.splits.train
    assert train.originals == [f"<p>{one}</p>" for one in train.texts]
    assert run(raw_of(texts, raw.examples.labels), "raw", clean=False).splits.train.originals is None


def test_texts_with_spans_stay_as_they_came(run: Callable[..., Prepared]) -> None:
    texts = [f"  <b>{text(number)}" for number in range(40)]
    prepared = run(raw_of(texts, [(Span(5, 9, "PER"),)] * 40))
    assert set(prepared.splits.train.texts) <= set(texts)
    assert prepared.card.labels["train"] == {"PER": 32}


def test_a_given_test_split_is_never_altered(run: Callable[..., Prepared]) -> None:
    texts = [text(number % 30) for number in range(60)]
    parts = parts_of(train=40, test=20)
    prepared = run(raw_of(texts, ["a", "b"] * 30, parts))
    assert prepared.splits.test.texts == texts[40:]
    assert prepared.splits.given
    assert not {*prepared.splits.train.texts, *prepared.splits.valid.texts} & {*texts[40:]}
    assert prepared.card.dropped["equal to a test row"] == 20


def test_a_validation_split_without_a_test_split_is_tested_on(run: Callable[..., Prepared]) -> None:
    parts = parts_of(train=40, valid=20)
    raw = two_classes(60)
    prepared = run(raw_of(raw.examples.texts, raw.examples.labels, parts))
    assert sorted(prepared.splits.test.ids) == list(range(40, 60))
    assert len(prepared.splits.valid) == 4
    assert any("tested on" in note for note in prepared.card.notes)


def test_unlabelled_rows_are_kept_apart(run: Callable[..., Prepared]) -> None:
    raw = two_classes(60)
    parts = parts_of(train=50, unlabelled=10)
    prepared = run(raw_of(raw.examples.texts, raw.examples.labels[:50] + [None] * 10, parts))
    assert prepared.splits.unlabelled is not None
    assert prepared.splits.unlabelled.ids == list(range(50, 60))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=25)
@given(
    st.lists(st.tuples(st.integers(0, 12), st.integers(0, 3)), min_size=30, max_size=60),
    st.integers(0, 3),
    st.sampled_from([None, "group", "time", "given"]),
)
def test_near_duplicates_never_straddle_two_splits(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[int, int]], seed: int, how: str | None
) -> None:
    texts = [
        text(number) + ["", "!", " ok", "x"][change] for number, change in [*rows, *((n, 0) for n in range(40, 70))]
    ]
    labels = ["a" if number % 2 else "b" for number in range(len(texts))]
    parts: list[Part] | None = None
    if how == "given":
        parts = [(["train", "train", "valid", "test"][number % 4]) for number in range(len(texts))]  # type: ignore[misc]
    columns = {"groups": [str(n % 9) for n in range(len(texts))], "times": [float(n) for n in range(len(texts))]}
    chosen = DataSettings("some.csv", split=how if how in ("group", "time") else None)
    folder = tmp_path_factory.mktemp("run")
    splits = prepare(raw_of(texts, labels, parts, **columns), read_label, chosen, seed=seed, folder=folder).splits
    held = [(normalise(one), name) for name in ("train", "valid", "test") for one in getattr(splits, name).texts]
    for at, (one, part) in enumerate(held):
        for other, home in held[:at]:
            assert part == home or similarity(one, other) < 0.85


def test_groups_stay_in_one_split(run: Callable[..., Prepared]) -> None:
    raw = two_classes(60)
    groups = [f"author {number // 5}" for number in range(60)]
    splits = run(raw_of(raw.examples.texts, raw.examples.labels, groups=groups)).splits
    homes = [set(part.groups or ()) for part in (splits.train, splits.valid, splits.test)]
    assert all(homes)
    assert not homes[0] & homes[1] | homes[0] & homes[2] | homes[1] & homes[2]


def test_the_limit_leaves_a_given_test_split_whole(run: Callable[..., Prepared]) -> None:
    raw = two_classes(100)
    parts = parts_of(train=80, test=20)
    splits = run(raw_of(raw.examples.texts, raw.examples.labels, parts), limit=40).splits
    assert (len(splits.train) + len(splits.valid), len(splits.test)) == (40, 20)


BAD: dict[str, tuple[list[str], list[Any], str, str]] = {
    "one class": (["x y", "z w", "u v", "s t"], ["a"] * 4, "one class only, a", "--label"),
    "one example": (
        [text(n) for n in range(21)],
        [*["a", "b"] * 10, "c"],
        "c of some.csv has one example",
        "--drop-rare",
    ),
    "all different": (
        [text(n) for n in range(20)],
        [f"l{n}" for n in range(20)],
        "labels of .* are different",
        "--label",
    ),
    "too many": (
        [text(n) for n in range(5000)],
        [f"l{n // 2}" for n in range(5000)],
        "2,500 different",
        "--max-labels",
    ),
    "empty": (
        ["", " ", *map(text, range(8))],
        ["a", "b"] * 5,
        r"2 of 10 rows .* without text \(rows 1, 2\)",
        "--bad-rows",
    ),
    "missing": (
        [text(n) for n in range(10)],
        [None, *["a", "b"] * 3, "a", None, None],
        r"without a label \(rows 1, 9, 10\)",
        "--bad-rows",
    ),
    "odd": ([text(n) for n in range(10)], ["odd", *["a", "b"] * 4, "a"], "label that is odd", "--bad-rows"),
    "no labels": ([text(n) for n in range(10)], [None] * 10, "10 of 10 rows", "--bad-rows"),
}


@pytest.mark.parametrize("case", BAD)
def test_data_that_cannot_be_learnt_from_are_refused(run: Callable[..., Prepared], tmp_path: Path, case: str) -> None:
    texts, labels, words, hint = BAD[case]
    with pytest.raises(UserError, match=words) as caught:
        run(raw_of(texts, labels))
    assert hint in caught.value.hint
    assert not (tmp_path / "data").exists()


def test_what_is_allowed_is_left_out_and_told(run: Callable[..., Prepared]) -> None:
    texts, labels, _, _ = BAD["missing"]
    prepared = run(raw_of(texts, labels), bad_rows=0.3)
    assert prepared.splits.unlabelled is not None
    assert len(prepared.splits.unlabelled) == 3
    texts, labels, _, _ = BAD["one example"]
    assert run(raw_of(texts, labels), "rare", drop_rare=True).card.dropped == {"the only example of its class": 1}


def test_answers_need_not_repeat(run: Callable[..., Prepared]) -> None:
    texts, labels, _, _ = BAD["all different"]
    assert len(run(raw_of(texts, labels), classes=False).splits.train) == 16


def test_several_labels_are_spread(run: Callable[..., Prepared]) -> None:
    labels = [["a", "b"], ["a"], [], ["b"]] * 15
    prepared = run(raw_of([text(number) for number in range(60)], labels))
    assert prepared.splits.test.labels and set(prepared.card.labels["valid"]) == {"a", "b"}
    assert load_prepared(prepared.folder).splits == prepared.splits


@pytest.mark.parametrize("split", ["stratified", "time", "group"])
def test_validation_and_test_splits_stop_growing(run: Callable[..., Prepared], split: str) -> None:
    raw = two_classes(600)
    rows = len(raw.examples)
    columns = {"times": [float(row) for row in range(rows)], "groups": [f"g{row}" for row in range(rows)]}
    grown = replace(raw, examples=replace(raw.examples, **columns))
    splits = run(grown, split=split, most_valid=20, most_test=25).splits
    assert (len(splits.valid), len(splits.test)) == (20, 25)
    assert len(splits.train) == rows - 45


def test_words_of_a_source_are_left_out_since_raw_texts_come_without(
    run: Callable[..., Prepared], tmp_path: Path
) -> None:
    texts = [f"name {row} can n't" for row in range(30)]
    words = [((0, 4), (5, len(text) - 4), (len(text) - 3, len(text))) for text in texts]
    raw = raw_of(texts, [(Span(0, 4, "PER"),)] * 30, words=words)
    assert raw.examples.words is not None
    splits = run(raw).splits
    assert (splits.train.words, splits.valid.words, splits.test.words) == (None, None, None)
    held = load(tmp_path / "data" / "train.parquet")
    save(replace(held, words=[((0, 4),)] * len(held)), tmp_path / "data" / "train.parquet")
    assert load_prepared(tmp_path / "data").splits.train.words is None, "an earlier version kept them"
