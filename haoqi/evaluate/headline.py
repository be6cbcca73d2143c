"""Which estimate of a model's score leads, and which labels no example tested: facts, told at every edge alike."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

MARGIN = 1.25
"""The test split leads unless the other estimate rests on so many times its examples: it alone has chosen nothing."""

LEAST = 0.5
"""An estimate that tests more labels leads as well, where it rests on at least this share of the other's examples."""


@dataclass(frozen=True)
class Estimate:
    """A score on the labelled examples of one split, and what it rests on."""

    split: str
    """"test", or "valid": the examples that chose the model."""
    metric: str
    score: float
    low: float
    """Lower end of the 95 % interval."""
    high: float
    examples: int = 0
    """How many were answered; 0: not known."""
    untested: tuple[str, ...] = ()
    """Labels that no example has: they drop out of the score."""
    tested: int = 0
    """How many labels some example has."""
    folds: int = 0
    """Of the cross-validation by which each was answered; 0: one model answered all."""
    scorings: int = 0
    """How often the split was scored for a release of this name, this time included; 0: not known."""


@dataclass(frozen=True)
class Headline:
    """The estimate that leads, and the other."""

    lead: Estimate
    beside: Estimate | None = None

    @property
    def test(self) -> Estimate | None:
        """The estimate on the test split."""
        return next((one for one in (self.lead, self.beside) if one is not None and one.split == "test"), None)

    @property
    def untested(self) -> tuple[str, ...]:
        """Labels without an example in the test split; where there is none, in what leads."""
        return (self.test or self.lead).untested

    @property
    def scorings(self) -> int:
        """How often the test split was scored for a release of this name; 0: not known."""
        return 0 if self.test is None else self.test.scorings

    def to_plain(self) -> dict[str, Any]:
        """Return what JSON can hold and `from_plain` reads."""
        return asdict(self)

    @classmethod
    def from_plain(cls, plain: Mapping[str, Any]) -> "Headline":
        """Return the headline that `to_plain` described."""
        lead, beside = (
            None if one is None else Estimate(**{**one, "untested": tuple(one["untested"])})
            for one in (plain["lead"], plain.get("beside"))
        )
        assert lead is not None
        return cls(lead, beside)


def headline(evidence: Mapping[str, Any], metric: str = "") -> Headline | None:
    """Return what is told first of a model, by its evidence; None where nothing was scored.

    The test split leads, for no choice looked at it, unless it is the smaller one: a score of three texts says next to
    nothing beside one of thirty. Where the model was chosen by a split that tests more labels, that one leads as well.

    Args:
        evidence: "test" and "valid" to plain evidence, as a release keeps it; of any version of Haoqi.
        metric: the one that decides; "": the first.
    """
    test, valid = (estimate(split, evidence.get(split), metric) for split in ("test", "valid"))
    if test is None or valid is None:
        alone = test or valid
        return None if alone is None else Headline(alone)
    return Headline(valid, test) if _says_more(valid, test) else Headline(test, valid)


def estimate(split: str, found: Any, metric: str = "") -> Estimate | None:
    """Return the score that plain evidence gives of a split; None where it gives none."""
    scores = found.get("scores") if isinstance(found, Mapping) else None
    if not scores or not found.get("examples", 1):
        return None
    name = metric if metric in scores else next(iter(scores))
    triple = scores[name]
    score, low, high = triple if isinstance(triple, list | tuple) and len(triple) == 3 else (triple, triple, triple)
    supports = [(str(row["label"]), int(row["support"])) for row in found.get("table", ())]
    return Estimate(
        split=split,
        metric=name,
        score=float(score),
        low=float(low),
        high=float(high),
        examples=int(found.get("examples", 0)),
        untested=tuple(label for label, support in supports if not support),
        tested=sum(support > 0 for _, support in supports),
        folds=int(found.get("folds", 0)),
        scorings=int(found.get("scorings", 0)),
    )


def _says_more(valid: Estimate, test: Estimate) -> bool:
    """Return whether the examples that chose the model say more of it than the test split does."""
    if not valid.examples or not test.examples:
        return False
    more = valid.examples >= MARGIN * test.examples
    return more or (valid.tested > test.tested and valid.examples >= LEAST * test.examples)
