import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as some

from haoqi.core.config import Choices, Range, as_plain, build, coerce, load_yaml, settings_of
from haoqi.core.errors import UserError


@dataclass(frozen=True)
class Warmth:
    share: float = 0.1
    """How much of the time."""


@dataclass(frozen=True)
class Cooking:
    """How to cook."""

    minutes: Annotated[float, Range(1, 100, log=True)] = 5.0
    """How long,
    from cold."""
    eggs: int = 2
    hard: bool = False
    """Whether to the end."""
    pan: Annotated[str, Choices("iron", "steel")] = "iron"
    salt: float | None = None
    herbs: tuple[str, ...] = ()
    sizes: tuple[int, int] = (1, 2)
    heat: Literal["gas", "wood"] = "gas"
    book: Path = Path("book.md")
    warmth: Warmth = field(default_factory=Warmth)


def cooked(**given: Any) -> Cooking:
    return build(Cooking, given, "the cook")


def test_settings_carry_help_default_and_limits() -> None:
    known = {setting.name: setting for setting in settings_of(Cooking)}
    assert list(known)[:3] == ["minutes", "eggs", "hard"]
    assert known["minutes"].help == "How long, from cold."
    assert known["minutes"].kind is float
    assert known["minutes"].limits == Range(1, 100, log=True)
    assert known["eggs"].help == ""
    assert known["warmth"].default == Warmth()


def test_settings_of_a_function_are_its_arguments() -> None:
    def stir(times: int, slowly: bool = True) -> None: ...

    times, slowly = settings_of(stir)
    assert (times.name, times.kind, times.required) == ("times", int, True)
    assert (slowly.name, slowly.kind, slowly.required, slowly.default) == ("slowly", bool, False, True)


def test_settings_of_a_parent_come_along() -> None:
    @dataclass(frozen=True)
    class Baking(Cooking):
        degrees: int = 180
        """In Celsius."""

    known = {setting.name: setting.help for setting in settings_of(Baking)}
    assert known["degrees"] == "In Celsius."
    assert known["hard"] == "Whether to the end."


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("minutes", "2.5", 2.5),
        ("eggs", "3", 3),
        ("eggs", "3.0", 3),
        ("hard", "yes", True),
        ("hard", "Off", False),
        ("salt", "", None),
        ("salt", "0.5", 0.5),
        ("herbs", "dill, mint", ("dill", "mint")),
        ("herbs", "", ()),
        ("sizes", "3,4", (3, 4)),
        ("heat", "wood", "wood"),
        ("book", "a/b.md", Path("a/b.md")),
    ],
)
def test_strings_are_read_as_the_setting_needs(name: str, text: str, value: object) -> None:
    read = getattr(cooked(**{name: text}), name)
    assert read == value
    assert type(read) is type(value)


def test_nested_settings_are_built_from_mappings() -> None:
    assert cooked(warmth={"share": "0.3"}).warmth == Warmth(0.3)


@pytest.mark.parametrize(
    ("name", "value", "problem"),
    [
        ("minutes", 0.5, "must lie between 1 and 100"),
        ("minutes", float("nan"), "must lie between 1 and 100"),
        ("minutes", "soon", "must be a number"),
        ("minutes", True, "must be a number"),
        ("eggs", 2.5, "must be a whole number"),
        ("eggs", float("inf"), "must be a whole number"),
        ("eggs", None, "must be a whole number"),
        ("hard", "perhaps", "must be true or false"),
        ("pan", "clay", "must be one of iron, steel"),
        ("pan", 3, "must be text"),
        ("salt", "much", "must be a number"),
        ("herbs", 5, "must be a list, each text"),
        ("sizes", "1,2,3", "must be 2 values, each a whole number"),
        ("heat", "coal", "must be one of gas, wood"),
    ],
)
def test_wrong_values_say_what_was_wanted_and_what_came(name: str, value: object, problem: str) -> None:
    with pytest.raises(UserError) as caught:
        cooked(**{name: value})
    assert caught.value.what == f"the cook: {name} {problem}, but is {value!r}"


def test_unknown_setting_is_refused_with_the_nearest() -> None:
    with pytest.raises(UserError) as caught:
        cooked(minute=3)
    assert caught.value.what == "the cook has no setting minute"
    assert caught.value.hint.startswith("did you mean minutes?")


def test_required_setting_that_is_missing_is_named() -> None:
    @dataclass(frozen=True)
    class Needy:
        name: str
        """What to call it."""

    with pytest.raises(UserError) as caught:
        build(Needy, {}, "the run")
    assert (caught.value.what, caught.value.hint) == ("the run needs the setting name", "What to call it.")


@given(some.floats(1, 100), some.integers(-5, 5), some.booleans(), some.sampled_from(["iron", "steel"]))
def test_settings_survive_json(minutes: float, eggs: int, hard: bool, pan: str) -> None:
    before = Cooking(minutes, eggs, hard, pan, book=Path("x"), herbs=("dill",))
    assert build(Cooking, json.loads(json.dumps(as_plain(before))), "the cook") == before


@given(some.one_of(some.none(), some.integers(), some.floats(), some.text(), some.lists(some.text()), some.booleans()))
def test_any_value_is_read_or_refused_in_words(value: object) -> None:
    for setting in settings_of(Cooking):
        try:
            read = coerce(setting, value, "the cook")
        except UserError as error:
            assert setting.name in error.what
        else:
            assert coerce(setting, read, "the cook") == read


def test_yaml_keys_may_be_written_with_dashes(tmp_path: Path) -> None:
    (tmp_path / "run.yaml").write_text("max-steps: 3\n", encoding="utf-8")
    assert load_yaml(tmp_path / "run.yaml") == {"max_steps": 3}


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (b"a: [1", "is not valid YAML, line 1"),
        (b"\xff\xfe\x00", "is not valid YAML"),
        (b"- a\n- b\n", "holds no settings"),
        (b"", "holds no settings"),
    ],
)
def test_bad_yaml_is_refused_in_words(tmp_path: Path, content: bytes, what: str) -> None:
    (tmp_path / "run.yaml").write_bytes(content)
    with pytest.raises(UserError) as caught:
        load_yaml(tmp_path / "run.yaml")
    assert what in caught.value.what


def test_yaml_that_is_absent_or_a_folder_is_refused_in_words(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="there is no file"):
        load_yaml(tmp_path / "run.yaml")
    with pytest.raises(UserError, match="cannot be read"):
        load_yaml(tmp_path)


def test_limits_are_told_without_exponents() -> None:
    assert str(Range(0.01, 2e6)) == "0.01 to 2,000,000"
    assert str(Choices("iron", 3)) == "iron, 3"
