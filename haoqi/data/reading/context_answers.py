"""Questions with a context each and their answers in it: which columns hold them, and where the answers stand.

Answers come as a text, several texts, or records that say where they begin, such as SQuAD has them; each becomes a
stretch of its context. One that stands in the context several times, and does not say where, is right at each of these
places. What does not stand there at all stays as it came, and is no label that the task can read.
"""

import json
import re
from ast import literal_eval
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from haoqi.core.say import say
from haoqi.data.examples import Span
from haoqi.data.reading.tables.column_kinds import is_empty
from haoqi.data.settings import DataSettings
from haoqi.data.unspaced import UNSPACED

if TYPE_CHECKING:
    from haoqi.data.reading.tables.table import Table

# What the columns are usually called, the most telling first.
QUESTIONS = ("question", "question_text", "query", "query_text", "questions", "问题", "提问", "問題", "질문", "質問")
CONTEXTS = (
    *("context", "context_text", "passage", "paragraph", "document", "article", "contexts"),
    *("上下文", "文章", "段落", "原文", "背景", "文档", "지문", "文脈"),
)
ANSWERS = ("answers", "answer", "answer_text", "answers.text", "answer.text", "答案", "回答", "정답", "解答")
STARTS = ("answer_start", "answers.answer_start", "answer.answer_start", "answer_starts", "start", "answer_offset")
IMPOSSIBLE = ("is_impossible", "unanswerable", "is_unanswerable")
# What people write where there is no answer, unless the context has it.
_NONE = frozenset(("cannotanswer", "unanswerable", "no_answer", "no answer", "not answerable", "无答案", "無答案"))
_STRETCHES = ("text", "answer", "span", "answer_text")
_PLACES = ("answer_start", "start", "offset", "start_offset", "answer_starts")
# So many rows tell whether answers stand in their contexts, and so large a share of them must.
_SAMPLE, _MOSTLY = 300, 0.5
# Of fewer different answers than this share of the rows, classes are rather learnt.
_VARIED = 0.2
# An answer that stands at more places than this is right at the first of them.
_MOST_PLACES = 20
_ARRAY = re.compile(r"array\((\[.*?\])(?:,\s*dtype=[\w'\"<>]+)?\)", re.DOTALL)
_WORD = re.compile(rf"(?![{UNSPACED}])\w")


def with_context(table: "Table", settings: DataSettings, labelled: bool = True) -> "Table":
    """Return a table of questions, contexts and answers with these roles, its answers placed in their contexts.

    Other tables, and those of which a person says otherwise, are returned as they are.
    """
    if settings.pair or "pair" in table.roles or (settings.format == "lines" and not settings.context):
        return table
    chosen = _columns(table, settings, labelled)
    if chosen is None:
        return table
    question, context, answer = chosen
    roles = {**table.roles, "text": question, "context": context}
    named = "context" in table.roles or settings.context
    why = {**table.why, **({} if named else {"text": say("column.question"), "context": say("column.context")})}
    if answer is None:
        return replace(table, roles=roles, why=why)
    from haoqi.data.reading.tables.table import text_of

    contexts = [text_of(cell) for cell in table.columns[context]]
    cells = _with_starts(table.columns, answer)
    blank = None if "context" in table.roles else ()
    if not named and not _look_like_answers(cells, contexts):
        return table
    placed: list[Any] = [place_answers(cell, below, blank) for cell, below in zip(cells, contexts, strict=True)]
    why |= {} if named else {"label": say("column.answers")}
    without = sum(one == () for one in placed)
    notes = (*table.notes, say("context.without", count=without, all=len(placed))) if without else table.notes
    columns = {name: placed if name == answer else below for name, below in table.columns.items()}
    return replace(table, columns=columns, roles={**roles, "label": answer}, why=why, notes=notes)


def place_answers(cell: Any, context: str, blank: Any = ()) -> Any:
    """Return the right answers of a cell as stretches of their context, in order, each once.

    Args:
        cell: a text, several, records of a text and its beginning, or any of these as JSON or as Python writes it;
            an empty list where there is no answer.
        context: what the answers are to be found in.
        blank: what an empty cell means.

    Returns:
        A tuple of `Span`, whose labels are the texts; `blank` for an empty cell; the cell itself if none of its answers
        stands in the context.

    >>> place_answers("Oslo", "She flew to Oslo."), place_answers([], "Oslo"), place_answers("Rome", "Oslo")
    ((Span(start=12, end=16, label='Oslo'),), (), 'Rome')
    """
    if is_empty(cell):
        return blank
    given = list(_answers_in(_opened(cell)))
    if not given:
        return ()
    found = {span for text, start in given for span in _places(text, start, context)}
    if found:
        return tuple(sorted(found))
    if all(text.strip().lower() in _NONE for text, _ in given):
        return ()
    return given[0][0]


def _columns(table: "Table", settings: DataSettings, labelled: bool) -> tuple[str, str, str | None] | None:
    """Return the columns of question, context and answer, as said, as the layout has them, or by their names."""
    lower = {column.strip().lower(): column for column in reversed(table.columns)}

    def chosen(role: str, usual: Sequence[str]) -> str | None:
        said = getattr(settings, role) or table.roles.get(role)
        if said:
            return said if said in table.columns else None
        return next((lower[name] for name in usual if name in lower), None)

    question, context = chosen("text", QUESTIONS), chosen("context", CONTEXTS)
    answer = chosen("label", ANSWERS) if labelled else None
    if question is None or context is None or question == context or (labelled and answer is None):
        return None
    if not labelled and not (settings.context or "context" in table.roles):
        return None
    return question, context, answer


def _look_like_answers(cells: Sequence[Any], contexts: Sequence[str]) -> bool:
    """Return whether cells are answers in contexts: most of a sample stand there, and they vary."""
    filled = [row for row, cell in enumerate(cells) if not is_empty(cell)]
    sample = [place_answers(cells[row], contexts[row]) for row in filled[:: max(1, len(filled) // _SAMPLE)]]
    sample = [one for one in sample if one]
    there = [one for one in sample if isinstance(one, tuple)]
    different = {one[0].label if isinstance(one, tuple) else str(one) for one in sample}
    return bool(sample) and len(there) >= _MOSTLY * len(sample) and len(different) > _VARIED * len(sample)


def _with_starts(columns: Mapping[str, Sequence[Any]], answer: str) -> list[Any]:
    """Return the cells of answers, with where they begin and whether there are any as other columns say."""
    cells = list(columns[answer])
    lower = {column.strip().lower(): column for column in columns}
    starts = next((columns[lower[name]] for name in STARTS if name in lower and lower[name] != answer), None)
    if starts is not None:
        cells = [_joined(cell, start) for cell, start in zip(cells, starts, strict=True)]
    never = next((columns[lower[name]] for name in IMPOSSIBLE if name in lower), None)
    if never is not None:
        flags = [str(flag).strip().lower() in ("true", "1", "1.0", "yes") for flag in never]
        cells = [[] if flag else cell for cell, flag in zip(cells, flags, strict=True)]
    return cells


def _joined(cell: Any, start: Any) -> Any:
    """Return an answer, or a list of them, with where they begin."""
    if is_empty(cell) or is_empty(start):
        return cell
    texts, places = (one if isinstance(one, list | tuple) else [one] for one in (_opened(cell), _opened(start)))
    if len(texts) != len(places) or not all(isinstance(text, str) for text in texts):
        return cell
    return [{"text": text, "answer_start": place} for text, place in zip(texts, places, strict=True)]


def _opened(cell: Any) -> Any:
    """Return a cell that writes a list or a record in JSON, or as Python does, as what it writes."""
    if hasattr(cell, "tolist"):
        return cell.tolist()
    if not isinstance(cell, str) or cell.strip()[:1] not in ("[", "{"):
        return cell
    plain = _ARRAY.sub(r"\1", cell)
    for read in (json.loads, literal_eval):
        try:
            return read(plain)
        except (ValueError, SyntaxError, RecursionError, MemoryError):
            continue
    return cell


def _answers_in(cell: Any) -> Iterator[tuple[str, int | None]]:
    """Yield the answers of a cell, each with where it begins where that is said; blank ones are none."""
    if isinstance(cell, Mapping):
        texts: Any = next((cell[key] for key in _STRETCHES if key in cell), None)
        starts: Any = next((cell[key] for key in _PLACES if key in cell), None)
        listed = list(texts) if isinstance(texts, list | tuple) else [texts]
        begun = list(starts) if isinstance(starts, list | tuple) else [starts]
        begun = begun if len(begun) == len(listed) else [None] * len(listed)
        yield from ((str(text), _number(at)) for text, at in zip(listed, begun, strict=True) if not is_empty(text))
    elif isinstance(cell, list | tuple):
        for one in cell:
            if isinstance(one, Span):
                yield one.label, one.start
            else:
                yield from _answers_in(one)
    elif not is_empty(cell):
        yield str(cell), None


def _number(place: Any) -> int | None:
    try:
        return int(place)
    except (TypeError, ValueError):
        return None


def _places(text: str, start: int | None, context: str) -> list[Span]:
    """Return where an answer stands: where it is said to, else nearest to that, else wherever it does."""
    if start is not None and start >= 0 and context[start : start + len(text)] == text and text.strip():
        return [_stretch(context, start, start + len(text))]
    pattern = r"\s+".join(map(re.escape, text.split()))
    found = [match.span() for match in re.finditer(pattern, context)] if pattern else []
    if pattern and not found:
        found = [match.span() for match in re.finditer(pattern, context, re.IGNORECASE)]
    whole = [one for one in found if not _within_word(context, *one)]
    found = (whole or found)[:_MOST_PLACES]
    if start is not None and start >= 0 and found:
        found = [min(found, key=lambda one: abs(one[0] - start))]
    return [_stretch(context, *one) for one in found]


def _stretch(context: str, start: int, end: int) -> Span:
    """Return a stretch without the white space at its ends."""
    inside = context[start:end]
    start += len(inside) - len(inside.lstrip())
    return Span(start, start + len(inside.strip()), inside.strip())


def _within_word(context: str, start: int, end: int) -> bool:
    """Return whether a stretch begins or ends within a word."""
    edges = ((start - 1, start), (end - 1, end))
    return any(
        before >= 0 and after < len(context) and _WORD.match(context[before]) and _WORD.match(context[after])
        for before, after in edges
    )
