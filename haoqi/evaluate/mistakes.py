"""Mistakes worth reading: those a model was surest of, from as many kinds of confusion as there are."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from haoqi.data.answers import ONE_CLASS, AnswerKind
from haoqi.data.entity_marks import MarkedText, find_marks
from haoqi.data.examples import Examples, Span
from haoqi.evaluate.answer_texts import is_exact
from haoqi.evaluate.counts import items
from haoqi.evaluate.predictions import Predictions

Kind = Literal["wrong", "missed", "invented", "boundary", "type", "boundary and type"]

# Longer texts are cut; a span keeps this many characters around it.
LONGEST = 1000
AROUND = 150


@dataclass(frozen=True)
class Mistake:
    """One wrong answer, or one wrong span of an answer."""

    id: int
    """The example's row in its source."""
    text: str
    """The text, or what stands around the span."""
    true: Any
    """The right label; for spans the one that should have been found, or none: (Span,) or ()."""
    predicted: Any
    """What was answered, in the same form."""
    confidence: float | None
    """How sure the model was of its answer; where it missed a span, of the whole answer."""
    kind: Kind = "wrong"
    """For spans: what is wrong with it."""
    asked: str = ""
    """For answers in contexts: the question; then the text is what stands around the answers."""


def mistakes(
    examples: Examples, predictions: Predictions, kind: AnswerKind = ONE_CLASS, limit: int = 50
) -> tuple[Mistake, ...]:
    """Return wrong answers, taking turns between the confusions that occur, the surest of each first.

    Args:
        examples: what was asked, with the right labels.
        predictions: what was answered, in the same order.
        kind: the facts of the answer; of numbers the farthest off come first.
        limit: how many at most.
    """
    if kind.is_number:
        return tuple(_farthest(examples, predictions, limit))
    if kind.of_context:
        return tuple(_in_turns(list(_wrong_answers(examples, predictions)), lambda one: one.kind, limit))
    if predictions.span_confidence is None:
        found = list(_wrong(examples, predictions))
    else:
        found = list(wrong_spans(examples, predictions))
    return tuple(_in_turns(found, _confusion, limit))


def wrong_spans(examples: Examples, predictions: Predictions) -> Iterator[Mistake]:
    """Yield every wrong or missed span.

    A predicted span is wrong in its type (the right ends), its boundary (it shares characters with a true span of
    its type), in both, or it is invented. A true span that no wrong or right one touches was missed.

    Args:
        examples: what was asked, with the right spans.
        predictions: what was answered, in the same order.
    """
    for row, (text, true) in enumerate(examples):
        ident, given = examples.ids[row], predictions.labels[row]
        known = predictions.span_confidence
        sure = known[row] if known is not None else (float(predictions.sureness[row]),) * len(given)
        open_spans = [span for span in true or () if span not in given]
        touched: set[Span] = set()
        for span, confidence in zip(given, sure, strict=True):
            if span in (true or ()):
                continue
            kind, match = _kind(span, open_spans)
            touched.update(match)
            yield Mistake(ident, *_excerpt(text, match, (span,)), float(confidence), kind)
        for span in open_spans:
            if span not in touched:
                yield Mistake(ident, *_excerpt(text, (span,), ()), float(predictions.sureness[row]), "missed")


def kinds_of_wrong_spans(examples: Examples, predictions: Predictions) -> dict[str, int]:
    """Return how many spans were right, and how many wrong in each way."""
    right = sum(len(set(t or ()) & set(p)) for t, p in zip(examples.labels, predictions.labels, strict=True))
    found = Counter(mistake.kind for mistake in wrong_spans(examples, predictions))
    order: tuple[Kind, ...] = ("missed", "invented", "boundary", "type", "boundary and type")
    return {"right": right, **{kind: found[kind] for kind in order}}


def _farthest(examples: Examples, predictions: Predictions, limit: int) -> Iterator[Mistake]:
    """Yield the numbers that are farthest from the right ones."""
    rows = [row for row, true in enumerate(examples.labels) if true is not None]
    rows.sort(key=lambda row: (-abs(predictions.labels[row] - examples.labels[row]), examples.ids[row]))
    for row in rows[:limit]:
        text, true, answer = shown_text(examples, row), examples.labels[row], predictions.labels[row]
        if true != answer:
            yield Mistake(examples.ids[row], text, true, answer, None)


def shown_text(examples: Examples, row: int) -> str:
    """Return the text of an example, or both of a pair, cut where they are long; marked stretches are kept."""
    if len(examples.texts[row]) > LONGEST and (marked := find_marks(examples.texts[row])) is not None:
        return _around_marks(marked)
    parts = [examples.texts[row], *([] if examples.pairs is None else [examples.pairs[row]])]
    return "\n".join(text if len(text) <= LONGEST else text[: LONGEST - 1] + "…" for text in parts)


def _around_marks(marked: MarkedText) -> str:
    """Return what stands around the two marked stretches of a text, with their marks."""
    first = max(0, min(marked.first[0], marked.second[0]) - AROUND)
    last = min(len(marked.text), max(marked.first[1], marked.second[1]) + AROUND)
    moved = [(start - first, end - first) for start, end in (marked.first, marked.second)]
    text = str(MarkedText(marked.text[first:last], moved[0], moved[1]))
    return f"{'…' if first else ''}{text}{'…' if last < len(marked.text) else ''}"


def _wrong(examples: Examples, predictions: Predictions) -> Iterator[Mistake]:
    for row, true in enumerate(examples.labels):
        answer = predictions.labels[row]
        if frozenset(items(true)) != frozenset(items(answer)):
            yield Mistake(examples.ids[row], shown_text(examples, row), true, answer, float(predictions.sureness[row]))


def _wrong_answers(examples: Examples, predictions: Predictions) -> Iterator[Mistake]:
    """Yield the answers in contexts that are none of the right ones, with the right one that is nearest to each."""
    for row, (context, true) in enumerate(zip(examples.contexts or examples.texts, examples.labels, strict=True)):
        given = predictions.labels[row]
        if true is None or is_exact(true, given):
            continue
        nearest = min(true, key=lambda one: abs(one.start - given[0].start) if given else one.start, default=None)
        right = () if nearest is None else (nearest,)
        kind: Kind = "wrong" if true and given else "missed" if true else "invented"
        if nearest is not None and given and _shared(nearest, given[0]) > 0:
            kind = "boundary"
        asked, sure = examples.texts[row], float(predictions.sureness[row])
        yield Mistake(examples.ids[row], *_excerpt(context, right, given), sure, kind, asked)


def _kind(span: Span, true: Sequence[Span]) -> tuple[Kind, tuple[Span, ...]]:
    """Return what is wrong with a span, and the true span that it should have been, if any."""
    near = [one for one in true if one.start < span.end and span.start < one.end]
    if not near:
        return "invented", ()
    best = max(near, key=lambda one: (one[:2] == span[:2], one.label == span.label, _shared(one, span)))
    if best[:2] == span[:2]:
        return "type", (best,)
    return ("boundary" if best.label == span.label else "boundary and type"), (best,)


def _shared(one: Span, other: Span) -> int:
    return min(one.end, other.end) - max(one.start, other.start)


def _excerpt(text: str, true: tuple[Span, ...], given: tuple[Span, ...]) -> tuple[str, Any, Any]:
    """Return the text around spans and the spans as they lie in it; a short text stays whole."""
    first = min(span.start for span in (*true, *given))
    last = max(span.end for span in (*true, *given))
    if len(text) <= LONGEST:
        return text, true, given
    begin = max(0, first - AROUND)
    end = min(len(text), last + AROUND)

    def moved(spans: tuple[Span, ...]) -> tuple[Span, ...]:
        return tuple(Span(span.start - begin, span.end - begin, span.label) for span in spans)

    return text[begin:end], moved(true), moved(given)


def _confusion(mistake: Mistake) -> tuple[Any, ...]:
    """Return what two mistakes of one kind share: the labels, not the places."""
    return (mistake.kind, *(_names(side) for side in (mistake.true, mistake.predicted)))


def _names(label: Any) -> tuple[str, ...]:
    return tuple(item if isinstance(item, str) else item[2] for item in items(label))


def _in_turns(found: list[Mistake], key: Callable[[Mistake], Any], limit: int) -> Iterator[Mistake]:
    """Yield mistakes, one of each confusion in turn; the commonest confusion begins, the surest mistake leads."""
    groups: dict[Any, list[Mistake]] = defaultdict(list)
    for mistake in sorted(found, key=lambda one: (-(one.confidence or 0.0), one.id)):
        groups[key(mistake)].append(mistake)
    queues = sorted(groups.values(), key=len, reverse=True)
    left = min(limit, len(found))
    for turn in range(max((len(queue) for queue in queues), default=0)):
        for queue in queues:
            if turn < len(queue) and left:
                left -= 1
                yield queue[turn]
