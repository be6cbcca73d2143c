"""Folders as people have them: splits, classes, texts and labels side by side, and what is none of these."""

from collections import Counter
from collections.abc import Callable
from pathlib import Path
from random import Random

import pytest

from haoqi.core.errors import UserError
from haoqi.data import read
from haoqi.data.examples import Span
from haoqi.data.raw import Raw
from haoqi.data.settings import DataSettings

PARTS = {"garden": ("rake", "lawn", "hedge"), "kettle": ("lid", "spout", "plug"), "bakery": ("crust", "oven", "loaf")}
CLASSES = tuple(PARTS)


def text(label: str, number: int) -> str:
    rng = Random(f"{label} {number}")
    did = rng.choice(("leaks since", "looks fine after", "fell apart during", "came late with"))
    return f"the {rng.choice(PARTS[label])} of my {label} {did} the {rng.choice(('first', 'last'))} week {number}"


def rows(count: int, classes: tuple[str, ...] = CLASSES) -> list[tuple[str, str]]:
    return [(text(label, number), label) for number in range(count) for label in (classes[number % len(classes)],)]


def write(path: Path, lines: list[str] | str | bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    content = "\n".join(lines) + "\n" if isinstance(lines, list) else lines
    path.write_bytes(content if isinstance(content, bytes) else content.encode("utf-8"))
    return path


def load(folder: Path, *, labelled: bool = True, **settings: object) -> Raw:
    return read(DataSettings(str(folder), **settings), labelled=labelled)  # type: ignore[arg-type]


def counts(raw: Raw) -> dict[str, int]:
    return dict(Counter(raw.parts or []))


def texts_in(folder: Path, count: int, label: str = "garden") -> None:
    for number in range(count):
        write(folder / f"{number:03}.txt", text(label, number))


def test_folders_of_splits_are_never_classes(tmp_path: Path) -> None:
    for name in ("train", "dev", "test"):
        texts_in(tmp_path / name, 5)
    with pytest.raises(UserError, match=r"the folders dev, test, train of .* hold texts, but no labels"):
        load(tmp_path)
    assert len(load(tmp_path, labelled=False).examples) == 15


def test_a_class_may_be_called_train_beside_others(tmp_path: Path) -> None:
    for name in ("bus", "train", "plane"):
        texts_in(tmp_path / name, 3)
    raw = load(tmp_path)
    assert set(raw.examples.labels) == {"bus", "train", "plane"}
    assert raw.parts is None


def test_splits_without_a_training_one_are_an_error(tmp_path: Path) -> None:
    for name in ("dev", "test"):
        texts_in(tmp_path / name, 3)
    with pytest.raises(UserError, match=r"holds the splits dev, test .*none to learn from"):
        load(tmp_path)


def test_folders_of_splits_within_those_of_classes_are_splits(tmp_path: Path) -> None:
    for label in ("garden", "kettle"):
        for split in ("train", "test"):
            texts_in(tmp_path / label / split, 3, label)
    raw = load(tmp_path)
    assert counts(raw) == {"train": 6, "test": 6}
    assert set(raw.examples.labels) == {"garden", "kettle"}


def test_folders_within_classes_belong_to_them_and_that_is_told(tmp_path: Path) -> None:
    for label in ("garden", "kettle"):
        for fold in ("fold1", "fold2"):
            texts_in(tmp_path / label / fold, 2, label)
    raw = load(tmp_path)
    assert Counter(raw.examples.labels) == {"garden": 4, "kettle": 4}
    assert any("folders within garden, kettle are not" in warning for warning in raw.schema.warnings)


def test_a_folder_that_holds_only_another_stands_for_it(tmp_path: Path) -> None:
    for label in ("garden", "kettle"):
        texts_in(tmp_path / "archive" / label, 2, label)
    write(tmp_path / "README.md", "# About")
    assert set(load(tmp_path).examples.labels) == {"garden", "kettle"}


def test_texts_under_any_ending_are_read_and_pictures_are_told(tmp_path: Path) -> None:
    for number in range(4):
        write(tmp_path / "ham" / f"{number:04}.7848dde101aa985090474a91ec93fcf0", text("garden", number))
        write(tmp_path / "spam" / f"{number}.1999-12-10.kim", text("kettle", number))
    write(tmp_path / "ham" / "photo.png", b"\x89PNG\r\n")
    write(tmp_path / "spam" / "offer.pdf", b"%PDF-1.4")
    raw = load(tmp_path)
    assert Counter(raw.examples.labels) == {"ham": 4, "spam": 4}
    assert any("1 .pdf, 1 .png" in warning for warning in raw.schema.warnings)


def test_one_odd_file_is_left_out_and_more_are_an_error(tmp_path: Path) -> None:
    for label in ("garden", "kettle"):
        texts_in(tmp_path / label, 30, label)
    write(tmp_path / "kettle" / "007.txt", b"\x00\x01\x02\x03" * 30)
    raw = load(tmp_path)
    assert len(raw.examples) == 59
    assert raw.schema.skipped == {"no text": 1}
    assert any("007.txt" in warning and "--bad-rows" in warning for warning in raw.schema.warnings)
    with pytest.raises(UserError, match="1 of 60 files"):
        load(tmp_path, bad_rows=0.0)
    write(tmp_path / "kettle" / "008.txt", b"\x00\x01\x02\x03" * 30)
    with pytest.raises(UserError, match="2 of 60 files") as caught:
        load(tmp_path)
    assert "--bad-rows 0.04" in caught.value.hint
    assert len(load(tmp_path, bad_rows=0.04).examples) == 58


CLASS_FILES: dict[str, tuple[str, ...]] = {
    "names": ("garden.txt", "kettle.txt"),
    "endings": ("notes.garden", "notes.kettle"),
    "common words": ("my_garden_texts.txt", "my_kettle_texts.txt"),
}


@pytest.mark.parametrize("form", CLASS_FILES)
def test_a_file_for_each_class_holds_a_text_on_each_line(tmp_path: Path, form: str) -> None:
    for name, label in zip(CLASS_FILES[form], ("garden", "kettle"), strict=True):
        write(tmp_path / name, [text(label, number) for number in range(30)])
    raw = load(tmp_path)
    assert Counter(raw.examples.labels) == {"garden": 30, "kettle": 30}
    assert raw.schema.why["label"] == "the names of the files"


def test_a_file_for_each_class_and_split(tmp_path: Path) -> None:
    for split, count in (("train", 20), ("test", 6)):
        for label in ("pos", "neg"):
            write(tmp_path / f"{split}_{label}.txt", [text("garden", n) + label for n in range(count)])
    raw = load(tmp_path)
    assert counts(raw) == {"train": 40, "test": 12}
    assert set(raw.examples.labels) == {"pos", "neg"}


def test_many_numbered_files_of_a_class_are_a_text_each(tmp_path: Path) -> None:
    for label in ("ham", "spam"):
        for number in range(25):
            write(tmp_path / f"{label}_{number:03}.txt", [text("garden", number), f"yours, {label}"])
    raw = load(tmp_path)
    assert Counter(raw.examples.labels) == {"ham": 25, "spam": 25}


NO_CLASSES: dict[str, Callable[[int, str], dict[str, list[str]]]] = {
    "lists beside data": lambda n, _: {
        "corpus.txt": [text("garden", i) for i in range(n)],
        "stopwords.txt": [f"w{i}" for i in range(n)],
    },
    "chapters": lambda n, label: {f"chapter{k}.txt": [text(label, i + k) for i in range(n)] for k in (1, 2)},
    "documents": lambda n, label: {
        name: [line for i in range(n) for line in (text(label, i), "")] for name in ("emma.txt", "alice.txt")
    },
    "selections": lambda n, label: {name: [text(label, i) for i in range(n)] for name in ("easy.txt", "hard.txt")},
    "labelled lines": lambda n, label: {
        name: [f"{text(label, i)} {name}@{('good', 'bad')[i % 2]}" for i in range(n)]
        for name in ("easy.txt", "hard.txt")
    },
    "tables of one text": lambda n, _: {
        name: [f"{i}\t{name}\t{text('garden', i)}" for i in range(n)] for name in ("one.txt", "two.txt")
    },
}


@pytest.mark.parametrize("form", NO_CLASSES)
def test_files_beside_each_other_are_not_always_classes(tmp_path: Path, form: str) -> None:
    for name, lines in NO_CLASSES[form](30, "garden").items():
        write(tmp_path / name, lines)
    with pytest.raises(UserError):
        load(tmp_path)


def test_texts_and_labels_in_two_files_are_joined_by_line(tmp_path: Path) -> None:
    write(tmp_path / "mapping.txt", [f"{number}\t{label}" for number, label in enumerate(CLASSES)])
    for split, count in (("train", 60), ("val", 12), ("test", 15)):
        found = rows(count)
        write(tmp_path / f"{split}_text.txt", [one for one, _ in found])
        write(tmp_path / f"{split}_labels.txt", [str(CLASSES.index(label)) for _, label in found])
    raw = load(tmp_path)
    assert counts(raw) == {"train": 60, "valid": 12, "test": 15}
    assert list(raw.examples) == rows(60) + rows(12) + rows(15)
    assert any("mapping.txt" in note for note in raw.schema.notes)


NAME_LISTS: dict[str, tuple[str, list[str] | str]] = {
    "lines": ("classes.txt", list(CLASSES)),
    "pairs": ("labels.txt", [f"{label} {number}" for number, label in enumerate(CLASSES)]),
    "json": ("id2label.json", '{"0": "garden", "1": "kettle", "2": "bakery"}'),
    "json of numbers": ("label2id.json", '{"garden": 0, "kettle": 1, "bakery": 2}'),
}


@pytest.mark.parametrize("form", NAME_LISTS)
def test_numbers_are_spelt_out_by_a_list_beside_them(tmp_path: Path, form: str) -> None:
    write(tmp_path / NAME_LISTS[form][0], NAME_LISTS[form][1])
    write(tmp_path / "x.txt", [one for one, _ in rows(30)])
    write(tmp_path / "y.txt", [str(CLASSES.index(label)) for _, label in rows(30)])
    assert list(load(tmp_path).examples) == rows(30)


def test_numbers_stay_where_a_list_could_be_counted_from_0_or_1(tmp_path: Path) -> None:
    write(tmp_path / "classes.txt", [*CLASSES, "one more"])
    write(tmp_path / "x.txt", [one for one, _ in rows(30)])
    write(tmp_path / "y.txt", [str(CLASSES.index(label) + 1) for _, label in rows(30)])
    assert set(load(tmp_path).examples.labels) == {"1", "2", "3"}


@pytest.fixture
def slots(tmp_path: Path) -> Path:
    for split, count in (("train", 60), ("dev", 12), ("test", 15)):
        found = rows(count)
        write(tmp_path / split / "seq.in", [one for one, _ in found])
        write(tmp_path / split / "seq.out", ["O B-part" + " O" * (len(one.split()) - 2) for one, _ in found])
        write(tmp_path / split / "label", [label for _, label in found])
    return tmp_path


def test_three_files_in_folders_of_splits_give_a_label_or_spans(slots: Path) -> None:
    raw = load(slots)
    assert counts(raw) == {"train": 60, "valid": 12, "test": 15}
    assert list(raw.examples)[:60] == rows(60)
    assert any("--label seq.out" in warning for warning in raw.schema.warnings)
    tagged = load(slots, label="seq.out")
    assert tagged.shape == "spans"
    first, spans = next(iter(tagged.examples))
    assert [first[span.start : span.end] for span in spans] == [first.split()[1]]
    assert isinstance(spans[0], Span) and spans[0].label == "part"
    assert counts(tagged) == {"train": 60, "valid": 12, "test": 15}


def test_a_file_of_labels_that_is_not_there_is_an_error(slots: Path) -> None:
    with pytest.raises(UserError, match=r"has no file nothing; it has label, seq\.in, seq\.out"):
        load(slots, label="nothing")


def test_an_empty_file_beside_others_does_no_harm(tmp_path: Path) -> None:
    write(tmp_path / "x.txt", [one for one, _ in rows(30)])
    write(tmp_path / "y.txt", [label for _, label in rows(30)])
    write(tmp_path / "remarks.txt", "")
    write(tmp_path / "odd.txt", b"\x00\x01\x02" * 50)
    assert list(load(tmp_path).examples) == rows(30)


def test_files_that_belong_together_with_unequal_lines_are_named(tmp_path: Path) -> None:
    write(tmp_path / "train_text.txt", [one for one, _ in rows(30)])
    write(tmp_path / "train_labels.txt", [label for _, label in rows(29)])
    with pytest.raises(UserError, match=r"train_text\.txt and train_labels\.txt belong together.* 30 and 29 lines"):
        load(tmp_path)


def test_a_split_without_its_file_of_labels_is_unlabelled(tmp_path: Path) -> None:
    write(tmp_path / "train.txt", [one for one, _ in rows(30)])
    write(tmp_path / "train_labels.txt", [label for _, label in rows(30)])
    write(tmp_path / "test.txt", [one for one, _ in rows(9)])
    raw = load(tmp_path)
    assert counts(raw) == {"train": 30, "unlabelled": 9}
    assert any("test.txt has no labels" in warning for warning in raw.schema.warnings)


def test_a_label_for_each_part_of_a_line_is_an_error_that_names_both_files(tmp_path: Path) -> None:
    turns = [f"{text('garden', n)} __eou__ {text('kettle', n)} __eou__" for n in range(40)]
    write(tmp_path / "train_talk.txt", turns)
    write(tmp_path / "train_talk_mood.txt", [f"{n % 4} {n % 3}" for n in range(40)])
    with pytest.raises(UserError, match=r"train_talk\.txt have their labels in another file, train_talk_mood\.txt"):
        load(tmp_path)


@pytest.mark.parametrize(
    "names", [("train.src", "train.tgt"), ("train.en", "train.de"), ("article.txt", "summary.txt")]
)
def test_texts_answered_by_texts_are_refused_by_name(tmp_path: Path, names: tuple[str, str]) -> None:
    write(tmp_path / names[0], [text("garden", n) for n in range(30)])
    write(tmp_path / names[1], [text("kettle", n) for n in range(30)])
    with pytest.raises(UserError, match="the text that answers it") as caught:
        load(tmp_path)
    assert all(name in caught.value.what for name in names)


def table(count: int) -> list[str]:
    return ["text,label", *(f"{one},{label}" for one, label in rows(count))]


def test_pieces_of_one_file_are_joined_and_told(tmp_path: Path) -> None:
    for number in (1, 2, 3):
        write(tmp_path / f"part{number}.csv", table(10 * number))
    raw = load(tmp_path)
    assert (len(raw.examples), raw.parts) == (60, None)
    assert any("pieces of one" in note and "part1.csv" in note for note in raw.schema.notes)


def test_folders_of_splits_may_hold_tables_in_pieces(tmp_path: Path) -> None:
    write(tmp_path / "train" / "data-00000-of-00002.csv", table(20))
    write(tmp_path / "train" / "data-00001-of-00002.csv", table(20))
    write(tmp_path / "test" / "data-00000-of-00001.csv", table(9))
    assert counts(load(tmp_path)) == {"train": 40, "test": 9}


def test_tables_that_are_no_pieces_are_an_error_that_names_one(tmp_path: Path) -> None:
    write(tmp_path / "north.csv", table(10))
    write(tmp_path / "south.csv", table(10))
    with pytest.raises(UserError, match=r"none named train: north\.csv, south\.csv") as caught:
        load(tmp_path)
    assert "north.csv" in caught.value.hint


def test_one_split_in_two_formats_is_an_error(tmp_path: Path) -> None:
    write(tmp_path / "train.csv", table(10))
    write(tmp_path / "train.json", "[]")
    write(tmp_path / "test.csv", table(10))
    with pytest.raises(UserError, match=r"several formats: train\.csv, train\.json") as caught:
        load(tmp_path)
    assert "--test-file" in caught.value.hint


def test_what_is_beside_the_splits_is_told(tmp_path: Path) -> None:
    write(tmp_path / "train.csv", table(10))
    write(tmp_path / "test.csv", table(10))
    write(tmp_path / "extra.csv", table(10))
    assert "extra.csv" in " ".join(load(tmp_path).schema.notes)


def test_a_folder_is_read_again_by_the_settings_that_it_was_read_by(tmp_path: Path, slots: Path) -> None:
    write(tmp_path / "tables" / "train.tsv", [f"{one}\t{label}" for one, label in rows(20)])
    write(tmp_path / "tables" / "test.tsv", [f"{one}\t{label}" for one, label in rows(8)])
    for folder in (tmp_path / "tables", slots):
        raw = load(folder)
        again = read(DataSettings(str(folder), **raw.schema.settings()))
        assert list(again.examples) == list(raw.examples)
        assert again.parts == raw.parts


def test_an_empty_folder_and_one_of_pictures_say_what_to_put_there(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="has no data"):
        load(tmp_path)
    write(tmp_path / "a" / "one.png", b"\x89PNG")
    write(tmp_path / "b" / "two.png", b"\x89PNG")
    with pytest.raises(UserError, match="has no data"):
        load(tmp_path)


def test_short_texts_of_a_folder_are_decoded_as_one(tmp_path: Path) -> None:
    words = ("삭제", "좋아요", "배송이 늦었어요", "만족합니다", "화면이 꺼져요", "다시는 안 사요")
    for number in range(30):
        for label, word in zip(("good", "bad"), (words[number % 6], words[(number + 1) % 6]), strict=True):
            write(tmp_path / "talk" / label / f"{number}.txt", word.encode("cp949"))
    raw = load(tmp_path / "talk")
    assert set(raw.examples.texts) == set(words)
    assert raw.schema.encoding == "euc_kr"


def test_what_is_left_out_is_told_by_what_was_read_and_not_by_names_in_notes(tmp_path: Path) -> None:
    table = "text,label\n" + "".join(f"{text(label, n)},{label}\n" for n in range(20) for label in ("garden", "kettle"))
    for number in range(5):
        write(tmp_path / "shards" / f"part-{number}.csv", table)
    assert not any("left out" in note for note in load(tmp_path / "shards").schema.notes)
    for name in ("train.csv", "test.csv", "rain.csv"):
        write(tmp_path / "splits" / name, table)
    [note] = [note for note in load(tmp_path / "splits").schema.notes if "left out" in note]
    assert "rain.csv" in note.replace("train.csv", "")
