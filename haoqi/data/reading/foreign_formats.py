"""Formats that are not read, known by how they begin, so that they are named and never taken for something else."""

import re

from haoqi.core.say import say

_XML = re.compile(
    r"\s*(<\?xml\b|<!DOCTYPE\b|<(TEI|teiCorpus|html|rss|feed|collection|document|corpus|tei:TEI)\b)", re.I
)
_BRAT = re.compile(r"[TREAMN]\d+\t\S+ ?.*|#\d+\t\S+ [TREAM]\d+\t.*|\*\t\S+ [TE]\d+.*")
_BRAT_SPAN = re.compile(r"T\d+\t\S+ \d+ \d+(;\d+ \d+)*\t.*")
_PUBTATOR = re.compile(r"\d+\|[ta]\|.*")
_WEBANNO = re.compile(r"#FORMAT=WebAnno\b")


def named_format(head: str) -> tuple[str, str] | None:
    """Return what a text file is that is not read, and what to export instead; None for other files.

    Args:
        head: its first characters.

    >>> named_format("T1\\tCity 0 4\\tRome\\n")[0]
    "annotations of brat (.ann), which point into another file"
    """
    lines = [line.rstrip("\r") for line in head.split("\n")[:200] if line.strip()]
    if not lines:
        return None
    if found := _XML.match(head):
        kind = found[2] or ""
        what = (
            say("foreign.tei")
            if kind.lower().startswith(("tei", "tei:"))
            else "HTML"
            if kind.lower() == "html"
            else "XML"
        )
        return what, say("foreign.xml.hint")
    if sum(line.lstrip().startswith("<") and line.rstrip().endswith(">") for line in lines) > 0.8 * len(lines) > 0:
        return say("foreign.xml"), say("foreign.xml.hint")
    if lines[0].lower().startswith("@relation ") or re.match(r"\s*@attribute\s", lines[0], re.I):
        return say("foreign.arff"), say("foreign.arff.hint")
    if _WEBANNO.match(lines[0]):
        return say("foreign.webanno"), say("foreign.webanno.hint")
    whole = lines[:-1] if len(lines) > 2 else lines
    if sum(_PUBTATOR.match(line) is not None for line in whole[:2]) == 2:
        return say("foreign.pubtator"), (say("foreign.spans.hint"))
    if all(_BRAT.fullmatch(line) for line in whole) and any(_BRAT_SPAN.fullmatch(line) for line in whole):
        return say("foreign.brat"), (say("foreign.spans.hint"))
    return None
