"""`haoqi index` and `haoqi search`: texts of a file made findable, by their words and by what they mean."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from haoqi.cli.flags import with_flags
from haoqi.core.errors import UserError
from haoqi.core.say import say
from haoqi.data.settings import DataSettings

if TYPE_CHECKING:
    from haoqi.retrieval.index import Hit

WORDS_ALONE = "none"
"""In place of a base: texts are found by their words alone."""

READING = ("text", "format", "delimiter", "quote", "escape", "header", "sheet", "encoding")
Out = Annotated[Path, typer.Option("--out", metavar="FOLDER", help="Where the index is written.")]
Base = Annotated[
    str | None,
    typer.Option(
        "--base",
        metavar="NAME",
        help="What reads the texts: a base, a release of bi_encoder or cosine, or none for words alone; "
        "else the base that suits their language.",
    ),
]
Rerank = Annotated[
    str | None,
    typer.Option("--reranker", metavar="NAME", help="A release of ranking, matching or another task on two texts."),
]
Force = Annotated[bool, typer.Option("--force", help="Replace an index that is there.")]
Index = Annotated[Path, typer.Argument(metavar="FOLDER", help="An index that haoqi index wrote.")]
Queries = Annotated[
    list[str] | None,
    typer.Argument(metavar="QUERY", help="What to look for; each line of a pipe where there is none."),
]
Many = Annotated[int, typer.Option("--k", "-k", metavar="INTEGER", help="Texts to find for each query.")]
Only = Annotated[
    list[str] | None,
    typer.Option("--only", metavar="COLUMN=VALUE", help="Find rows with this value only; may be given several times."),
]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object per query.")]


@with_flags(DataSettings, only=READING)
def index(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The texts: CSV, Excel, JSON, Parquet, lines, ...")],
    *,
    out: Out,
    base: Base = None,
    reranker: Rerank = None,
    force: Force = False,
    **settings: Any,
) -> None:
    """Make the texts of a file findable: by their words in any language, and by what they mean.

    The other columns are kept and shown with what is found, such as the answers to indexed questions. The index is a
    folder, which haoqi.Retriever.load reads, too.
    """
    from haoqi.batch.row_files import open_rows
    from haoqi.cli import words
    from haoqi.core.config import build
    from haoqi.retrieval.retriever import Retriever

    if out.exists() and not force:
        raise UserError(say("search.there", folder=out), say("search.there.hint"))
    given = {name: value for name, value in settings.items() if value is not None}
    rows = open_rows(file, build(DataSettings, {"source": str(file), **given}, "index"))
    for note in (*rows.notes, *rows.warnings):
        print(words.translate(note), file=sys.stderr)
    texts, meta = list[str](), list[dict[str, Any]]()
    for row, _ in rows:
        text = rows.text_of(row)
        if text.strip():
            texts.append(text)
            meta.append({name: _plain(cell) for name, cell in row.items() if name not in rows.text})
    if not texts:
        raise UserError(say("search.no_texts", file=file), say("search.no_texts.hint"))
    chosen = base or _base_for(texts)
    found = Retriever.of(
        texts,
        base=None if chosen == WORDS_ALONE else chosen,
        meta=meta,
        reranker=reranker,
        progress=_told(len(set(texts))),
    )
    found.save(out)
    print(words.words("search.indexed", texts=words.many(len(texts), "text"), file=file.name, out=out, base=chosen))


def search(
    folder: Index,
    queries: Queries = None,
    *,
    k: Many = 5,
    only: Only = None,
    json: Json = False,
) -> None:
    """Find the texts of an index that suit a query best."""
    from haoqi.retrieval.retriever import Retriever

    wanted = _wanted(only)
    if not queries and sys.stdin.isatty():
        raise UserError(say("search.no_query"), say("search.no_query.hint", folder=folder))
    asked = queries or [line.strip() for line in sys.stdin if line.strip()]
    for query, hits in zip(asked, Retriever.load(folder).search_all(asked, k=k, only=wanted), strict=True):
        if json:
            print(_as_json(query, hits))
        else:
            _show(query if len(asked) > 1 else None, hits)


def _base_for(texts: list[str]) -> str:
    """Return the base that suits the languages of some texts."""
    from haoqi.data.preparing.languages import language_shares
    from haoqi.models.bases import choose

    return choose(language_shares(texts))


def _told(total: int) -> Any:
    """Return what tells a terminal how many texts were read."""
    if not sys.stderr.isatty():
        return None
    from haoqi.cli import words

    def tell(done: int) -> None:
        line = words.words("search.reading", done=done, total=total)
        print(f"\r{line}", end="", file=sys.stderr)
        if done >= total:
            print(file=sys.stderr)

    return tell


def _wanted(only: list[str] | None) -> Any:
    """Return a filter of the rows whose columns have these values, None where there is nothing to filter by."""
    wanted: dict[str, str] = {}
    for one in only or ():
        name, sign, value = one.partition("=")
        if not sign or not name:
            raise UserError(say("search.bad_only", only=one), say("search.bad_only.hint"))
        wanted[name] = value
    if not wanted:
        return None
    return lambda passage: all(str(passage.meta.get(name, "")) == value for name, value in wanted.items())


def _plain(cell: Any) -> Any:
    """Return a cell as JSON can hold it."""
    if cell is None or isinstance(cell, str | bool | int):
        return cell
    if isinstance(cell, float):
        return cell if cell == cell and abs(cell) != float("inf") else None
    return str(cell)


def _as_json(query: str, hits: "list[Hit]") -> str:
    from json import dumps

    found = [
        {
            "id": hit.id,
            "score": round(hit.score, 6),
            "text": hit.text,
            "by_words": hit.by_words,
            "by_meaning": hit.by_meaning,
            "meta": dict(hit.meta),
        }
        for hit in hits
    ]
    return dumps({"query": query, "hits": found}, ensure_ascii=False)


def _show(query: str | None, hits: "list[Hit]") -> None:
    """Print what was found: place, score and text, and below it the other columns of its row."""
    from haoqi.cli import words

    if query is not None:
        print(f"{query}")
    if not hits:
        print(words.words("search.nothing"))
    for place, hit in enumerate(hits, 1):
        print(f"{place:>3}  {hit.score:.3f}  {_line(hit.text)}")
        for name, cell in hit.meta.items():
            if cell not in (None, ""):
                print(f"            {name}: {_line(str(cell))}")


def _line(text: str) -> str:
    """Return a text on one line."""
    return " ".join(text.split())
