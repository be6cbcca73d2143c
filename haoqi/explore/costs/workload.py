"""The workload of a plan: its fits, its scoring, and what the feature store does not hold yet."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace

from haoqi.explore.setup.imported_libraries import LIBRARIES, NEEDED_BY_ALL
from haoqi.methods.work import Load, Size, States, Work, answered, embedded

# Tokens of texts that are cut in the time that deciding on one of a vocabulary takes.
_TOKENS_EACH = 8.0


@dataclass(frozen=True)
class StoredFeatures:
    """What the feature store holds of one base, as far as the history tells."""

    taken: float = 0.0
    """Training texts that were embedded as they come; more of them contain fewer."""
    drawn: float = 0.0
    """Training texts that were embedded in an order of their own."""
    judged: bool = False
    """Whether the texts that are scored were embedded."""
    states: Mapping[States, float] = field(default_factory=dict)
    """Texts whose hidden states were computed."""

    @property
    def held(self) -> bool:
        """Whether the base is in memory, since something was computed with it as it is."""
        return self.judged or self.taken + self.drawn + sum(self.states.values()) > 0


@dataclass(frozen=True)
class Trial:
    """How a plan is tried."""

    size: Size
    """Of one fit, and of what is scored with it."""
    rows: int
    """Training examples that there are; those of all folds together in cross-validation."""
    folds: int = 0
    """Of cross-validation, 0 where a validation split is scored."""

    @property
    def fits(self) -> int:
        """How often the method is fitted."""
        return max(1, self.folds)

    def wanted(self, work: Work) -> float:
        """Return how many training texts are embedded in the end."""
        if not self.folds:
            return work.embeds
        # What is scored in one fold is learnt from in the others.
        return self.rows if work.asks else min(self.rows, work.embeds * self.folds)

    def with_states(self) -> float:
        """Return how many texts have hidden states in the end."""
        return min(self.rows, self.size.train_rows * self.fits) + self.size.watched_rows


def plan_load(work: Work, trial: Trial, kept: StoredFeatures) -> Load:
    """Return what a plan does: its fits, the scoring, what is embedded anew, and the statistics of the test.

    Cross-validation multiplies fits and scoring. What the store holds is computed once, whatever the folds, and not
    at all if an earlier plan of the run has computed it.

    Args:
        work: what its method says.
        trial: how it is tried.
        kept: what is there already, of its base.
    """
    size, times = trial.size, trial.fits
    load = Load(plans=1) + (work.fit + work.score).times(times) + answered(size, size.valid_rows * times)
    if trial.folds:
        load = replace(load, saved=0.0)  # only answers are kept
    texts = sum(_new_texts(work, trial, kept))
    load += embedded(size, texts) + Load(found=times * (work.embeds + size.valid_rows * work.asks) / 1e6)
    if work.states:
        missing = max(0.0, trial.with_states() - kept.states.get(work.states, 0.0))
        load += Load(forward=missing * size.forward(work.states.limit, work.states.below))
        texts += missing
    return load + _bases(size, times if work.tunes else 0, texts > 0, kept.held)


def features_after(kept: StoredFeatures, work: Work, trial: Trial) -> StoredFeatures:
    """Return what the store holds of a base once a plan was run."""
    wanted = trial.wanted(work)
    states = dict(kept.states)
    if work.states:
        states[work.states] = max(states.get(work.states, 0.0), trial.with_states())
    if work.drawn and not trial.folds:
        kept = replace(kept, drawn=max(kept.drawn, wanted))
    else:
        kept = replace(kept, taken=max(kept.taken, wanted))
    return replace(kept, judged=kept.judged or work.asks, states=states)


def import_load(work: Work, fresh: Collection[str]) -> Load:
    """Return what importing libraries takes, of those that were not imported yet."""
    return Load(**dict.fromkeys({*work.libraries, NEEDED_BY_ALL} & LIBRARIES.keys() & set(fresh), 1.0))


def base_load(size: Size) -> Load:
    """Return what reading a base from disk takes."""
    return Load(loads=1, loaded=size.weights / 1e6)


def trimming_load(size: Size, *, again: bool) -> Load:
    """Return what writing a smaller copy of a base takes: all of it is written and read, and each token looked at.

    Args:
        size: of the base.
        again: whether its vocabulary was cut before.
    """
    cut = 0.0 if again else _TOKENS_EACH * size.vocabulary / 1e6
    return Load(saved=size.weights / 1e6, loaded=size.weights / 1e6, pieces=cut)


def _bases(size: Size, copies: int, used: bool, held: bool) -> Load:
    """Return what getting the base takes: from disk until it is held, which it is once it was used as it is.

    Args:
        size: of the base.
        copies: fits that change one.
        used: whether it is used as it is, too, which happens in the first fit.
        held: whether it is held from the beginning.
    """
    reads = 0 if held else int(used) + (min(1, copies) if used else copies)
    from_memory = copies if held else max(0, copies - 1) if used else 0
    return base_load(size).times(reads) + Load(copied=from_memory * size.weights / 1e6)


def _new_texts(work: Work, trial: Trial, kept: StoredFeatures) -> tuple[float, float]:
    """Return how many training texts and scored texts are yet to be embedded."""
    wanted, rows = trial.wanted(work), max(1, trial.rows)
    if trial.folds:
        return max(0.0, wanted - max(kept.taken, kept.drawn)), 0.0
    mine, other = (kept.drawn, kept.taken) if work.drawn else (kept.taken, kept.drawn)
    # Of those that the others have embedded, a fair share is among mine.
    train = max(0.0, wanted - mine) * (1 - min(1.0, other / rows))
    return train, float(trial.size.valid_rows if work.asks and not kept.judged else 0)
