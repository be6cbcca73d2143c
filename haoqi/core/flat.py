"""Settings within settings as one flat list of names: the flags of a command, the keys of a YAML file."""

from collections.abc import Callable, Mapping
from dataclasses import is_dataclass
from typing import Any, TypeVar

from haoqi.core.config import Setting, build, settings_of
from haoqi.core.errors import UserError, unknown

T = TypeVar("T")


def flat_settings(maker: Callable[..., Any]) -> tuple[Setting, ...]:
    """Return the settings of a dataclass, those of the dataclasses inside it in their place.

    Raises:
        AssertionError: if two of them share a name.
    """
    found = [
        s for setting in settings_of(maker) for s in (flat_settings(setting.kind) if _nested(setting) else [setting])
    ]
    names = [setting.name for setting in found]
    assert len(names) == len(set(names)), sorted(name for name in names if names.count(name) > 1)
    return tuple(found)


def build_flat(maker: Callable[..., T], values: Mapping[str, Any], whose: str) -> T:
    """Return maker(**values), values of inner dataclasses being given by their own names.

    Args:
        maker: a settings dataclass that may hold others.
        values: by flat name; those left out take their defaults.
        whose: how an error names it.

    Raises:
        UserError: for an unknown or missing setting, a wrong type, or a value out of range.
    """
    known = {setting.name for setting in flat_settings(maker)}
    for name in values:
        if name not in known:
            raise UserError(f"{whose} has no setting {name}", unknown("setting", name, known).hint)
    own: dict[str, Any] = {}
    for setting in settings_of(maker):
        if _nested(setting):
            inner = {s.name for s in flat_settings(setting.kind)}
            given = {name: value for name, value in values.items() if name in inner}
            own[setting.name] = build_flat(setting.kind, given, whose)
        elif setting.name in values:
            own[setting.name] = values[setting.name]
    return build(maker, own, whose)


def as_flat(settings: Any) -> dict[str, Any]:
    """Return settings as a flat mapping that `build_flat` reads and YAML can hold."""
    from haoqi.core.config import as_plain

    flat: dict[str, Any] = {}
    maker: Callable[..., Any] = type(settings)
    for setting in settings_of(maker):
        value = getattr(settings, setting.name)
        flat |= as_flat(value) if _nested(setting) else {setting.name: as_plain(value)}
    return flat


def _nested(setting: Setting) -> bool:
    return isinstance(setting.kind, type) and is_dataclass(setting.kind)
