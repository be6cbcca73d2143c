"""Logit adjustment: labels that a model hardly ever believes in are answered sooner, where the metric gains by it.

A classifier that learnt from few examples of a label gives it too little of its probability, and the likeliest label is
the best answer for accuracy alone. So some power of the probability that a label has on average is taken out of its
probability before the highest is chosen (Menon et al., 2021, "Long-tail learning via logit adjustment",
arXiv:2007.07314). One number is fitted, the power, on examples that the model was not trained on; measured in
docs/decisions/tasks.md.
"""

import numpy as np
import numpy.typing as npt

from haoqi.evaluate.metric import Array, Metric, score_answers

FEWEST = 50
"""With fewer examples nothing is adjusted."""

# A model that is blind says the same of all texts, or of all in one fold of cross-validation.
_FEWEST_ANSWERS = 10
_POWERS = np.linspace(0.0, 1.0, 9)
# All powers whose score is so near to the best may be it; the one in their middle is taken.
_NEAR = 0.02
# Examples that the power is chosen by: with so many a score is surer than what counts as near.
_MOST_EXAMPLES = 3000


def fit_offsets(
    logs: Array, targets: npt.NDArray[np.int64], labels: tuple[str, ...], metric: Metric
) -> dict[str, float]:
    """Return what to add to the logarithm of each label's probability before the highest is chosen, at least 0.

    Args:
        logs: calibrated log probabilities, shape (n, labels).
        targets: the right labels' places, shape (n,).
        labels: the task's.
        metric: what the answers are to be good at.

    Returns:
        By label; empty where the likeliest label is as good an answer, there are too few examples to know, or the model
        says the same of nearly every text, so that another answer would be as blind.
    """
    count = len(targets)
    rows = np.linspace(0, count - 1, min(count, _MOST_EXAMPLES)).astype(int)
    if count < FEWEST or len(labels) < 2 or len(np.unique(logs[rows].round(6), axis=0)) < _FEWEST_ANSWERS:
        return {}
    believed = np.log(np.maximum(np.exp(logs).mean(axis=0), 1e-9))
    spare = believed.max() - believed
    true = [labels[place] for place in targets[rows]]

    def score(power: float) -> float:
        answers = [labels[place] for place in (logs[rows] + power * spare).argmax(axis=1)]
        return metric.shown(score_answers(metric, true, answers, labels))

    scores = np.pad([score(power) for power in _POWERS], 1, mode="edge")
    smooth = np.convolve(scores, [0.25, 0.5, 0.25], "valid")  # one example more or less decides nothing
    power = float(np.median(_POWERS[smooth >= smooth.max() - _NEAR]))
    return {label: round(float(power * one), 4) for label, one in zip(labels, spare, strict=True)} if power else {}
