"""The model card of a release: what it answers, how good it is, where it came from, what it cannot do."""

from collections.abc import Mapping
from typing import Any

from haoqi.data.entity_marks import EXAMPLE
from haoqi.evaluate.headline import Headline, headline
from haoqi.models.compile.compiled import Compiled
from haoqi.models.model import Model
from haoqi.tasks.task import Task


def model_card(
    model: Model, evidence: Mapping[str, Any], reference: str, created: str, *, compiled: Compiled | None = None
) -> str:
    """Return the README.md of a release, in Markdown.

    Args:
        model: what is released.
        evidence: splits to their plain evidence, whose "scores" map a metric to (score, low, high).
        reference: name and version, such as "reviews@2".
        created: when, ISO 8601.
        compiled: what was measured when it was compiled.
    """
    parts = [
        f"# {reference}\n\nReleased {created} by Haoqi.",
        _answers(model),
        _scores(model, evidence),
        _speed(compiled),
        _origin(model),
        _limits(model, evidence, compiled),
        _use(reference, model.task),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _answers(model: Model) -> str:
    head = f"## What it answers\n\nThe task is {model.task.name or model.task.output.name}."
    if model.task.pairs:
        head += " It takes two texts at a time."
    if model.task.output.kind.of_marks:
        head += f" It is asked about two stretches of a text that are marked, as in `{EXAMPLE}`."
    if model.task.output.kind.is_number:
        half = model.calibration.get("half_width")
        within = "" if half is None else f", within {half:.4g} of the right one nine times of ten"
        return f"{head} Its answer is a number{within}."
    if model.task.output.kind.of_context:
        return f"{head} It takes a question and its context, and its answer is a stretch of the context, or none."
    labels = [f"- `{label}`{_meaning(model, label)}" for label in model.task.labels[:200]]
    more = len(model.task.labels) - 200
    if more > 0:
        labels.append(f"- and {more} more, all in model.json")
    return f"{head} Its labels:\n\n" + "\n".join(labels)


def _meaning(model: Model, label: str) -> str:
    return f": {model.task.descriptions[label]}" if label in model.task.descriptions else ""


def _scores(model: Model, evidence: Mapping[str, Any]) -> str:
    """Return what leads, what stands beside it, and a table of each split's scores, the deciding metric first."""
    from haoqi.evaluate import headline_words  # whoever only loads a release needs no report

    rows = []
    order = [metric.name for metric in model.task.metrics]
    for split, found in evidence.items():
        scores = found.get("scores", {}) if isinstance(found, Mapping) else {}
        for name in sorted(scores, key=lambda one: order.index(one) if one in order else len(order)):
            score, *bounds = scores[name] if isinstance(scores[name], list | tuple) else [scores[name]]
            between = f"{bounds[0]:.4f} to {bounds[1]:.4f}" if len(bounds) == 2 else ""
            examples = found.get("examples", "")
            rows.append(f"| {split} | {name} | {score:.4f} | {between} | {examples} |")
    if not rows:
        return ""
    summary = headline(evidence, order[0])
    first = [] if summary is None else [f"{line[0].upper()}{line[1:]}." for line in headline_words.lines(summary)]
    head = "| split | metric | score | 95 % interval | examples |\n|---|---|---|---|---|\n"
    note = " ".join(filter(None, (_untouched(summary), "All of the evidence is in evidence.json.")))
    return "\n\n".join(("## How good it is", *first, head + "\n".join(rows), note))


def _untouched(summary: Headline | None) -> str:
    """Return how far the test split was kept from every decision, as far as that is known."""
    if summary is None or summary.test is None:
        return ""
    if summary.scorings == 1:
        return "No decision looked at the test split; it was scored for no release of this name before."
    if summary.scorings > 1:
        return "No decision of the run looked at the test split, but people saw its earlier scores."
    return "No decision looked at the test split."


def _speed(compiled: Compiled | None) -> str:
    """Return a table of the forms that were measured, and which computes."""
    if compiled is None:
        return ""
    rows = [
        f"| {name} | {_number(one.texts_per_second, '.0f')} | {_number(one.latency_ms, '.1f')} | "
        f"{_number(one.unchanged, '.2%')} | {_number(one.score, '.4f')} | {one.verdict} |"
        for name, one in compiled.forms.items()
        if one.texts_per_second is not None
    ]
    head = (
        "## How fast it is\n\n"
        f"| computed by | texts a second | one text, ms | answers unchanged | {compiled.metric} | verdict |\n"
        "|---|---|---|---|---|---|\n"
    )
    note = (
        f"\n\nMeasured on one machine, {compiled.threads} cores, and compared on {compiled.example_count:,} labelled "
        "texts; all of it is in compiled/compiled.json. `haoqi compile` measures again on another machine."
    )
    return head + "\n".join(rows) + note


def _number(value: float | None, form: str) -> str:
    return "" if value is None else format(value, form)


def _origin(model: Model) -> str:
    facts = [
        f"- {name.replace('_', ' ')}: {_short(value)}"
        for name, value in model.facts.items()
        if value not in (None, {}, "")
    ]
    card = getattr(getattr(model.predictor, "base", None), "card", None)
    if card is not None:
        source = card.original or card.name
        facts.append(
            f"- base: {source}, licence {card.licence or 'unknown'}, {card.parameters / 1e6:.0f} million parameters"
        )
    return "## How it was made\n\n" + "\n".join(facts) if facts else ""


def _short(value: Any) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{name} {_short(one)}" for name, one in value.items())
    return f"{value:g}" if isinstance(value, float) else str(value)


def _limits(model: Model, evidence: Mapping[str, Any], compiled: Compiled | None) -> str:
    kind = model.task.output.kind
    every = "It answers every text with its own labels, also a text that none of them fits; look at the confidence."
    if kind.is_number:
        every = "It answers every text with a number, also a text that has none; look at the interval."
    if kind.of_context:
        every = "It finds what stands in a context, right or wrong, and knows nothing else; look at the confidence."
    lines = [
        every,
        "It repeats what its examples hold, prejudice and errors included.",
        "Texts unlike its examples (another source, language, length or time) are answered worse than the table says.",
    ]
    if compiled is not None and compiled.first_stage_tokens is not None:
        lines.append(
            f"Of a long text it reads the first {compiled.first_stage_tokens} tokens, and more only where the "
            "confidence margin of these is small."
        )
    if (summary := headline(evidence)) is not None and summary.untested:
        names = ", ".join(f"`{label}`" for label in summary.untested)
        lines.append(f"Of these labels it had no example to be tested on, and the scores leave them out: {names}.")
    if "test" not in evidence:
        lines.append("It was not scored on examples that nobody had looked at.")
    return "## Limits\n\n" + "\n".join(f"- {line}" for line in lines)


def _use(reference: str, task: Task) -> str:
    name = reference.partition("@")[0]
    one = f'"{EXAMPLE}"' if task.output.kind.of_marks else '"some text"'
    both = ('"a question"', '"its context"') if task.output.kind.of_context else (one, '"another text"')
    texts = " ".join(both) if task.of_two else both[0]
    given = f"({', '.join(both)})" if task.of_two else both[0]
    return (
        f"## How to use it\n\n```\nhaoqi predict {name} {texts}\n```\n\n"
        f'```python\nimport haoqi\n\nmodel = haoqi.load("{reference}")\nmodel({given}).label\n```'
    )
