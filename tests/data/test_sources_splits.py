"""Files of splits: read as the training file was, and an error rather than another split."""

from collections import Counter
from pathlib import Path

import pytest

from haoqi.core.errors import UserError
from haoqi.data import read
from haoqi.data.raw import Raw
from haoqi.data.settings import DataSettings

LABELS = ("login", "praise", "refund")


def rows(count: int, *, labels: tuple[str, ...] = LABELS) -> list[tuple[str, str]]:
    return [
        (f"sentence number {n} speaks of {labels[n % len(labels)]} again", labels[n % len(labels)])
        for n in range(count)
    ]


def write(path: Path, found: list[tuple[str, str]], names: str = "text,label") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join([*([names] if names else []), *(f"{text},{label}" for text, label in found)]) + "\n")
    return path


@pytest.fixture
def train(tmp_path: Path) -> Path:
    return write(tmp_path / "train.csv", rows(30))


def load(train: Path, test: Path, **settings: object) -> Raw:
    return read(DataSettings(str(train), test_file=str(test), **settings))  # type: ignore[arg-type]


def test_a_label_called_otherwise_is_an_error_that_names_the_flag(train: Path, tmp_path: Path) -> None:
    test = write(tmp_path / "a.csv", rows(9), "text,category")
    with pytest.raises(UserError, match="has no column label; it has text, category") as caught:
        load(train, test)
    assert "--test-label category" in caught.value.hint
    raw = load(train, test, test_label="category")
    assert Counter(raw.parts or []) == {"train": 30, "test": 9}
    assert raw.examples.labels[30:] == [label for _, label in rows(9)]


def test_a_text_called_otherwise_is_taken_and_told_where_only_one_can_be_meant(train: Path, tmp_path: Path) -> None:
    test = write(tmp_path / "a.csv", rows(9), "message,label")
    raw = load(train, test)
    assert raw.examples.texts[30:] == [text for text, _ in rows(9)]
    assert any("text is column message" in warning and "--test-text" in warning for warning in raw.schema.warnings)
    assert load(train, test, test_text="message").schema.warnings == ()


def test_two_columns_that_could_be_the_text_are_an_error(train: Path, tmp_path: Path) -> None:
    lines = [
        f"about {label} number {n},more words than before on {label} {n},{label}"
        for n, (_, label) in enumerate(rows(9))
    ]
    (tmp_path / "a.csv").write_text("\n".join(["one,two,label", *lines]))
    with pytest.raises(UserError, match="has no column text") as caught:
        load(train, tmp_path / "a.csv")
    assert "--test-text" in caught.value.hint


@pytest.mark.parametrize("content", ["text\nnothing but text\nand more of it\n", "", "\x00\x01\x02" * 100])
def test_a_test_file_that_was_named_is_scored_or_an_error(train: Path, tmp_path: Path, content: str) -> None:
    (tmp_path / "a.csv").write_text(content)
    with pytest.raises(UserError, match=r"a\.csv"):
        load(train, tmp_path / "a.csv")


def test_a_test_file_that_is_not_there_is_an_error(train: Path, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="there is no file"):
        load(train, tmp_path / "nothing.csv")


def test_a_test_file_whose_labels_are_all_empty_is_an_error(train: Path, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"no row of .* has a label"):
        load(train, write(tmp_path / "a.csv", [(text, "") for text, _ in rows(9)]))


def test_labels_that_training_never_has_are_named(train: Path, tmp_path: Path) -> None:
    raw = load(train, write(tmp_path / "a.csv", [*rows(9), ("the warranty ended", "warranty")]))
    assert any("never has" in warning and "warranty (1)" in warning for warning in raw.schema.warnings)


def test_a_test_file_without_any_known_label_is_an_error(train: Path, tmp_path: Path) -> None:
    test = write(tmp_path / "a.csv", rows(9, labels=("one", "two")))
    with pytest.raises(UserError, match=r"a\.csv has none of the labels of train\.csv: it has one \(5\), two \(4\)"):
        load(train, test)


@pytest.mark.parametrize(
    ("learnt", "other"), [("01", ("0.0", "1.0")), (("0.0", "1.0"), "01"), (("true", "false"), ("True", "False"))]
)
def test_labels_are_spelt_as_in_training(tmp_path: Path, learnt: tuple[str, ...], other: tuple[str, ...]) -> None:
    train = write(tmp_path / "train.csv", rows(30, labels=tuple(learnt)))
    raw = load(train, write(tmp_path / "a.csv", rows(8, labels=tuple(other))))
    assert len(set(raw.examples.labels)) == 2
    assert raw.examples.labels[30:] == raw.examples.labels[:8]
    assert raw.schema.warnings == ()


def test_labels_are_cut_in_every_split_as_in_training(tmp_path: Path) -> None:
    several = [("a b", "x; y"), ("c d", "x"), ("e f", "y; z"), ("g h", "z"), ("i j", "y"), ("k l", "x; z")] * 4
    train = write(tmp_path / "train.csv", [(f"{text} {n}", label) for n, (text, label) in enumerate(several)])
    test = write(tmp_path / "test.csv", [("words alone", "x; y"), ("and others", "z")])
    raw = load(train, test)
    assert raw.examples.labels[-2:] == [["x", "y"], ["z"]]
    one = write(
        tmp_path / "one.csv",
        [(f"{text} {n}", ("Books; Media", "Garden")[n % 2]) for n, (text, _) in enumerate(several)],
    )
    again = load(one, write(tmp_path / "test.csv", [("words alone", "Books; Media"), ("and others", "Garden")] * 3))
    assert set(again.examples.labels) == {"Books; Media", "Garden"}


def test_columns_of_0_and_1_are_the_same_in_every_split(tmp_path: Path) -> None:
    def hot(path: Path, count: int) -> Path:
        lines = [
            f"{text} {n},{int(n % 2 == 0)},{int(n % 3 == 0)},{int(n % 5 == 0)}"
            for n, (text, _) in enumerate(rows(count))
        ]
        path.write_text("\n".join(["text,urgent,vip,late", *lines]))
        return path

    raw = load(hot(tmp_path / "train.csv", 40), hot(tmp_path / "test.csv", 10))
    assert raw.examples.labels[:3] == raw.examples.labels[40:43] == [["urgent", "vip", "late"], [], ["urgent"]]


def test_a_test_file_without_names_of_columns_is_read_where_training_has_none(tmp_path: Path) -> None:
    train, test = write(tmp_path / "train.csv", rows(30), ""), write(tmp_path / "a.csv", rows(9), "")
    raw = load(train, test)
    assert Counter(raw.parts or []) == {"train": 30, "test": 9}
    named = load(train, write(tmp_path / "b.csv", rows(9)))
    assert Counter(named.parts or []) == {"train": 30, "test": 9}
    assert any("--header 0" in warning for warning in named.schema.warnings)


def test_a_split_may_come_in_another_format(train: Path, tmp_path: Path) -> None:
    lines = "\n".join(f'{{"label": "{label}", "text": "{text}"}}' for text, label in rows(9))
    (tmp_path / "test.jsonl").write_text(lines)
    assert list(load(train, tmp_path / "test.jsonl").examples)[30:] == rows(9)


def test_a_column_for_dividing_need_not_be_in_the_test_file(tmp_path: Path) -> None:
    lines = [f"{text},{label},writer {n % 5}" for n, (text, label) in enumerate(rows(30))]
    (tmp_path / "train.csv").write_text("\n".join(["text,label,author", *lines]))
    raw = load(tmp_path / "train.csv", write(tmp_path / "a.csv", rows(9)), group="author")
    assert Counter(raw.parts or []) == {"train": 30, "test": 9}
    assert any("--group" in warning for warning in raw.schema.warnings)


def test_a_file_found_in_a_folder_is_text_only_if_it_has_no_labels_at_all(train: Path, tmp_path: Path) -> None:
    write(tmp_path / "test.csv", rows(9), "text,category")
    with pytest.raises(UserError, match=r"test\.csv has no column label"):
        read(DataSettings(str(tmp_path)))
    assert Counter(read(DataSettings(str(tmp_path), test_label="category")).parts or []) == {"train": 30, "test": 9}
    (tmp_path / "test.csv").write_text("id,text\n" + "\n".join(f"{n},{text}" for n, (text, _) in enumerate(rows(9))))
    raw = read(DataSettings(str(tmp_path)))
    assert Counter(raw.parts or []) == {"train": 30, "unlabelled": 9}
    assert any("test.csv has no labels" in warning for warning in raw.schema.warnings)
    (tmp_path / "test.csv").write_bytes(b"\x00\x01\x02" * 100)
    with pytest.raises(UserError, match=r"test\.csv"):
        read(DataSettings(str(tmp_path)))


def test_columns_that_training_left_out_are_no_labels_of_a_test_file(tmp_path: Path) -> None:
    lines = [f"{text},{('web', 'app')[n % 2]},{label}" for n, (text, label) in enumerate(rows(30))]
    (tmp_path / "train.csv").write_text("\n".join(["text,channel,label", *lines]))
    lines = [f"{text},{('web', 'app')[n % 2]}" for n, (text, _) in enumerate(rows(12))]
    (tmp_path / "test.csv").write_text("\n".join(["text,channel", *lines]))
    assert Counter(read(DataSettings(str(tmp_path))).parts or []) == {"train": 30, "unlabelled": 12}


def test_answers_that_do_not_repeat_are_no_unknown_labels(tmp_path: Path) -> None:
    lines = [(text, f"{n / 7:.3f}") for n, (text, _) in enumerate(rows(30))]
    raw = load(
        write(tmp_path / "train.csv", lines),
        write(tmp_path / "a.csv", [("some words", "0.123"), ("others", "4.5")]),
        text="text",
        label="label",
    )
    assert [one for one in raw.schema.warnings if "different numbers" not in one] == []
