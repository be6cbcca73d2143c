"""A bi-encoder gives the same vectors and scores whether torch computes it or a form."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

from haoqi import methods, tasks
from haoqi.data.examples import Examples
from haoqi.methods.method import Job
from haoqi.models.bases import resolve
from haoqi.models.compile.form import Block, Compilable, Floats
from haoqi.models.feature_store.store import FeatureStore
from haoqi.models.predictors.bi_encoder import BiEncoder


class Computed:
    """A form that is the graph itself."""

    thread_safe = True

    def __init__(self, predictor: BiEncoder) -> None:
        self.graph = predictor.graph()

    def __call__(self, blocks: Iterable[Block]) -> Iterator[Floats]:
        for block in blocks:
            with torch.inference_mode():
                yield self.graph(torch.from_numpy(block.ids), torch.from_numpy(block.mask)).numpy()


def test_a_form_computes_what_torch_does(tiny_base: str, tmp_path: Path) -> None:
    texts = [f"the {'striker scored' if row % 2 else 'telescope found water'} {row}" for row in range(12)]
    examples = replace(Examples.of(texts, [float(row % 3) for row in range(12)]), pairs=texts[::-1])
    task, base = tasks.build("similarity", ()), resolve(tiny_base, tmp_path)
    job = Job(task, examples, examples.take([]), 0, FeatureStore(tmp_path / "features"), base)
    predictor = methods.build("bi_encoder", epochs=1).fit(job)
    assert isinstance(predictor, BiEncoder)
    assert isinstance(predictor, Compilable)
    computed = predictor.with_compute(Computed(predictor))
    np.testing.assert_allclose(computed.vectors(texts), predictor.vectors(texts), atol=0.02)
    np.testing.assert_allclose(np.linalg.norm(computed.vectors(texts), axis=1), 1, rtol=1e-4)
    first, second = np.asarray(computed.scores(examples)), np.asarray(computed.scores(examples.exchanged()))
    np.testing.assert_array_equal(first, second)
