"""What methods say of themselves: that they are the control, the baseline, or simple."""

from haoqi.core.errors import UserError
from haoqi.methods.method import methods


def is_control(name: str) -> bool:
    """Return whether a method learns nothing from texts; False for a name that is no method, such as an ensemble's."""
    return _says(name, "control")


def is_baseline(name: str) -> bool:
    """Return whether a method is what most people would run first; False for a name that is no method."""
    return _says(name, "baseline")


def is_simple(name: str) -> bool:
    """Return whether a method costs next to nothing, as one that others have to be better than."""
    return _says(name, "simple")


def _says(name: str, fact: str) -> bool:
    try:
        return bool(getattr(methods.get(name), fact, False))
    except UserError:  # an ensemble, or a method that is not installed here
        return False
