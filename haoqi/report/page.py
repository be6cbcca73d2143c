"""The report as one HTML file that needs nothing else: no network, no library, no script to be readable."""

from pathlib import Path

from haoqi.core import formats
from haoqi.core.folder import write_atomic
from haoqi.report.markup import LANGUAGES, Markup, Said, resource, tag
from haoqi.report.sections import (
    answer,
    calibration,
    confusion,
    curve,
    data,
    errors,
    leaderboard,
    lessons,
    levels,
    mistakes,
    next_steps,
    notebook,
    reproduce,
)
from haoqi.report.story import Story

SECTIONS = (
    *(answer, next_steps, curve, leaderboard, lessons, levels, confusion, errors),
    *(calibration, mistakes, data, notebook, reproduce),
)
"""In the order of the page."""


def render(story: Story) -> str:
    """Return the report of a run as a self-contained HTML page, in English and Chinese."""
    drawn = [(module.__name__.rpartition(".")[2], module.draw(story)) for module in SECTIONS]
    parts = [(name, content) for name, content in drawn if content]
    chosen = story.language if story.language in LANGUAGES else None
    page = tag(
        "html",
        _head(story),
        tag("body", _masthead(story), tag("main", *_sections(parts)), _foot(story), _script()),
        lang=LANGUAGES[chosen or "en"],
        data_language=chosen or "en",
        data_chosen=chosen is not None,
    )
    return f"<!doctype html>\n{page}\n"


def write(story: Story, path: Path) -> Path:
    """Write the report whole or not at all, and return its path.

    Raises:
        UserError: if there is no space left, or the folder cannot be written to.
    """
    write_atomic(path, render(story))
    return path


def _head(story: Story) -> Markup:
    return tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", name="color-scheme", content="light dark"),
        tag("meta", name="robots", content="noindex"),
        tag("title", f"{_title(story)} · Haoqi"),
        tag("style", Markup(resource("style.css"))),
    )


def _masthead(story: Story) -> Markup:
    kind = tag("span", "Haoqi 好奇", class_="brand"), " · ", Said("page.kind")
    created = [" · ", tag("time", formats.moment(story.created))] if story.created else []
    switch = tag("button", Said("page.language"), type="button", hidden=True, data_switch=True, class_="switch")
    top = tag("div", tag("p", *kind, *created, class_="kicker"), switch, class_="masthead-top")
    version = tag("span", f"@{story.version}", class_="version") if story.version is not None else None
    return tag("header", top, tag("h1", story.name, version), class_="masthead")


def _sections(parts: list[tuple[str, Markup]]) -> list[Markup]:
    drawn = []
    for place, (name, content) in enumerate(parts):
        heading = tag("h2", Said(f"section.{name}"))
        section = tag("section", heading, content, id=name, class_=f"section-{name}")
        drawn.append(section)
        if place == 0:
            drawn.append(_contents([name for name, _ in parts[1:]]))
    return drawn


def _contents(names: list[str]) -> Markup:
    links = [tag("li", tag("a", Said(f"short.{name}"), href=f"#{name}")) for name in names]
    return tag("nav", tag("h2", Said("page.contents")), tag("ol", *links), class_="contents")


def _foot(story: Story) -> Markup:
    return tag("footer", tag("p", Said("page.made")))


def _script() -> Markup:
    return tag("script", Markup(resource("script.js")))


def _title(story: Story) -> str:
    return story.name if story.version is None else f"{story.name}@{story.version}"
