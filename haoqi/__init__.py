"""Haoqi: a scientist for language models.

run = haoqi.improve("reviews.csv", minutes=10)
run.model("The battery died on day two").label
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from haoqi.core.threads import wait_briefly

if TYPE_CHECKING:
    from haoqi import methods, tasks
    from haoqi.api import improve, inspect, load, next_steps, predict
    from haoqi.core.errors import UserError
    from haoqi.core.stop import Stop
    from haoqi.data.examples import Query
    from haoqi.data.samples import samples
    from haoqi.estimators.classifier import TextClassifier
    from haoqi.estimators.regressor import TextRegressor
    from haoqi.models.releases.export import export
    from haoqi.models.releases.extraction import extract
    from haoqi.pretraining.door import pretrain
    from haoqi.retrieval.retriever import Retriever

    __version__: str

wait_briefly()  # before torch reads it

__all__ = [
    "Query",
    "Retriever",
    "Stop",
    "TextClassifier",
    "TextRegressor",
    "UserError",
    "export",
    "extract",
    "improve",
    "inspect",
    "load",
    "methods",
    "next_steps",
    "predict",
    "pretrain",
    "samples",
    "tasks",
]

# Name to the module that has it, and its name there; nothing there: the module itself.
_PLACES = {
    "Retriever": ("haoqi.retrieval.retriever", "Retriever"),
    "Query": ("haoqi.data.examples", "Query"),
    "Stop": ("haoqi.core.stop", "Stop"),
    "TextClassifier": ("haoqi.estimators.classifier", "TextClassifier"),
    "TextRegressor": ("haoqi.estimators.regressor", "TextRegressor"),
    "UserError": ("haoqi.core.errors", "UserError"),
    "export": ("haoqi.models.releases.export", "export"),
    "extract": ("haoqi.models.releases.extraction", "extract"),
    "improve": ("haoqi.api", "improve"),
    "inspect": ("haoqi.api", "inspect"),
    "load": ("haoqi.api", "load"),
    "methods": ("haoqi.methods", ""),
    "next_steps": ("haoqi.api", "next_steps"),
    "predict": ("haoqi.api", "predict"),
    "pretrain": ("haoqi.pretraining.door", "pretrain"),
    "samples": ("haoqi.data.samples", "samples"),
    "tasks": ("haoqi.tasks", ""),
}


def __getattr__(name: str) -> Any:
    # Imported when first used: a command that only lists names must not wait for torch.
    if name == "__version__":
        from importlib.metadata import version

        return version("haoqi")
    if name not in _PLACES:
        raise AttributeError(f"module 'haoqi' has no attribute {name!r}")
    module, inside = _PLACES[name]
    found = import_module(module)
    return getattr(found, inside) if inside else found


def __dir__() -> list[str]:
    return sorted([*__all__, "__version__"])
