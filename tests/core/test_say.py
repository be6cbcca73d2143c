"""Every sentence has its words in every language, with the same gaps; it goes whole through ledgers."""

import ast
import copy
import json
import pickle
import re
from collections import Counter
from pathlib import Path
from string import Formatter

import pytest

import haoqi
from haoqi.core import quantities, say
from haoqi.core.say import LANGUAGES, Sentence, console, joined, named, restored, saved, spoken, texts

PACKAGE = Path(haoqi.__file__).parent
FILES = sorted(PACKAGE.rglob("*.py"))
CODE = {path: path.read_text("utf-8") for path in FILES}


def gaps(template: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(template) if name}


def test_every_language_has_the_same_sentences_with_the_same_gaps() -> None:
    english = texts("en")
    plurals = {key for key in english if key.endswith(".one")}
    for language in LANGUAGES:
        words = texts(language)
        assert english.keys() - plurals <= words.keys() <= english.keys(), language
        assert [key for key in words if gaps(words[key]) != gaps(english[key])] == [], language
    assert [key for key in plurals if not gaps(english[key]) <= gaps(english[key.removesuffix(".one")])] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_key_lies_in_one_place(language: str) -> None:
    files = sorted(PACKAGE.glob(f"**/texts/{language}.json"))
    keys = Counter(key for path in files for key in json.loads(path.read_text("utf-8")))
    assert keys.keys() == texts(language).keys(), "a folder of texts lies too deep to be found"
    assert [key for key, count in keys.items() if count > 1] == []


def test_every_sentence_of_the_code_is_there_and_has_what_fills_its_gaps() -> None:
    wrong = []
    for path, code in CODE.items():
        for node in ast.walk(ast.parse(code)):
            if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ("say", "Said")):
                continue
            key = node.args[0] if node.args else None
            if not (isinstance(key, ast.Constant) and isinstance(key.value, str)):
                continue
            given = {word.arg for word in node.keywords}
            needed = gaps(texts("en").get(key.value, "{?}"))
            if key.value not in texts("en") or not (needed <= given or None in given):
                wrong.append(f"{path.name}:{node.lineno} {key.value}")
    assert wrong == []


def test_every_sentence_is_used() -> None:
    code = "".join(CODE.values())
    written = set(re.findall(r'"([a-z_]+(?:\.[a-z_0-9]+)*)"', code))
    begun = {*re.findall(r'f"([a-z_.]+\.)\{', code), *(f"{kind}." for kind in re.findall(r'named\("(\w+)"', code))}
    begun |= {f"{key}_" for key in re.findall(r'f"([a-z_.]+)_\{', code)}
    ended = set(re.findall(r'f"\{key\}([._]\w+)"', code))
    topics = set(re.findall(r'\.words\("(\w+)"', code))  # of reasons, whose kinds are named apart
    unused = []
    for key in (name.removesuffix(".one") for name in texts("en")):
        topic, _, kind = key.partition(".")
        known = key in written or any(key.startswith(one) for one in begun) or (topic in topics and kind in written)
        if not (known or any(key.endswith(end) and key.removesuffix(end) in written for end in ended)):
            unused.append(key)
    assert unused == []


@pytest.mark.parametrize("module", [quantities, say])
def test_the_examples_in_the_docstrings_are_right(module: object) -> None:
    import doctest

    failed, tried = doctest.testmod(module)  # type: ignore[arg-type]
    assert tried > 0
    assert failed == 0


def test_a_sentence_is_english_text_and_is_said_in_chinese_with_all_that_it_holds() -> None:
    parts = [named("metric", "macro_f1"), quantities.duration(61), "x"]
    made = say.say("why.lesson", claim=joined(parts))
    assert made == "tests the lesson “macro-F1, 1 min 1 s, x”"
    assert spoken(made, "zh") == "检验教训“宏平均 F1，1 分 1 秒，x”"
    assert spoken("as it is", "zh") == "as it is"


def test_a_sentence_goes_whole_through_copies_processes_and_json() -> None:
    made = say.say("why.lesson", claim=quantities.duration(61))
    for other in (copy.deepcopy(made), pickle.loads(pickle.dumps(made)), restored(json.loads(json.dumps(saved(made))))):
        assert isinstance(other, Sentence) and other == made
        assert other.within("zh") == made.within("zh") != made
    held = {"why": made, "notes": [made, "plain"], "count": 3}
    assert restored(json.loads(json.dumps(saved(held)))) == held
    assert json.dumps(held) == json.dumps({"why": str(made), "notes": [str(made), "plain"], "count": 3})


@pytest.mark.parametrize("change", [{"key": "gone.since"}, {"facts": {}}, {"text": "told otherwise then"}])
def test_a_sentence_whose_words_have_changed_is_told_as_it_was(change: dict[str, object]) -> None:
    plain = {**saved(say.say("why.lesson", claim="x")), **change}
    assert restored(plain) == plain["text"]
    assert not isinstance(restored(plain), Sentence)


def test_values_stay_plain_english_with_their_sentences_beside_them() -> None:
    reason = say.say("why.lesson", claim=quantities.duration(61))
    held = {"skipped": {reason: 3}, "notes": [reason, "plain"], "names": ["x"]}
    plain = json.loads(json.dumps(held))
    beside = json.loads(json.dumps(say.gathered(held)))
    assert plain == {"skipped": {str(reason): 3}, "notes": [str(reason), "plain"], "names": ["x"]}
    back = say.recalled(plain, beside)
    assert back == held and [one["key"] for one in beside] == ["why.lesson"]
    [key] = back["skipped"]
    assert spoken(key, "zh") == spoken(back["notes"][0], "zh") == reason.within("zh")
    assert not isinstance(back["notes"][1], Sentence)


def test_what_an_error_says_is_the_sentence_that_was_raised() -> None:
    assert say.message_of(ValueError(say.say("word.language"))).key == "word.language"  # type: ignore[attr-defined]
    assert [say.message_of(error) for error in (ValueError("x"), ValueError())] == ["x", ""]
    assert "codec" in say.message_of(UnicodeDecodeError("utf-8", b"", 0, 1, "bad"))


def test_one_of_a_kind_is_told_as_one() -> None:
    facts = {"number": 1, "plan": "tfidf", "metric": "accuracy", "score": "0.900"}
    assert say.say("search.resumed", count=1, n=1, **facts).startswith("goes on after 1 experiment;")
    assert say.say("search.resumed", count=2, n=2, **facts).startswith("goes on after 2 experiments;")


@pytest.mark.parametrize(
    ("environment", "language"),
    [
        ({}, "en"),
        ({"LANG": "zh_CN.UTF-8"}, "zh"),
        ({"LANG": "de_DE.UTF-8"}, "en"),
        ({"LANG": "zh_CN.UTF-8", "LC_ALL": "C.UTF-8"}, "en"),
        ({"LANG": "en_GB.UTF-8", "LC_MESSAGES": "zh_TW.UTF-8"}, "zh"),
        ({"LANG": "zh_CN.UTF-8", "HAOQI_LANG": "en"}, "en"),
        ({"LANG": "en_GB.UTF-8", "HAOQI_LANG": "zh"}, "zh"),
        ({"HAOQI_LANG": "zh_CN"}, "zh"),
        ({"LANG": "zh_CN.UTF-8", "HAOQI_LANG": "tlh"}, "zh"),
        ({"LANG": "zh_CN.UTF-8", "LC_ALL": ""}, "zh"),
    ],
)
def test_the_language_is_the_one_asked_for_or_else_the_locales(
    environment: dict[str, str], language: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HAOQI_LANG", "LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert console() == language


def test_a_chance_is_never_certain_and_a_p_value_never_nothing() -> None:
    assert {str(quantities.chance(value)) for value in (0.9901, 0.9999, 1.0)} == {"over 99 %"}
    assert quantities.chance(0.99) == "99 %"
    assert quantities.p_value(0.0) == "p < 0.001"
    assert quantities.p_value(0.001) == "p = 0.001"


def test_one_thing_is_said_in_the_singular_whatever_its_gap_is_called() -> None:
    def left(count: int | str) -> str:
        return say.say("data.rows_left_out", count=count, reason="no text")

    assert (left(1), left(2)) == ("1 row left out: no text", "2 rows left out: no text")
    assert spoken(left(1), "zh") == spoken(left(2), "zh").replace("2", "1")
    # The first number named is the one that counts.
    assert say.say("lines.no_delimiter", count=3, count2=1, name="1", delimiter=";").startswith(
        "3 of 1 lines of 1 have"
    )
