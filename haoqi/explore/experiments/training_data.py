"""What a plan learns from: its share of the training examples, after its recipe."""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cache, partial

from haoqi.core import folder, seeds
from haoqi.core.errors import UserError
from haoqi.core.events import Advanced
from haoqi.core.folder import write_atomic
from haoqi.data.examples import Examples
from haoqi.data.recipes import Floats, Kit, Words, follow, recipes
from haoqi.explore.experiments.distillation import taught
from haoqi.explore.experiments.fit_job import job_of
from haoqi.explore.experiments.out_of_fold import answers, held_out
from haoqi.explore.plans.plan import Plan
from haoqi.explore.setup.context import Lab
from haoqi.models.bases import Base, Generator, load_generator, resolve
from haoqi.models.predictor import Predictor
from haoqi.tasks.words import split_at_spans, words_of

WRITER = "smollm2"
"""The base that writes texts for recipes."""

_LONGEST_ANSWER = 160


def training_examples(plan: Plan, lab: Lab, examples: Examples, *, part: int = 0) -> Examples:
    """Return what a plan learns from out of the examples that it may learn from.

    Two plans with one recipe and one seed get the same examples, whatever their methods.

    Args:
        plan: says the share, the recipe and the seed.
        lab: what the recipe may use.
        examples: training examples: none that anything is judged on.
        part: the fold, in cross-validation.

    Raises:
        UserError: if the recipe does not suit the task, or needs what is not there.
    """
    shared = lab.sample(examples, plan)
    if not plan.recipe:
        return shared
    return follow(plan.recipe, shared, kit_of(plan, lab, part))


def kit_of(plan: Plan, lab: Lab, part: int = 0) -> Kit:
    """Return what a plan's recipes may use; what costs seconds to have is there only if one of them needs it."""
    needs = {need for name, settings in plan.recipe for need in recipes.build(name, **dict(settings)).needs}
    base = lab.bases[plan.base] if plan.base else next(iter(lab.bases.values()), None)
    writer = _writer() if "write" in needs else None
    unlabelled = lab.splits.unlabelled
    return Kit(
        output=lab.task.output.name,
        labels=lab.task.labels,
        seed=seeds.number(lab.seed, "recipe", plan.seed, part),
        words=split_words if lab.task.output.name == "spans" else words_of,
        held_out=partial(held_out, lab),
        answers=partial(answers, lab),
        teacher=partial(taught, plan.made_of[0], lab, fit=partial(_fitted, lab)) if plan.made_of else None,
        embeddings=None if base is None else partial(lab.store.embeddings, base),
        word_vectors=None if base is None else partial(_word_vectors, base),
        unlabelled=unlabelled if unlabelled is not None and len(unlabelled) else None,
        write=None if writer is None else _kept(lab, writer),
        writes=() if writer is None else writer.card.languages,
        report=lambda share, note: lab.listen(Advanced(share, note)),
    )


def _fitted(lab: Lab, plan: Plan, examples: Examples, part: int) -> Predictor:
    """Return what a plan learns from examples; no checkpoint of it is kept."""
    job = job_of(plan, lab, training_examples(plan, lab, examples, part=part))
    return lab.method(plan).fit(replace(job, folder=None))


def split_words(examples: Examples) -> list[Words]:
    """Return the words of each text, none of which a span ends within."""
    return words_of(split_at_spans(examples))


def _word_vectors(base: Base, words: Sequence[str]) -> Floats:
    from haoqi.models.word_vectors import word_vectors

    return word_vectors(base, words)


def _writer() -> Base | None:
    """Return the base that writes, or None where it is not here."""
    try:
        return resolve(WRITER, folder.cache())
    except UserError:
        return None


def _kept(lab: Lab, base: Base) -> Callable[[str], str]:
    """Return a function that answers a request, each once in a run: a resumed run reads what was written."""

    @cache
    def generator() -> Generator:
        return load_generator(base)

    def write(request: str) -> str:
        name = hashlib.sha256(f"{base.fingerprint} {request}".encode()).hexdigest()[:16]
        path = lab.folder / "written" / f"{name}.txt"
        if not path.exists():
            write_atomic(path, generator().generate(request, _LONGEST_ANSWER))
        return path.read_text(encoding="utf-8")

    return write
