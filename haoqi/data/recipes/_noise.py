"""How many labels are wrong, and which they may be: told from hard examples by where disagreement levels off.

What is hard is answered unsurely, and the surer an answer, the rarer it differs from the given label. A wrong label
contradicts sure answers as often as unsure ones. So the right label of a row is taken to be drawn from what models
answered, corrected by a temperature and an offset a label, and then, with a chance that depends on it alone, to be
replaced by another (Angluin and Laird, 1988, doi:10.1007/BF00116829; the lapse rate of Wichmann and Hill, 2001,
doi:10.3758/BF03194544). All these numbers are those that make the given labels likeliest; labels are believed to be
replaced about as often as one another, and offsets to be small, until there is enough to say otherwise.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Labels = npt.NDArray[np.integer[Any]]

EVIDENT = 5.41
"""The evidence above which wrong labels are no chance: 1 % of what chance makes of a share that cannot be below none,
half of the time nothing, else a chi-square of one degree of freedom (Self and Liang, 1987,
doi:10.1080/01621459.1987.10478472)."""

SPREAD = 1.0
"""Standard deviation, before anything is seen, of an offset, and of the log-odds of one label's chance about all's."""

# Rows times labels that the numbers are fitted to; all rows are judged by them.
_MOST_SCORES = 150_000
_ROUNDS = 50
# Logarithm of the inverse temperature; log-odds of being replaced, from next to nothing to a half; offsets.
_SHARPNESS, _ODDS, _OFFSETS = (-2.0, 2.5), (-12.0, 0.0), (-5.0, 5.0)
_BEGUN = (-4.0, -1.5)
_LEAST = 1e-7


@dataclass(frozen=True)
class Noise:
    """What is believed of the labels of some rows."""

    share: float
    """Of all labels, those expected to be wrong, in [0, 1]."""
    wrong: Floats
    """The chance of each label to be wrong, shape (n,)."""
    evidence: float
    """Twice the logarithm of how much likelier the labels are so than if none were wrong, what is unusual penalised."""

    @property
    def evident(self) -> bool:
        """Whether chance hardly makes right labels look so."""
        return self.evidence > EVIDENT


def noise_of(probabilities: npt.NDArray[np.floating[Any]], given: Labels) -> Noise:
    """Return what held-out answers say of given labels.

    Args:
        probabilities: of each label by models not fitted on the row, shape (n, labels).
        given: numbers of the given labels, shape (n,).
    """
    from scipy.optimize import minimize

    rows, labels = probabilities.shape
    whole = _Given.of(probabilities, given, np.bincount(given, minlength=labels) / max(1, rows))
    step = max(1, rows * labels // _MOST_SCORES)
    some = whole.every(step)
    limits = [_SHARPNESS, _ODDS, *[_ODDS] * labels, *[_OFFSETS] * labels]
    never = [limits[0], *[(_ODDS[0], _ODDS[0])] * (1 + labels), *limits[2 + labels :]]

    def fitted(odds: float, bounds: list[tuple[float, float]]) -> Any:
        start = np.concatenate([[0.5], np.full(1 + labels, odds), np.zeros(labels)])
        how = {"method": "L-BFGS-B", "jac": True, "bounds": bounds, "options": {"maxiter": _ROUNDS}}
        return minimize(some.misfit, start, **how)

    found = min((fitted(odds, limits) for odds in _BEGUN), key=lambda one: float(one.fun))
    gained = float(fitted(_ODDS[0], never).fun - found.fun)
    right, wrong = whole.ways(found.x)
    chances = wrong / np.maximum(right + wrong, 1e-300)
    return Noise(float(chances.mean()), chances, 2 * step * max(0.0, gained))


@dataclass(frozen=True)
class _Given:
    """Given labels beside what models answered."""

    logits: Floats
    given: Labels
    usual: Floats
    """How common each label is among all."""

    @classmethod
    def of(cls, probabilities: npt.NDArray[np.floating[Any]], given: Labels, usual: Floats) -> "_Given":
        return cls(np.log(np.maximum(np.asarray(probabilities, dtype=np.float64), _LEAST)), given, usual)

    def every(self, step: int) -> "_Given":
        return _Given(self.logits[::step], self.given[::step], self.usual)

    def ways(self, guess: Floats) -> tuple[Floats, Floats]:
        """Return how likely each given label is as the right one, and in the place of another, shapes (n,)."""
        return self._made(*self._drawn(guess))

    def misfit(self, guess: Floats) -> tuple[float, Floats]:
        """Return what is to be as small as can be, and its slope."""
        labels, given, every = self.logits.shape[1], self.given, np.arange(len(self.given))
        odds, offsets, mean = guess[2 : 2 + labels], guess[2 + labels :], guess[1]
        chances, replaced, spread = self._drawn(guess)
        own = chances[every, given]
        likely = np.maximum(sum(self._made(chances, replaced, spread)), 1e-300)
        # How much each label, were it the right one, makes of the given one.
        made = np.outer(self.usual[given], spread)
        made[every, given] = 1 - replaced[given]
        by_logit = chances * (made / likely[:, None] - 1)
        # A label that is replaced more often gives less of itself and more of all others.
        rest = np.maximum(1 - self.usual, 1e-9)
        by_chance = (chances * (self.usual[given] / likely)[:, None]).sum(axis=0) / rest
        by_chance -= np.bincount(given, own / likely * (1 + self.usual[given] / rest[given]), minlength=labels)
        apart = (odds - mean) / SPREAD**2
        slope = [
            [-float((by_logit * self.logits).sum() * np.exp(guess[0]))],
            [-float(apart.sum())],
            apart - by_chance * replaced * (1 - replaced),
            offsets / SPREAD**2 - by_logit.sum(axis=0),
        ]
        prior = float((odds - mean) @ apart + offsets @ offsets / SPREAD**2) / 2
        return prior - float(np.log(likely).sum()), np.concatenate(slope)

    def _made(self, chances: Floats, replaced: Floats, spread: Floats) -> tuple[Floats, Floats]:
        own = chances[np.arange(len(self.given)), self.given]
        others = chances @ spread - spread[self.given] * own
        return (1 - replaced[self.given]) * own, self.usual[self.given] * others

    def _drawn(self, guess: Floats) -> tuple[Floats, Floats, Floats]:
        """Return the chances of the right label (n, labels), of its being replaced, and by each label in proportion."""
        labels = self.logits.shape[1]
        logits = self.logits * np.exp(guess[0]) + guess[2 + labels :]
        chances = np.exp(logits - logits.max(axis=1, keepdims=True))
        chances /= chances.sum(axis=1, keepdims=True)
        replaced = 1 / (1 + np.exp(-guess[2 : 2 + labels]))
        return chances, replaced, replaced / np.maximum(1 - self.usual, 1e-9)
