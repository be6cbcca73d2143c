"""Methods: ways to turn a base and examples into a predictor, one file each; the file's name is what a user types."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from haoqi.core.registry import Registry
    from haoqi.methods.method import Method, methods

__all__ = ["build", "methods", "names"]


def names() -> list[str]:
    """Return every method name a user can type, sorted; no method is imported for it."""
    return _registry().names()


def build(name: str, **settings: Any) -> "Method":
    """Return the method with these settings.

    Raises:
        UserError: if there is no such method or setting, or a value is out of range.
    """
    return _registry().build(name, **settings)


def __getattr__(name: str) -> Any:
    # The contract pulls in numpy and scipy; `haoqi --help` should not wait for them.
    if name == "methods":
        return _registry()
    raise AttributeError(f"module 'haoqi.methods' has no attribute {name!r}")


def _registry() -> "Registry[Method]":
    from haoqi.methods.method import methods

    return methods
