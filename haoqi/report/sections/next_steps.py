"""Next steps, right under the answer: what to do first, what else could be done, and what each gains and costs."""

from haoqi.core import formats
from haoqi.evaluate.advice import ChosenRow, NextStep
from haoqi.report.markup import Child, Markup, Said, join, named, tag
from haoqi.report.steps import (
    gain_of,
    hints_of,
    interval_of,
    lead_of,
    name_of,
    promising_of,
    reason_of,
    time_of,
)
from haoqi.report.story import Story
from haoqi.report.table import Column, disclosed, table
from haoqi.report.telling import spaced

_LETTERS = 240


def draw(story: Story) -> Markup | None:
    """Return the section, or None where nothing was found out."""
    advice = story.advice
    if advice is None:
        return None
    rather = promising_of(advice)
    lead = tag("p", tag("strong", lead_of(advice)), [" ", rather] if rather else None)
    hints = [tag("p", hint) for hint in hints_of(advice)]
    columns = [
        Column(Said("step.column.step"), "name"),
        Column(Said("step.column.gain", metric=named("metric", advice.metric)), "number"),
        Column(Said("step.column.interval"), "number"),
        Column(Said("step.column.human"), "number"),
        Column(Said("step.column.machine"), "number"),
        Column(Said("step.column.rate"), "number"),
    ]
    currency = Said("step.currency", worth=f"{advice.worth:g}")
    less = None if advice.greater_is_better else Said("step.currency.less")
    reasons = [tag("li", tag("strong", name_of(one)), ": ", reason_of(one)) for one in advice.steps]
    lists = [_rows(one) for one in advice.steps if one.rows]
    return join(
        tag("aside", lead, *hints, class_="note next"),
        table(columns, [_row(one) for one in advice.steps]),
        tag("p", spaced([currency, less]), class_="prose quiet"),
        disclosed(Said("step.reasons"), tag("ul", *reasons, class_="remarks")),
        *lists,
        tag("p", Said("step.export"), " ", tag("code", f"haoqi next {story.name} --file to_label.csv"), class_="quiet")
        if lists
        else None,
    )


def _row(step: NextStep) -> list[Child]:
    """Return a line of the table; the last cell has the gain per minute of a person, else of the machine."""
    mine = step.per_minute(step.human_seconds)
    rate = mine if mine is not None else step.per_minute(step.compute_seconds)
    return [
        name_of(step),
        gain_of(step),
        interval_of(step),
        time_of(step.human_seconds),
        time_of(step.compute_seconds),
        formats.DASH if rate is None else f"{rate:+.4f}".replace("-", formats.MINUS),
    ]


def _rows(step: NextStep) -> Markup:
    """Return the texts of a step, folded away."""
    return disclosed(
        Said("step.rows", step=name_of(step), count=len(step.rows), n=len(step.rows)),
        tag("ol", *map(_item, step.rows), class_="remarks"),
    )


def _item(row: ChosenRow) -> Markup:
    told: list[Child] = [tag("small", Said("mistakes.row", row=formats.count(row.row + 1))), " "]
    if row.label and row.instead:
        told.append(Said("step.rather", label=tag("strong", row.label), instead=tag("strong", row.instead)))
    elif row.instead:
        told.append(Said("step.guess", instead=tag("strong", row.instead)))
    return tag("li", *told, " ", tag("q", formats.clip(row.text, _LETTERS)))
