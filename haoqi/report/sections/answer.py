"""The answer first: what was released, how good it is, and how sure that is."""

from math import isfinite

from haoqi.core import formats
from haoqi.data.entity_marks import EXAMPLE
from haoqi.evaluate import headline_words
from haoqi.evaluate.evidence import Evidence
from haoqi.evaluate.headline import MARGIN, Headline
from haoqi.explore.plans.method_roles import is_control, is_simple
from haoqi.report import promotion, values
from haoqi.report.charts import Mark, axis, interval
from haoqi.report.markup import Child, Markup, Said, Within, join, listed, named, tag
from haoqi.report.scale import Scale
from haoqi.report.standing import Standing, baseline, champion, majority, standings
from haoqi.report.story import Story

SURE = 0.05
"""Below this p-value, a difference counts as measured."""

_NAMED = 20
"""Of labels that were not tested, so many are named."""

CORRELATIONS = ("pearson", "spearman")
"""Metrics by which the same answer to everything is worth 0, whatever the chance of its folds made of it."""

ENDINGS = ("budget", "steps", "exhausted", "worth", "stopped")


def draw(story: Story) -> Markup:
    """Return the section."""
    found = standings(story)
    return join(
        _headline(story),
        _promotion(story),
        _ladder(story, found),
        _sentences(story, found),
        _box("answer.notes", list(story.notes)),
        _facts(story),
    )


def _headline(story: Story) -> Markup:
    found = story.headline
    if found is None:
        said = Said("answer.unscored", words=_champion(story))
        return tag("p", said, class_="lead")
    one = found.lead
    key = "answer.released" if one.split == "test" else "answer.released.folds" if one.folds else "answer.untested"
    said = Said(key, words=_champion(story), count=formats.count(one.examples))
    figure = tag("span", formats.score(one.score), class_="figure")
    less = values.less_is_better(story)
    name: list[Child] = [named("metric", story.metric), *((" ", tag("small", less)) if less else ())]
    unit = tag("span", name, class_="unit")
    span = tag("span", formats.between(one.low, one.high), " ", tag("small", Said("interval")), class_="range")
    big = tag("p", figure, tag("span", unit, span, class_="beside"), class_="big")
    limits = [tag("p", line, class_="prose") for line in _limits(found)]
    return join(tag("p", said, class_="lead"), big, *limits)


def _limits(found: Headline) -> list[Said]:
    """Return what stands beside the score that leads: what was not tested, the other score, earlier scorings."""
    said = []
    if labels := found.untested:
        key = "answer.untested_labels" if found.test else "answer.untested_labels.valid"
        said.append(Said(key, labels=tag("strong", headline_words.listed(labels, _NAMED)), n=len(labels)))
    if (other := found.beside) is not None:
        kind = "folds" if other.folds else other.split
        if kind == "test" and found.lead.examples < MARGIN * other.examples:
            kind = "test_labels"
        facts = {"score": formats.score(other.score), "interval": formats.between(other.low, other.high)}
        said.append(Said(f"answer.beside.{kind}", count=formats.count(other.examples), n=other.examples, **facts))
    if found.scorings > 1:
        said.append(Said("answer.scored_again", times=found.scorings))
    return said


def _promotion(story: Story) -> Markup | None:
    """Return which version answers, where that is not what one expects, and what to type."""
    version = story.version or 0
    lines = promotion.told(story.name, version, story.promotion)
    if not lines:
        return None
    said = Said("promotion.back" if story.promotion["promoted"] else "promotion.promote")
    typed = tag("code", promotion.command(story.name, version, story.promotion))
    sentences: list[Child] = [part for line in lines for part in (line, Said("gap"))]
    told = (tag("p", *sentences), tag("p", said, " ", typed))
    return tag("aside", tag("h3", Said("promotion.title")), *told, class_="note")


def _ladder(story: Story, found: list[Standing]) -> Markup | None:
    """Return released model and simple ones on one scale."""
    rows: list[tuple[Child, Child, Mark]] = []
    mine, plain, simple = champion(found), majority(found), baseline(found)
    if story.test and story.tested:
        rows.append((Said("answer.test"), _count(story.test), _mark(story.test, story, "test")))
    if story.valid:
        kind = Said("answer.folds" if story.valid.folds else "answer.valid")
        rows.append((kind, _count(story.valid), _mark(story.valid, story, "best")))
    elif mine:
        rows.append((Said("answer.valid"), "", Mark(mine.score, mine.low, mine.high, "best")))
    if simple and not simple.champion:
        drawn = Mark(simple.score, simple.low, simple.high)
        rows.append((_validated("answer.row.baseline", story), simple.words, drawn))
    if plain and not plain.champion:
        number = story.task.output.kind.is_number
        drawn = Mark(0.0, 0.0, 0.0) if story.metric in CORRELATIONS else Mark(plain.score, plain.low, plain.high)
        nothing = _validated("answer.row.majority.number" if number else "answer.row.majority", story)
        rows.append((nothing, None if number else plain.words, drawn))
    if len(rows) < 2:
        return None
    scale = _ladder_scale([mark for _, _, mark in rows], story)
    lines = [
        tag(
            "div",
            tag("span", label, tag("small", " ", note) if note else None, class_="rung-name"),
            interval(mark, scale),
            tag("span", values.score(mark.score, story), class_="rung-score"),
            class_="rung",
        )
        for label, note, mark in rows
    ]
    foot = tag("div", tag("span"), axis(scale, 5), tag("span"), class_="rung rung-axis")
    caption = tag("figcaption", Said("answer.ladder", metric=named("metric", story.metric)))
    return tag("figure", caption, *lines, foot, class_="ladder")


def _validated(key: str, story: Story) -> Said:
    """Return what a row is called, which says on what its score rests."""
    return Said(f"{key}.folds" if story.folds else key)


def _sentences(story: Story, found: list[Standing]) -> Markup:
    said = [_sure(story), _chosen(story, found)]
    mine, plain, simple = champion(found), majority(found), baseline(found)
    if mine and len(found) == 1:
        said.append(Said("answer.alone"))
    elif mine:
        if simple and not simple.champion:
            said.append(_versus(mine, simple, "answer.baseline", story))
        if plain and not plain.champion:
            said.append(_versus_nothing(mine, plain, story))
        if mine is simple:
            costly = not all(is_simple(one.rows[0].plan.method) or is_control(one.rows[0].plan.method) for one in found)
            said.append(Said("answer.simple" if costly else "answer.only_simple"))
    return join(*(tag("p", one, class_="prose") for one in said if one))


def _chosen(story: Story, found: list[Standing]) -> Said | None:
    """Return what is left of the validation score, since the same examples chose the model."""
    if story.corrected is None or story.valid is None or len(found) < 2:
        return None
    score = formats.score(story.valid.scores[story.metric][0])
    count = formats.count(len(found))
    key = "answer.chosen" if story.task.metric.greater_is_better else "answer.chosen.less"
    return Said(key, count=count, score=score, corrected=values.score(story.corrected, story))


def _sure(story: Story) -> Said | None:
    if story.headline is None:
        return None
    one = story.headline.lead
    facts = {"low": formats.score(one.low), "high": formats.score(one.high), "count": formats.count(one.examples)}
    key = "answer.sure" if one.split == "test" else "answer.sure.valid"
    return Said(key, half=formats.score((one.high - one.low) / 2), **facts)


def _versus_nothing(mine: Standing, plain: Standing, story: Story) -> Said:
    """Return the champion against the same answer to everything; a number that never changes correlates with none."""
    if story.metric in CORRELATIONS:
        return Said("answer.constant")
    number = story.task.output.kind.is_number
    return _versus(mine, plain, "answer.majority.number" if number else "answer.majority", story)


def _versus(mine: Standing, other: Standing, key: str, story: Story) -> Said:
    """Return the champion against a simple plan: a gain where it is sure, else the difference of the scores."""
    name = Said(key, words=other.words)
    if other.versus is None:
        mean, theirs = values.score(mine.score, story), values.score(other.score, story)
        return Said("answer.versus", score=mean, other=name, baseline=theirs)
    found = other.versus.found
    sure = found.p_value < SURE and found.difference > 0
    gain = (
        formats.signed(found.difference),
        Said("range", low=formats.signed(found.low), high=formats.signed(found.high)),
    )
    plain = values.signed(found.difference, story), values.differences(found.low, found.high, story)
    difference, interval_ = gain if sure else plain
    return Said(
        "answer.beats" if sure else "answer.level",
        other=name,
        difference=tag("strong", difference),
        interval=interval_,
        p=formats.p_value(found.p_value),
    )


def _facts(story: Story) -> Markup:
    rows = story.card.get("rows", {})
    spent = max((step.spent_seconds for step in story.curve), default=sum(r.seconds for r in story.experiments))
    made = len(story.experiments)
    shown = story.shown
    labels = (
        Said("fact.labels", count=formats.count(len(story.task.labels)))
        if story.task.output.kind.has_classes
        else Said("fact.number" if story.task.output.kind.is_number else "fact.context")
    )
    pairs: list[tuple[Said, Child]] = [
        (Said("fact.task"), listed([named("task", story.task.name), labels])),
        (Said("fact.model"), [story.champion.plan.words(), " · ", formats.duration(story.champion.seconds)]),
    ]
    if "train" in rows:
        learnt = story.learnt_from or rows["train"]
        more = "fact.trained.whole" if learnt > rows["train"] else "examples"
        pairs.append((Said("fact.trained"), Said(more, count=formats.count(learnt), n=learnt)))
    searched = Said("fact.search.value", count=formats.count(made), n=made, time=formats.duration(spent))
    pairs.append((Said("fact.search"), searched))
    if story.ended:
        ending = Said(f"ended.{story.ended}") if story.ended in ENDINGS else story.ended
        pairs.append((Said("fact.ended"), ending))
    if shown and len(shown.scores) > 1:
        pairs.append((Said("answer.others"), _others(shown, story.metric)))
    bare = story.promotion.get("promoted", True)
    name = story.name if bare else f"{story.name}@{story.version}"
    text = EXAMPLE if story.task.output.kind.of_marks else "…"
    asked = " ".join([f'"{text}"'] * (2 if story.task.of_two else 1))
    pairs.append((Said("answer.use"), tag("code", f"haoqi predict {name} {asked}")))
    return tag("dl", *(tag("div", tag("dt", name), tag("dd", value)) for name, value in pairs), class_="facts")


def _others(shown: Evidence, deciding: str) -> Child:
    """Return the scores in the metrics that do not decide."""
    others = [(name, value) for name, (value, _, _) in shown.scores.items() if name != deciding]
    return listed([[named("metric", name), " ", formats.score(value)] for name, value in others])


def _count(evidence: Evidence) -> Said:
    return Said("examples", count=formats.count(evidence.examples), n=evidence.examples)


def _mark(evidence: Evidence, story: Story, class_: str) -> Mark:
    """Return a score of evidence in merits, as those of experiments are."""
    value, low, high = (story.task.metric.shown(one) for one in evidence.scores[story.metric])
    return Mark(value, min(low, high), max(low, high), class_)


def _ladder_scale(marks: list[Mark], story: Story) -> Scale:
    """Return a scale up to the best merit there can be, from 0 where that is no merit itself."""
    metric, lowest = story.task.metric, min(mark.score if mark.low is None else mark.low for mark in marks)
    if metric.greater_is_better and metric.most <= 1:
        return Scale(min(0.0, lowest), 1.0)
    best, highest = metric.merits[1], max(mark.score if mark.high is None else mark.high for mark in marks)
    high = best if isfinite(best) else highest
    margin = 0.04 * (high - lowest) or 0.01
    return Scale(lowest - margin, high if isfinite(best) else high + margin, turned=not metric.greater_is_better)


def _box(key: str, lines: list[str]) -> Markup | None:
    if not lines:
        return None
    told: Child = tag("p", lines[0]) if len(lines) == 1 else tag("ul", *(tag("li", line) for line in lines))
    return tag("aside", tag("h3", Said(key)), told, class_="note")


def _champion(story: Story) -> Said:
    return Within("strong", story.champion.plan.words())
