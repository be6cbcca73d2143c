"""What a plan learns from: its share of the training examples, after its recipe."""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cache, partial

import numpy as np

from haoqi.core import seeds
from haoqi.core.errors import UserError
from haoqi.core.events import Advanced
from haoqi.core.folder import write_atomic
from haoqi.data.examples import Examples, Indices
from haoqi.data.recipes import Floats, RecipeTools, Words, follow, recipes
from haoqi.explore.experiments.distillation import predict_as_teacher
from haoqi.explore.experiments.fit_job import build_job
from haoqi.explore.experiments.out_of_fold import predict_out_of_fold, predict_texts
from haoqi.explore.plans.plan import Plan
from haoqi.explore.setup.context import SearchContext
from haoqi.models.bases import Base, Generator, load_generator, resolve
from haoqi.models.predictor import Predictor
from haoqi.tasks.words import split_at_spans, words_of

WRITER = "smollm2"
"""The base that writes texts for recipes."""

_LONGEST_ANSWER = 160


def training_examples(plan: Plan, context: SearchContext, examples: Examples, *, part: int = 0) -> Examples:
    """Return what a plan learns from out of the examples that it may learn from.

    Two plans with one recipe and one seed get the same examples, whatever their methods.

    Args:
        plan: says the share, the recipe and the seed.
        context: what the recipe may use.
        examples: training examples: none that anything is judged on.
        part: the fold, in cross-validation.

    Raises:
        UserError: if the recipe does not suit the task, or needs what is not there.
    """
    shared = sample_examples(examples, plan, context)
    if not plan.recipe:
        return shared
    return follow(plan.recipe, shared, recipe_tools(plan, context, part))


def sample_examples(examples: Examples, plan: Plan, context: SearchContext, draw: int = 0) -> Examples:
    """Return the share of the examples that a plan learns from; larger shares of a draw contain smaller ones."""
    if plan.share >= 1:
        return examples
    names = ("sample", len(examples), draw) if draw else ("sample", len(examples))
    order = context.generator(*names).permutation(len(examples))
    first = _first_of_each(examples, order)
    count = max(len(first), round(len(examples) * plan.share))
    rest = order[~np.isin(order, first)]
    return examples.take(sorted([*first, *rest[: count - len(first)]]))


def recipe_tools(plan: Plan, context: SearchContext, part: int = 0) -> RecipeTools:
    """Return what a plan's recipes may use; what costs seconds to have is there only if one of them needs it."""
    needs = {need for name, settings in plan.recipe for need in recipes.build(name, **dict(settings)).needs}
    base = context.bases[plan.base] if plan.base else next(iter(context.bases.values()), None)
    writer = _writer(context) if "write" in needs else None
    unlabelled = context.splits.unlabelled
    return RecipeTools(
        kind=context.task.output.kind,
        pairs=context.task.pairs,
        labels=context.task.labels,
        seed=seeds.number(context.seed, "recipe", plan.seed, part),
        words=split_words if context.task.output.kind.of_words else words_of,
        held_out=partial(predict_out_of_fold, context),
        answers=partial(predict_texts, context),
        teacher=partial(predict_as_teacher, plan.made_of[0], context, fit=partial(_fitted, context))
        if plan.made_of
        else None,
        embeddings=None if base is None else partial(context.store.embeddings, base),
        word_vectors=None if base is None else partial(_word_vectors, base),
        unlabelled=unlabelled if unlabelled is not None and len(unlabelled) else None,
        write=None if writer is None else _kept(context, writer),
        writes=() if writer is None else writer.card.languages,
        report=lambda share, note: context.listen(Advanced(share, note)),
    )


def _fitted(context: SearchContext, plan: Plan, examples: Examples, part: int) -> Predictor:
    """Return what a plan learns from examples; no checkpoint of it is kept."""
    job = build_job(plan, context, training_examples(plan, context, examples, part=part))
    return context.method(plan).fit(replace(job, folder=None))


def split_words(examples: Examples) -> list[Words]:
    """Return the words of each text, none of which a span ends within."""
    return words_of(split_at_spans(examples))


def _word_vectors(base: Base, words: Sequence[str]) -> Floats:
    from haoqi.models.encoders.word_vectors import word_vectors

    return word_vectors(base, words)


def _writer(context: SearchContext) -> Base | None:
    """Return the base that writes, or None where it is not here."""
    try:
        return resolve(WRITER, context.cache)
    except UserError:
        return None


def _kept(context: SearchContext, base: Base) -> Callable[[str], str]:
    """Return a function that answers a request, each once in a run: a resumed run reads what was written."""

    @cache
    def generator() -> Generator:
        return load_generator(base)

    def write(request: str) -> str:
        name = hashlib.sha256(f"{base.fingerprint} {request}".encode()).hexdigest()[:16]
        path = context.folder / "written" / f"{name}.txt"
        if not path.exists():
            write_atomic(path, generator().generate(request, _LONGEST_ANSWER))
        return path.read_text(encoding="utf-8")

    return write


def _first_of_each(examples: Examples, order: Indices) -> list[int]:
    """Return one row of every single label, so that no sample lacks a class."""
    found: dict[str, int] = {}
    for row in order:
        label = examples.labels[int(row)]
        if isinstance(label, str):
            found.setdefault(label, int(row))
    return list(found.values())
