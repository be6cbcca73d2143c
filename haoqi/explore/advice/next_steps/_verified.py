"""What running more plans would bring: the best becomes champion if the paired test says so, else none does."""

from collections.abc import Sequence

import numpy as np

from haoqi.explore.advice.run_end import RunEnd
from haoqi.explore.beliefs.surrogate import Floats
from haoqi.explore.plans.plan import Plan
from haoqi.explore.record.lessons import Lesson

_DRAWS = 2000


def verified(
    run_end: RunEnd, plans: Sequence[Plan], *, more_doubt: float = 0.0, lessons: Sequence[Lesson] = ()
) -> Floats:
    """Return draws of the gain in the end, shape (draws,): 0 wherever nothing passes.

    Scores are drawn from the beliefs, the champion's too, so that one that was lucky is expected to fall back.

    Args:
        run_end: has the beliefs, the error of a comparison and its alpha.
        plans: that would be run.
        more_doubt: standard deviation, in log-odds, of what each plan is off beyond the beliefs.
        lessons: whose plans would be run, too; they say themselves what they hope for.
    """
    rng, acquisition = run_end.rng("verified", len(plans), more_doubt), run_end.acquisition
    joint = acquisition.surrogate.believe([*plans, run_end.plan])
    extra = np.diag([more_doubt**2] * len(plans) + [0.0])
    values, vectors = np.linalg.eigh(joint.covariance + extra)
    root = vectors * np.sqrt(np.maximum(values, 0.0))
    scores = acquisition.surrogate.scale.merits(joint.mean + rng.standard_normal((_DRAWS, len(plans) + 1)) @ root.T)
    gains = scores[:, :-1] - scores[:, -1:]
    about_metric = [one for one in lessons if one.measure == "metric"]
    hoped = [one.gain + one.doubt * rng.standard_normal(_DRAWS) for one in about_metric]
    proofs = acquisition.required_leads([*plans, *(one.plans[0] for one in about_metric)])
    gains = np.column_stack([gains, *hoped])
    if not gains.shape[1]:
        return np.zeros(_DRAWS)
    error = max(1e-6, acquisition.paired_error)
    measured_gains = gains + error * rng.standard_normal(gains.shape)
    passed = np.where(measured_gains > proofs, measured_gains, -np.inf)
    best, rows = passed.argmax(axis=1), np.arange(_DRAWS)
    return np.where(passed[rows, best] > 0, gains[rows, best], 0.0)
