"""I(t): what the search learnt, and which step is to thank for it."""

from haoqi.core import formats
from haoqi.report import values
from haoqi.report.knowledge import chart
from haoqi.report.markup import Child, Markup, Said, join, tag
from haoqi.report.scale import knowledge_scale
from haoqi.report.story import Story
from haoqi.report.table import Column, disclosed, table

ROLES = ("explore", "verify", "reflect", "ensemble", "distil")


def draw(story: Story) -> Markup | None:
    """Return the section, or None where nothing was recorded."""
    if not story.curve:
        return None
    if len(story.curve) == 1:
        return tag("p", Said("curve.single"), class_="prose")
    drawing = chart(story.curve, story.experiments, turned=not story.task.metric.greater_is_better)
    if drawing is None:
        return tag("p", Said("curve.none"), class_="prose")
    scale = knowledge_scale([step.score for step in story.curve if step.score is not None])
    stretched = Said("curve.stretched") if scale.form == "error" else None
    lead: list[Child] = [Said("curve.lead"), Said("gap"), stretched or values.less_is_better(story)]
    return join(
        tag("p", lead, class_="prose"),
        tag("figure", _legend(story), tag("div", drawing, class_="plot"), _axis_name(), class_="wide-figure"),
        tag("p", _credit(story), class_="prose"),
        disclosed(Said("table.show"), _steps(story)),
    )


def _legend(story: Story) -> Markup:
    roles = dict.fromkeys(step.role for step in story.curve)
    items = [tag("li", tag("i", class_="key champion"), Said("curve.legend.champion"))]
    items += [tag("li", tag("i", class_=f"key {role}"), _role(role)) for role in roles]
    if any(row.score is None for row in story.experiments):
        items.append(tag("li", tag("i", "×", class_="key failed"), Said("role.failed")))
    return tag("ul", *items, class_="legend")


def _axis_name() -> Markup:
    return tag("p", Said("curve.axis"), class_="axis-name")


def _credit(story: Story) -> Said:
    gains = {True: 0.0, False: 0.0}
    seconds = {True: 0.0, False: 0.0}
    took = {row.number: row.seconds for row in story.experiments}
    for step in story.curve:
        gains[step.role == "explore"] += step.gain
        seconds[step.role == "explore"] += took.get(step.step, 0.0)
    total = seconds[True] + seconds[False]
    more = story.task.metric.greater_is_better
    explored = formats.signed(gains[True])
    if not seconds[False]:
        return Said("curve.credit.explore" if more else "curve.credit.explore.less", explored=explored)
    return Said(
        "curve.credit" if more else "curve.credit.less",
        share=formats.share(seconds[True] / total),
        explored=explored,
        rest=formats.share(seconds[False] / total),
        verified=formats.signed(gains[False]),
    )


def _steps(story: Story) -> Markup:
    columns = (
        Column(Said("column.step"), "number"),
        Column(Said("column.plan")),
        Column(Said("column.role")),
        Column(Said("column.spent"), "number"),
        Column(Said("column.gain"), "number"),
        Column(Said("column.level"), "number"),
        Column(Said("column.alpha"), "number"),
        Column(Said("column.beta"), "number"),
    )
    rows: list[list[Child]] = [
        [
            str(step.step),
            step.plan,
            _role(step.role),
            formats.duration(step.spent_seconds),
            formats.signed(step.gain) if step.gain else formats.DASH,
            values.score(step.score, story),
            formats.signed(step.alpha),
            f"{step.beta:.2f}",
        ]
        for step in story.curve
    ]
    return table(columns, rows)


def _role(role: str) -> Child:
    return Said(f"role.{role}") if role in ROLES else role
