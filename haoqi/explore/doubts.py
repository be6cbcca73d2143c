"""Which labels are suspect, as well as a run can tell: what held-out answers say, and a training, where one may.

A training that is held to its early answers does not follow labels that are wrong, so its answers to the very rows that
it learnt from tell which these are better than the held-out answers of cheaper models do, and both together better
still. How many there are it cannot tell: the fewer it follows the fewer it knows of (docs/decisions.md), so that stays
with the others.
"""

from dataclasses import replace

from haoqi.data.recipes._suspects import Suspects, find, reranked
from haoqi.explore import trial
from haoqi.explore.costs import Costs
from haoqi.explore.plan import Experiment, Plan
from haoqi.explore.recipe import kit_of
from haoqi.explore.seen import Seen

HELD = "early_learning"
"""The recipe after which a training's own answers may be asked."""


def doubted(seen: Seen) -> Suspects | None:
    """Return the suspects among the training labels, the most doubtful first; None where that takes too long.

    Args:
        seen: the run at the moment that it is asked; its task labels texts.
    """
    lab, train = seen.lab, seen.splits.train
    if (chances := seen.held_out) is None:
        return None
    kit = replace(kit_of(Plan(seen.plan.method, seen.plan.base), lab), held_out=lambda _: chances)
    found = find(train, kit, None)
    held = _held(seen)
    if held is None:
        return found
    costs = Costs.of(lab, seen.history.experiments, timed=False)
    if not seen.affords(costs.answer_seconds(held.plan, len(train))) or (model := seen.model_of(held)) is None:
        return found
    answers = model.predict(train).probabilities
    return found if answers is None else reranked(train, kit, found, answers)


def _held(seen: Seen) -> Experiment | None:
    """Return the training that was held to its early answers: the champion or a member of it, else the best there is.

    Of others than these the model must lie on the disk, as those of possible members of an ensemble do.
    """
    if not seen.single or seen.lab.folds:
        return None
    mine = [plan for plan, _ in seen.plan.members]
    able = [
        one
        for one in seen.history.alone
        if one.score is not None and one.plan.share == 1.0 and HELD in dict(one.plan.recipe)
        if seen.lab.remembers(one.plan) and (one.plan in mine or trial.has_model(one, seen.lab))
    ]
    return max(able, key=lambda one: (one.plan in mine, one.score or 0.0, -one.number), default=None)
