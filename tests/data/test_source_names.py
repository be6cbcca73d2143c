from pathlib import Path

import pytest

from haoqi.data.reading.source_names import name_of, place_of


@pytest.mark.parametrize(
    ("source", "name"),
    [
        ("reviews.csv", "reviews"),
        ("shop/reviews.csv", "reviews"),
        ("shop/train.csv", "shop-train"),
        ("shop/Train_Data (2).csv", "shop-Train_Data-2"),
        ("shop/data/raw/train.csv", "shop-train"),
        ("shop/2024/all.csv", "shop-all"),
        ("shop/sheet1.xlsx", "shop-sheet1"),
        ("商店/训练集.csv", "商店-训练集"),
        ("23_train.csv", "23_train"),
        ("shop/23_train.csv", "23_train"),
        ("train.csv", "train"),
        ("shop/data", "shop-data"),
        ("bbc-news", "bbc-news"),
        ("stanfordnlp/sst2", "sst2"),
        ("someone/data", "someone-data"),
        ("hub:imdb", "hub-imdb"),
        (r"shop\train.csv", "shop-train"),
        ("sqlite:///shop/reviews.db", "reviews"),
        ("postgresql://me:secret@host:5432/data?sslmode=require", "host-5432-data"),
        ("postgresql://me:secret@host/reviews", "reviews"),
        ("...", "run"),
        ("a..b.csv", "a"),
        ("é" * 300 + ".csv", "é" * 100),
    ],
)
def test_a_source_is_called_after_its_file_and_its_folder_where_the_file_says_nothing(source: str, name: str) -> None:
    assert name_of(source) == name


def test_a_file_has_one_name_from_wherever_it_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "mails" / "data"
    folder.mkdir(parents=True)
    (folder / "train.csv").write_text("text,label\n", encoding="utf-8")
    (folder / "other").mkdir()
    spellings = [
        (folder, "train.csv"),
        (folder, "./train.csv"),
        (folder / "other", "../train.csv"),
        (tmp_path, "mails/data/train.csv"),
        (tmp_path, str(folder / "train.csv")),
    ]
    for here, said in spellings:
        monkeypatch.chdir(here)
        assert name_of(said) == "mails-train"
        assert place_of(said) == str(folder / "train.csv")
    monkeypatch.chdir(tmp_path / "mails")
    assert name_of(".") == "mails"


def test_the_person_s_own_folder_and_name_are_told_to_nobody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path / "sam"))
    (tmp_path / "sam").mkdir()
    (tmp_path / "sam" / "train.csv").write_text("text,label\n", encoding="utf-8")
    assert name_of("~/train.csv") == "train"
    assert place_of("~/train.csv") == "~/train.csv"


def test_what_is_no_file_lies_where_it_says() -> None:
    assert place_of("bbc-news") == "bbc-news"
    assert place_of("no\0file") == "no\0file"
