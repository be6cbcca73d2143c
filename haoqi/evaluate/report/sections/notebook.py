"""The notebook: what was tried and dropped, and why; failures and undecided ones included."""

from haoqi.evaluate.report import formats
from haoqi.evaluate.report.markup import Child, Markup, Said, join, tag
from haoqi.evaluate.report.story import Row, Story
from haoqi.evaluate.report.table import listed

SHOWN = 20


def draw(story: Story) -> Markup | None:
    """Return the section, or None where nothing was tried."""
    if not story.experiments:
        return None
    mine = next((row.plan for row in story.experiments if row.number == story.champion.number), None)
    dropped = [row for row in story.experiments if row.plan != mine or row.score is None]
    if not dropped:
        return tag("p", Said("notebook.none"), class_="prose")
    lead = Said("notebook.lead", tried=len(story.experiments), dropped=len(dropped))
    items = [_item(row, story) for row in dropped]
    return join(tag("p", lead, class_="prose"), listed(items, SHOWN, "notebook"))


def outcome(row: Row) -> str:
    """Return what became of an experiment in one word of texts: failed, worse, no_gain, close, dethroned, unjudged."""
    verdict = row.verdict
    if row.score is None or (verdict is not None and verdict.decision == "failed"):
        return "failed"
    if verdict is None:
        return "unjudged"
    if verdict.decision == "crowned":
        return "dethroned"
    if verdict.decision == "close":
        return "close"
    return "no_gain" if verdict.difference is not None and verdict.difference > 0 else "worse"


def _item(row: Row, story: Story) -> Markup:
    became = outcome(row)
    badge = tag("span", Said(f"outcome.{became}"), class_=f"outcome {became}")
    title = tag("p", tag("span", str(row.number), class_="place"), tag("strong", row.words), badge, class_="title")
    told: list[Child] = [_found(row), _verdict(row, became, story), tag("span", formats.duration(row.seconds))]
    facts = tag("p", *_separated(told), class_="facts-line")
    error = tag("p", row.error, class_="error") if row.error else None
    why = tag("p", Said("notebook.why", why=row.why), class_="why") if row.why else None
    return tag("li", title, error, facts, why)


def _found(row: Row) -> Child:
    if row.score is None:
        return None
    score = [formats.score(row.score), " (", formats.between(row.low, row.high), ")"] if row.low is not None else None
    shown = join(*score) if score else formats.score(row.score)
    if row.expected is None:
        return Said("notebook.found", score=shown)
    believed = {"expected": formats.score(row.expected), "doubt": formats.score(row.doubt)}
    surprised = row.doubt > 0 and abs(row.score - row.expected) > 2 * row.doubt
    said = Said("notebook.believed", score=shown, **believed)
    return join(said, ", ", tag("em", Said("notebook.surprise"))) if surprised else said


def _verdict(row: Row, became: str, story: Story) -> Child:
    verdict = row.verdict
    if verdict is None:
        return None
    if became == "dethroned":
        later = (one.number for one in story.experiments if one.verdict and one.verdict.decision == "crowned")
        after = next((number for number in later if number > row.number), None)
        return None if after is None else Said("notebook.dethroned", number=after)
    if verdict.difference is None or verdict.against is None:
        return None
    facts = {"difference": formats.signed(verdict.difference), "p": formats.p_value(verdict.p_value)}
    return Said("notebook.test", number=verdict.against, **facts)


def _separated(parts: list[Child]) -> list[Child]:
    kept = [part for part in parts if part is not None]
    return [one for place, part in enumerate(kept) for one in ((part,) if place == 0 else (" · ", part))]
