"""Lines: fastText's marks, labels that stand first or last, and prose that must not be taken for any of it."""

from collections import Counter
from pathlib import Path

import pytest

from haoqi.core.errors import UserError
from haoqi.data import read
from haoqi.data.raw import Raw
from haoqi.data.reading.sources._label_words import find_label_word, looks_like_label_word
from haoqi.data.settings import DataSettings

SENTENCES = (
    "the lamp broke on Monday at the station",
    "my parcel never came, and nobody answers the phone",
    "I love this kettle",
    "please send me the bill again, the last one is lost",
    "where is the key of my bicycle",
    "a great hotel near the harbour with friendly people",
    "there was a strange noise in the oven",
)


def lines_of(*names: str, count: int = 60, form: str = "{name} {text}") -> list[str]:
    chosen = [(names[n % len(names)], f"{SENTENCES[n % len(SENTENCES)]} {n}") for n in range(count)]
    return [form.format(name=name, text=text) for name, text in chosen]


def load(folder: Path, lines: list[str], **settings: object) -> Raw:
    (folder / "a.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return read(DataSettings(str(folder / "a.txt"), **settings))  # type: ignore[arg-type]


MARKS = {
    "plain": "__label__{name} {text}",
    "blank before": " __label__{name} {text}",
    "comma after": "__label__{name}, {text}",
    "tab": "__label__{name}\t{text}",
    "own mark": "__class__{name} {text}",
    "at the end": "{text} __label__{name}",
}


@pytest.mark.parametrize("form", MARKS)
def test_marked_lines_lose_their_marks(tmp_path: Path, form: str) -> None:
    raw = load(tmp_path, lines_of("lamp", "bill", form=MARKS[form]))
    assert raw.schema.format == "lines"
    assert Counter(raw.examples.labels) == {"lamp": 30, "bill": 30}
    assert raw.examples.texts[:2] == [f"{SENTENCES[n]} {n}" for n in range(2)]


@pytest.mark.parametrize("between", [" ", ", ", ",", " , "])
def test_several_marks_are_several_labels(tmp_path: Path, between: str) -> None:
    lines = lines_of("lamp", "bill", form="__label__{name}" + between + "__label__urgent {text}")
    raw = load(tmp_path, [*lines, *lines_of("key", form="__label__{name}" + between.rstrip() + " {text}")])
    assert raw.examples.labels[:2] == [["lamp", "urgent"], ["bill", "urgent"]]
    assert raw.examples.labels[-1] == ["key"]
    assert raw.examples.texts[0] == f"{SENTENCES[0]} 0"


def test_a_line_without_a_mark_has_no_label(tmp_path: Path) -> None:
    raw = load(tmp_path, [*lines_of("lamp", "bill", form=MARKS["plain"]), "words alone"])
    assert raw.examples.labels[-1] is None
    assert raw.examples.texts[-1] == "words alone"


FIRST: dict[str, tuple[str, ...]] = {
    "numbers": ("0", "1", "2"),
    "signed numbers": ("+1", "-1"),
    "signs": ("+", "-"),
    "coarse and fine": ("DESC:manner", "NUM:date", "HUM:ind"),
    "capitals": ("LAMP", "BILL", "KEY"),
    "underlines": ("lamp_broken", "bill_lost"),
    "brackets": ("[pos]", "[neg]"),
    "words": ("positive", "negative"),
}


@pytest.mark.parametrize("form", FIRST)
def test_labels_that_stand_first_are_found(tmp_path: Path, form: str) -> None:
    raw = load(tmp_path, lines_of(*FIRST[form]))
    assert raw.schema.format == "lines"
    assert set(raw.examples.labels) == {name.strip("[]") for name in FIRST[form]}
    assert raw.examples.texts[0] == f"{SENTENCES[0]} 0"
    assert raw.schema.why["label"] == "the first word of each line"


@pytest.mark.parametrize("names", [("0", "1"), ("POS", "NEG"), ("lamp_broken", "bill_lost")])
def test_labels_that_stand_last_are_found(tmp_path: Path, names: tuple[str, ...]) -> None:
    raw = load(tmp_path, lines_of(*names, form="{text} times {name}"))
    assert set(raw.examples.labels) == set(names)
    assert raw.examples.texts[0] == f"{SENTENCES[0]} 0 times"


def test_words_that_stand_last_need_the_end_of_a_sentence_before_them(tmp_path: Path) -> None:
    assert set(load(tmp_path, lines_of("good", "bad", form="{text}. {name}")).examples.labels) == {"good", "bad"}
    with pytest.raises(UserError):
        load(tmp_path, lines_of("good", "bad", form="{text} is {name}"))


def test_chinese_labels_that_stand_first_are_found() -> None:
    texts = (
        "今天的比赛很精彩",
        "他们昨天输了一场",
        "今年的股票又跌了",
        "我们都很喜欢这部电影",
        "这家公司昨天破产了",
        "他是新来的球员",
    )
    lines = [f"{('体育', '财经')[n % 2]} {texts[n % 5]}{n}" for n in range(60)]
    found = find_label_word(lines)
    assert found is not None and set(found.names) == {"体育", "财经"}


PROSE: dict[str, list[str]] = {
    "sentences": list(SENTENCES) * 10,
    "templates": [
        f"{('one leg', 'locked out', 'best lamp', 'tracking says')[n % 4]} {SENTENCES[n % 7]}" for n in range(80)
    ],
    "mentions": [f"@{('united', 'jetblue')[n % 2]} {SENTENCES[n % 7]} {n}" for n in range(80)],
    "bullets": [f"{'-*'[n % 2]} {SENTENCES[n % 7]} {n}" for n in range(80)],
    "recipes": [f"{('1', '2', '1/2', '250')[n % 4]} {SENTENCES[n % 7]} {n}" for n in range(80)],
    "years": [f"{('2019', '2020')[n % 2]} {SENTENCES[n % 7]} {n}" for n in range(80)],
    "questions and answers": [f"{'QA'[n % 2]}: {SENTENCES[n % 7]} {n}" for n in range(80)],
    "words and tags": [f"{w} {'O' if n % 3 else 'B-X'}" for n, w in enumerate(" ".join(SENTENCES).split())],
    "words with tags": [
        " ".join(f"{w}/o" for w in f"{('so', 'we')[n % 2]} say {SENTENCES[n % 7]}".split()) for n in range(80)
    ],
    "all in capitals": [f"{SENTENCES[n % 7]} {n}".upper() for n in range(80)],
    "inline marks": [f"{{{{thing:{('lamp', 'bill')[n % 2]}}}}} {SENTENCES[n % 7]} {n}" for n in range(80)],
}


@pytest.mark.parametrize("form", PROSE)
def test_prose_is_never_taken_for_labelled_lines(form: str) -> None:
    assert find_label_word(PROSE[form]) is None


def test_words_that_may_be_labels_are_asked_about(tmp_path: Path) -> None:
    lines = [f"{('alpha', 'beta', 'gamma')[n % 3]} {SENTENCES[(n * 5) % 7]} {n}" for n in range(18)]
    assert looks_like_label_word(lines) is not None
    with pytest.raises(UserError, match=r"may be labels \(alpha, beta, gamma\)") as caught:
        load(tmp_path, lines)
    assert "--format lines --delimiter ' '" in caught.value.hint
    raw = load(tmp_path, lines, format="lines", delimiter=" ")
    assert set(raw.examples.labels) == {"alpha", "beta", "gamma"}
    assert raw.examples.texts[0] == f"{SENTENCES[0]} 0"


def test_tables_stay_tables(tmp_path: Path) -> None:
    assert load(tmp_path, lines_of("spam", "ham", form="{name}\t{text}")).schema.format == "csv"
    assert load(tmp_path, lines_of("spam", "ham", form='{name},"{text}"')).schema.format == "csv"


def test_a_delimiter_that_was_said_may_follow_the_label(tmp_path: Path) -> None:
    raw = load(tmp_path, lines_of("lamp", "bill", form="{name}: {text}"), format="lines", delimiter=": ")
    assert set(raw.examples.labels) == {"lamp", "bill"}
    assert raw.examples.texts[0] == f"{SENTENCES[0]} 0"
