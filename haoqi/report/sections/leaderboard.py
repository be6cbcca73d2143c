"""The leaderboard: every plan that was scored, on one scale."""

from haoqi.core import formats, quantities
from haoqi.report import values
from haoqi.report.charts import Mark, axis, interval
from haoqi.report.markup import Child, Markup, Said, join, named, tag
from haoqi.report.scale import Scale
from haoqi.report.sections.answer import SURE
from haoqi.report.standing import Standing, champion, scale_of, standings
from haoqi.report.story import Story
from haoqi.report.table import Column, disclosed, table
from haoqi.report.telling import spaced

SHOWN = 15


def draw(story: Story) -> Markup | None:
    """Return the section, or None where nothing was scored."""
    found = standings(story)
    if not found:
        return None
    scale = scale_of(found, story)
    mine = champion(found)
    reference = mine.score if mine else None
    lines = [_line(one, scale, reference, story) for one in found]
    lead = Said("board.lead", metric=named("metric", story.metric), where=_where(story))
    more = len(lines) - SHOWN
    return join(
        tag("p", spaced([lead, values.less_is_better(story)]), class_="prose"),
        _board(lines[:SHOWN], scale),
        disclosed(Said("table.more", count=more), _board(lines[SHOWN:], scale)) if more > 0 else None,
        tag("p", *_remarks(story, found), class_="prose"),
        disclosed(Said("board.others"), _metrics(story, found)) if len(_names(found)) > 1 else None,
    )


def _board(lines: list[Markup], scale: Scale) -> Markup:
    names = ("column.step", "column.plan", None, "column.score", "column.interval", "column.time", "column.versus")
    classes = ("place", "plan", "range", "score", "between", "time", "versus")
    heads = [
        tag("span", axis(scale) if name is None else Said(name), class_=class_, role="columnheader")
        for name, class_ in zip(names, classes, strict=True)
    ]
    head = tag("div", *heads, class_="board-row board-head", role="row")
    return tag("div", head, *lines, class_="board", role="table")


def _line(one: Standing, scale: Scale, reference: float | None, story: Story) -> Markup:
    others = tuple(row.score for row in one.rows if row.score is not None) if len(one.rows) > 1 else ()
    mark = Mark(one.score, one.low, one.high, "best" if one.champion else "", others)
    cells: list[tuple[str, Child]] = [
        ("place", str(one.number)),
        ("plan", [one.words, _seeds(one, story)]),
        ("range", interval(mark, scale, reference)),
        ("score", values.score(one.score, story)),
        ("between", values.between(one.low, one.high, story)),
        ("time", formats.duration(one.seconds)),
        ("versus", _versus(one, story)),
    ]
    row = [tag("span", cell, class_=class_, role="cell") for class_, cell in cells]
    return tag("div", *row, class_="board-row champion" if one.champion else "board-row", role="row")


def _seeds(one: Standing, story: Story) -> Markup | None:
    if len(one.rows) < 2:
        return None
    scores = ", ".join(values.score(row.score, story) for row in one.rows)
    return tag("small", Said("board.seeds", count=len(one.rows), scores=scores))


def _versus(one: Standing, story: Story) -> Child:
    if one.champion:
        return tag("b", Said("board.champion"))
    if one.versus is None:
        return formats.DASH
    mark = " †" if one.versus.retested else ""
    return join(
        values.signed(-one.versus.found.difference, story),
        " ",
        tag("small", formats.p_value(one.versus.found.p_value) + mark),
    )


def _where(story: Story) -> Said:
    if story.valid is None:
        return Said("board.where.unknown")
    count = formats.count(story.valid.examples)
    if story.folds:
        return Said("board.where.folds", count=count, folds=story.folds)
    return Said("board.where.valid", count=count)


def _remarks(story: Story, found: list[Standing]) -> list[Child]:
    close = sum(1 for one in found if one.versus is not None and one.versus.found.p_value >= SURE)
    failed = sum(1 for row in story.experiments if row.score is None)
    said: list[Child] = []
    if close:
        said.append(Said("board.close", close=Said("board.close.plans", count=close, n=close)))
    if any(one.versus is not None and one.versus.retested for one in found):
        said += [Said("gap"), Said("board.retested")]
    verdicts = (story.verdict_of(row) for one in found if one.champion for row in one.rows)
    for verdict in verdicts:  # of several seeds one was decided so at most
        if verdict is not None and verdict.chance_better is not None:
            chance = quantities.chance(verdict.chance_better)
            said += [Said("gap"), Said("board.chance_better", against=verdict.against, chance=chance)]
    if failed:
        said += [Said("gap"), Said("board.failed", count=failed, n=failed)]
    return said


def _names(found: list[Standing]) -> list[str]:
    return list(dict.fromkeys(name for one in found for row in one.rows for name in row.scores))


def _metrics(story: Story, found: list[Standing]) -> Markup:
    names = _names(found)
    columns = (
        Column(Said("column.step"), "number"),
        Column(Said("column.plan"), "name"),
        *(Column(named("metric", name), "number") for name in names),
    )
    rows: list[list[Child]] = [
        [str(one.number), one.words, *(formats.score(one.rows[0].scores.get(name)) for name in names)] for one in found
    ]
    return table(columns, rows)
