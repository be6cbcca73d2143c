"""Layers below the lowest one that learns: what they compute is computed once and kept, for all epochs and plans."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from haoqi.core.say import say
from haoqi.methods._tuning import TrainingSetup
from haoqi.methods.method import Progress
from haoqi.models.encoders.encoder import only_layers
from haoqi.models.encoders.model_input import Reading, with_states
from haoqi.train.distributed.group import agree, first_rank_first


@contextmanager
def upper_layers(setup: TrainingSetup, first: int) -> Iterator[TrainingSetup]:
    """Yield the setup without its lower layers, whose states are computed first; or whole, if they are too many."""
    store = setup.job.store
    if not first or not agree(setup.placement, store.fits(setup.base, first, [*setup.train.ids, *setup.valid.ids])):
        yield setup
        return

    def states(reading: Reading, key: str) -> Reading:
        def progress(done: int) -> None:
            setup.job.report(Progress(0.0, say(key, done=done, count=len(reading.ids))))

        return with_states(reading, store.states(setup.base, first, reading.ids, progress))

    with first_rank_first(setup.placement):
        train_states = states(setup.train, "fit.frozen")
        valid_states = states(setup.valid, "fit.frozen_valid")
    with only_layers(setup.model.encoder, first, setup.base.card.layers):
        yield replace(setup, train=train_states, valid=valid_states)
