"""The answers of `haoqi predict` to texts on the command line or in a pipe, as fast as a script asks for them."""

import gc
import io
import sys
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, TextIO

from haoqi.core.errors import UserError
from haoqi.core.say import say
from haoqi.data.reading.decoding.characters import well_formed

if TYPE_CHECKING:
    from haoqi.data.examples import Query

AS_JSON = "--json"


def plain_request(arguments: Sequence[str]) -> tuple[str, list[str], bool] | None:
    """Return the release, the texts and whether JSON is wanted, where a command says nothing else; else None.

    These words mean the same to whoever reads options, which takes longer to import than most texts to answer.

    >>> plain_request(["predict", "reviews", "lovely", "--json"])
    ('reviews', ['lovely'], True)
    >>> plain_request(["predict", "reviews", "--file", "new.csv"])
    """
    if not arguments or arguments[0] != "predict":
        return None
    words = [word for word in arguments[1:] if word != AS_JSON]
    if not words or any(word.startswith("-") and word != "-" for word in words):
        return None
    return words[0], words[1:], AS_JSON in arguments


def answer_texts(name: str, texts: list[str] | None, *, as_json: bool) -> None:
    """Print the answer to each text as soon as it is known.

    Args:
        name: a release.
        texts: to be answered; none, or "-" alone: the lines of a pipe.
        as_json: print an object per text.

    Raises:
        UserError: if there is no such release, or there are neither texts nor a pipe.
    """
    texts = None if texts == ["-"] else texts or None
    if texts is None and sys.stdin.isatty():
        raise UserError(say("predict.none"), say("predict.none.hint", name=name))
    # None of what is imported up to the first answer is garbage; looking for some takes an eighth of the time.
    gc.disable()
    try:
        if not _answered(name, texts, as_json):
            from haoqi.cli import words

            print(words.words("predict.empty_pipe"), file=sys.stderr)
    finally:
        gc.enable()


def _answered(name: str, texts: list[str] | None, as_json: bool) -> int:
    """Print the answers, and return how many they are."""
    from haoqi import api
    from haoqi.batch.answer_rows import as_line, as_record

    model = api.load(name)
    given: Iterator[Any] = map(well_formed, texts) if texts is not None else lines_of(sys.stdin)
    shown = texts is None or len(texts) > (2 if model.task.of_two else 1)
    if model.task.of_two:
        both = _pairs_of(list(given)) if texts is not None else _pairs_in(given)
        given = (_query(*one, contexts=model.task.output.kind.of_context) for one in both)
    answered = 0
    for query, answer in api.answers(model, given, batch=1 if texts is None and sys.stdout.isatty() else 256):
        gc.enable()
        answered += 1
        line = as_record(model, query, answer) if as_json else as_line(model, query, answer, with_text=shown)
        print(line, flush=texts is None)
    return answered


def _pairs_of(texts: list[str]) -> Iterator[tuple[str, str]]:
    """Return each two texts of the command line."""
    if len(texts) % 2:
        raise UserError(say("predict.odd", count=len(texts)), say("predict.odd.hint"))
    return ((texts[place], texts[place + 1]) for place in range(0, len(texts), 2))


def _pairs_in(lines: Iterator[str]) -> Iterator[tuple[str, str]]:
    """Yield the two texts of each line, a tab between them."""
    for number, line in enumerate(lines, 1):
        both = line.split("\t")
        if len(both) != 2:  # a third cell is no part of the second text
            raise UserError(say("predict.no_tab", number=number, count=len(both) - 1), say("predict.no_tab.hint"))
        yield both[0], both[1]


def _query(first: str, second: str, *, contexts: bool) -> "Query":
    """Return two texts as a pair, or as a question with its context."""
    from haoqi.data.examples import Query

    return Query(first, context=second) if contexts else Query(first, second)


def lines_of(stream: TextIO) -> Iterator[str]:
    """Yield the lines of a pipe that are not blank, as they come; bytes that are no text in it are told at the end."""
    if isinstance(stream, io.TextIOWrapper):
        stream.reconfigure(errors="surrogateescape")
    broken = 0
    for line in stream:
        if line.strip():
            text = well_formed(line.rstrip("\r\n"))
            broken += text != line.rstrip("\r\n")
            yield text
    if broken:
        from haoqi.cli import words

        print(words.words("predict.broken_lines", count=broken, encoding=stream.encoding), file=sys.stderr)
