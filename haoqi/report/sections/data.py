"""The data card: what was learnt from, and what deserves attention before a score is believed."""

from collections.abc import Mapping, Sequence
from typing import Any

from haoqi.core import formats
from haoqi.core.say import named as said
from haoqi.report.charts import columns, share_bar
from haoqi.report.markup import Child, Markup, Said, join, listed, tag
from haoqi.report.story import Story
from haoqi.report.table import MOST, Column, cut_off, disclosed, table

SPLITS = ("train", "valid", "test", "unlabelled")
SPLIT_WAYS = ("given", "stratified", "group", "time", "random")
FEW = 12
"""So many labels are listed openly; more are for those who ask."""


def draw(story: Story) -> Markup:
    """Return the section."""
    card = story.card
    if not card:
        return tag("p", Said("data.missing"), class_="prose")
    rows = card.get("rows") or {}
    total = formats.count(sum(rows.values()))
    lead = Said("data.lead", rows=total, source=tag("q", str(card.get("source", "?"))))
    facts = [
        (Said("data.rows"), _rows(rows)),
        (Said("data.read_as"), _read_as(card.get("schema") or {})),
        (Said("data.unread"), _unread(card.get("schema") or {})),
        (Said("data.how"), _how(card, story)),
        (Said("data.language"), _languages(card.get("languages") or {})),
        (Said("data.lengths"), _lengths(card)),
        (Said("data.imbalance"), _imbalance(card)),
        (Said("data.cleaned"), _counted("data.cleaned", card.get("changed", 0))),
        (Said("data.dropped"), _named(card.get("dropped") or {})),
        (Said("data.near"), _near(card)),
        (Said("data.contradictions"), _contradictions(card.get("contradictions", 0), story)),
        (Said("data.personal"), _personal(card.get("personal") or {})),
    ]
    told = tag("dl", *(tag("div", tag("dt", n), tag("dd", v)) for n, v in facts if v is not None), class_="facts")
    schema = card.get("schema") or {}
    read = [*(schema.get("warnings") or ()), *(schema.get("notes") or ())]
    notes = [tag("li", note) for note in [*read, *(card.get("notes") or ())] if note not in story.notes]
    return join(
        tag("p", lead, class_="prose"),
        told,
        tag("ul", *notes, class_="remarks") if notes else None,
        _histogram(card.get("histogram") or ()),
        _labels(card.get("labels") or {}),
        _contradicting(card.get("contradicting") or ()),
    )


def _rows(rows: Mapping[str, int]) -> Child:
    names = {name: Said(f"data.split.{name}") if name in SPLITS else name for name in rows}
    return listed([[names[name], " ", formats.count(count)] for name, count in rows.items()])


def _read_as(schema: Mapping[str, Any]) -> Child:
    """Return which column was read as what, and by which format."""
    roles = [role for role in ("text", "pair", "label", "group", "time") if role in (schema.get("columns") or {})]
    parts: list[Child] = []
    for role in roles:
        parts += ["; " if parts else None, Said(f"role.{role}"), " ", tag("code", str(schema["columns"][role]))]
    how = ", ".join(str(schema[name]) for name in ("format", "encoding", "sheet") if schema.get(name))
    if not parts:
        return how or None
    return [*parts, f" ({how})"] if how else parts


def _unread(schema: Mapping[str, Any]) -> Child:
    """Return the columns that nothing was learnt from; nothing where there is none."""
    columns = list(schema.get("left_out") or ())
    shown = ", ".join(map(str, columns[:FEW]))
    return shown + (f", ... ({len(columns)})" if len(columns) > FEW else "") if columns else None


def _how(card: Mapping[str, Any], story: Story) -> Child:
    way = card.get("split")
    if not way:
        return None
    if way == "stratified" and story.task.output.kind.is_number:
        return Said("split.stratified.number")
    if way == "group" and story.task.output.kind.of_context and "group" not in (card["schema"].get("columns") or {}):
        return Said("split.group.context")
    return Said(f"split.{way}") if way in SPLIT_WAYS else str(way)


def _languages(shares: Mapping[str, float]) -> Child:
    return listed([[said("language", code), " ", formats.share(share)] for code, share in shares.items()]) or Said(
        "unknown"
    )


def _lengths(card: Mapping[str, Any]) -> Child:
    found, tokens = card.get("characters") or {}, card.get("tokens") or {}
    if not found:
        return None
    facts = {name: formats.count(found.get(name, 0)) for name in ("median", "p90", "max")}
    if tokens:
        return Said("data.lengths.value", tokens=formats.count(tokens.get("median", 0)), **facts)
    return Said("data.lengths.short", **facts)


def _imbalance(card: Mapping[str, Any]) -> Child:
    ratio = card.get("imbalance") or 0.0
    if not ratio:
        return None
    return Said("data.imbalance.even") if ratio < 1.005 else Said("data.imbalance.value", ratio=f"{ratio:.1f}")


def _counted(key: str, count: int) -> Said:
    return Said(f"{key}.value", count=formats.count(count), n=count) if count else Said(f"{key}.none")


def _contradictions(count: int, story: Story) -> Said:
    """Return how many texts, or pairs of texts, came with more than one label, or number."""
    what = "data.asked.pair" if story.task.of_two else "data.asked.text"
    answer = "data.answer.number" if story.task.output.kind.is_number else "data.answer.label"
    if not count:
        return Said("data.contradictions.none", what=Said(what, n=1), answer=Said(answer, n=2))
    facts = {"what": Said(what, n=count), "answer": Said(answer, n=1)}
    return Said("data.contradictions.value", count=formats.count(count), n=count, **facts)


def _named(counts: Mapping[str, int]) -> Child:
    return listed([[name, " ", formats.count(count)] for name, count in counts.items() if count]) or Said("data.none")


def _near(card: Mapping[str, Any]) -> Said:
    rows, clusters = card.get("near_rows", 0), card.get("near_clusters", 0)
    if not rows:
        return Said("data.near.none")
    return Said("data.near.value", rows=formats.count(rows), clusters=formats.count(clusters))


def _personal(counts: Mapping[str, int]) -> Child:
    parts: list[Child] = []
    for kind, count in counts.items():
        parts += [
            "; " if parts else None,
            Said("data.personal.value", kind=said("personal", kind), count=formats.count(count)),
        ]
    return parts or Said("data.personal.none")


def _histogram(bars: Sequence[Any]) -> Markup | None:
    """Return the histogram of lengths: (label, count) pairs in order."""
    if not bars:
        return None
    pairs = [(str(label), float(count)) for label, count in bars]
    caption = tag("figcaption", Said("data.lengths.chart"))
    return tag("figure", caption, columns(pairs, Said("data.lengths.chart")), class_="small-figure")


def _labels(labels: Mapping[str, Mapping[str, int]]) -> Markup | None:
    splits = [name for name in labels if labels[name]]
    if not splits:
        return None
    names = list(dict.fromkeys(label for split in splits for label in labels[split]))
    most = max(labels[splits[0]].values())
    heads = (
        Column(Said("data.label"), "name"),
        Column("", "bar"),
        *(Column(Said(f"data.split.{name}") if name in SPLITS else name, "number") for name in splits),
    )
    rows: list[list[Child]] = [
        [name, share_bar(labels[splits[0]].get(name, 0) / most), *(_cell(labels[split], name) for split in splits)]
        for name in names[:MOST]
    ]
    whole = table(heads, rows, "label-table")
    if len(names) <= FEW:
        return whole
    return disclosed([Said("data.labels"), f" ({formats.count(len(names))})"], cut_off(len(names)), whole)


def _cell(counts: Mapping[str, int], name: str) -> str:
    return formats.count(counts.get(name, 0))


def _contradicting(found: Sequence[Mapping[str, Any]]) -> Markup | None:
    if not found:
        return None
    items = [
        tag("li", tag("q", str(one.get("text", ""))), " ", tag("small", _named(one.get("labels") or {})))
        for one in found
    ]
    return disclosed(Said("data.contradictions"), tag("ul", *items, class_="remarks"))
