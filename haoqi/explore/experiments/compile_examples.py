"""The examples by which compiled forms of a release are judged: such as it, or its stand-in, has not learnt.

A model is sure of what it has memorised, so that hardly an answer changes, however roughly it is computed: forms that
rounded changed none of 400 answers that were learnt and 1.9 % of others (docs/decisions/models.md).
"""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from haoqi.core.errors import UserError
from haoqi.core.folder import cache, runs
from haoqi.data.examples import Examples
from haoqi.data.preparing.prepared import load_prepared
from haoqi.explore.setup.artifact_paths import MODEL, experiments_folder
from haoqi.explore.setup.context import FEW
from haoqi.models.model import Model, load
from haoqi.models.releases.releases import Release
from haoqi.models.trim.trim import smaller


@dataclass(frozen=True)
class CompileExamples:
    """Labelled examples, and what is tried before them."""

    examples: Examples
    learnt: bool = False
    """Whether the release has learnt them."""
    stand_in: Model | None = None
    """The same plan's model as it was judged, which has not learnt them."""


@contextmanager
def compile_examples(release: Release, *, home: Path | None = None) -> Iterator[CompileExamples]:
    """Give the examples for the forms of a release that came from a run here; its stand-in lasts until the block ends.

    Args:
        release: what is compiled.
        home: the folder that holds runs/ and cache/; None: HAOQI_HOME.

    Raises:
        UserError: if the run's examples are not here.
    """
    run, _, plan = str(release.facts.get("origin", "")).rpartition("/")
    try:
        splits = load_prepared(runs(home) / run / "data").splits
    except UserError:
        raise UserError(
            f"the examples that {release.reference} was judged by are not here",
            f"give labelled text: haoqi compile {release.reference} FILE",
        ) from None
    known = release.facts.get("learnt_from", 0) > len(splits.train) or len(splits.valid) < FEW
    judged = experiments_folder(runs(home) / run) / plan / MODEL
    if not known:
        yield CompileExamples(splits.valid)
    elif not judged.exists():  # after cross-validation there is none
        yield CompileExamples(Examples.join([splits.valid, splits.train]), learnt=True)
    else:
        model = load(judged, cache(home))
        with tempfile.TemporaryDirectory() as place, smaller(model, splits, Path(place)) as stand_in:
            yield CompileExamples(splits.valid, learnt=True, stand_in=stand_in)
