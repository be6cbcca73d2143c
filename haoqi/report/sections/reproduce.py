"""How to reproduce the run."""

from haoqi.report.markup import Child, Markup, Said, join, tag
from haoqi.report.story import Story
from haoqi.report.table import disclosed


def draw(story: Story) -> Markup:
    """Return the section."""
    facts: list[tuple[Said, Child]] = [(Said("reproduce.seed"), str(story.seed))]
    if story.hardware:
        facts.append((Said("reproduce.machine"), story.hardware))
    if story.packages:
        facts.append((Said("reproduce.packages"), ", ".join(f"{name} {v}" for name, v in story.packages.items())))
    if fingerprint := story.card.get("fingerprint"):
        facts.append((Said("reproduce.data"), tag("code", str(fingerprint))))
    if story.digest:
        facts.append((Said("reproduce.ledger"), tag("code", story.digest)))
    told = tag("dl", *(tag("div", tag("dt", name), tag("dd", value)) for name, value in facts), class_="facts")
    return join(
        tag("p", Said("reproduce.lead"), class_="prose"),
        tag("pre", tag("code", story.command), tabindex="0") if story.command else None,
        told,
        disclosed(Said("reproduce.settings"), tag("pre", tag("code", story.settings), tabindex="0"))
        if story.settings
        else None,
    )
