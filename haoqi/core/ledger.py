"""The ledger: the append-only record of all that was believed, tried, seen, decided and released.

One table of entries. An entry's body is what happened and is the same in every run of one seed; its
timing holds all that a clock said. Each digest covers the body and the digest before it, so the last one
stands for the whole run: two runs agree, times aside, exactly if their last digests do, and an entry
that was changed or lost is found.
"""

import hashlib
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from haoqi.core.errors import UserError
from haoqi.core.folder import explained

if TYPE_CHECKING:
    from sqlalchemy import Engine, Row, Table

SCHEMA = 1
_FIRST = "0" * 64


@dataclass(frozen=True)
class Entry:
    """One thing that happened in one run."""

    run: str
    number: int
    """Its place in the run, from 1, without gaps."""
    kind: str
    """What happened, a word of DESIGN.md: data, experiment, verdict, lesson, release, ..."""
    body: dict[str, Any]
    timing: dict[str, Any]
    at: float
    """Seconds since 1970."""
    digest: str


class Ledger:
    """Entries of any number of runs, in SQLite by default, in PostgreSQL when a URL is given.

    Args:
        where: a file, or a database URL such as postgresql+psycopg://user@host/name.

    Raises:
        UserError: if it cannot be opened, is damaged, or was written by a newer Haoqi.
    """

    def __init__(self, where: Path | str) -> None:
        self.url = where if isinstance(where, str) else f"sqlite:///{where}"
        self._engine, self._entries = _open(self.url, where if isinstance(where, Path) else None)

    def add(self, run: str, kind: str, body: Mapping[str, Any], timing: Mapping[str, Any] | None = None) -> Entry:
        """Append an entry to a run and return it; it is on disk when this returns."""
        from sqlalchemy import insert, select
        from sqlalchemy.exc import IntegrityError, OperationalError

        table = self._entries
        last = select(table.c.number, table.c.digest).where(table.c.run == run).order_by(table.c.number.desc()).limit(1)
        for _ in range(20):  # another machine may append to the same run: then the number is taken, and we try anew
            try:
                with self._engine.begin() as connection:
                    found = connection.execute(last).first()
                    number, before = (found[0] + 1, found[1]) if found else (1, _FIRST)
                    text = _canonical(body)
                    entry = Entry(
                        run,
                        number,
                        kind,
                        json.loads(text),
                        dict(timing or {}),
                        time.time(),
                        _digest(before, kind, text),
                    )
                    row = {**vars(entry), "body": text, "timing": _canonical(entry.timing)}
                    connection.execute(insert(table).values(**row))
                    return entry
            except IntegrityError:
                continue
            except OperationalError as error:
                raise _unreadable(self.url, error) from None
        raise UserError(f"the ledger {self._shown} is too busy", "try again in a moment")

    def entries(self, run: str, kind: str | None = None) -> list[Entry]:
        """Return a run's entries in order, all of them or those of one kind."""
        from sqlalchemy import select
        from sqlalchemy.exc import DatabaseError

        table = self._entries
        query = select(table).where(table.c.run == run).order_by(table.c.number)
        if kind is not None:
            query = query.where(table.c.kind == kind)
        try:
            with self._engine.connect() as connection:
                return [_entry(row) for row in connection.execute(query)]
        except (DatabaseError, ValueError) as error:
            raise _unreadable(self.url, error) from None

    def runs(self) -> list[str]:
        """Return the runs that have entries, sorted."""
        from sqlalchemy import select

        with self._engine.connect() as connection:
            return sorted(connection.scalars(select(self._entries.c.run).distinct()))

    def verify(self, run: str) -> str:
        """Return the digest of a run after checking every entry against it.

        Raises:
            UserError: if an entry is missing or was changed.
        """
        before = _FIRST
        for place, entry in enumerate(self.entries(run), start=1):
            expected = _digest(before, entry.kind, _canonical(entry.body))
            if entry.number != place or entry.digest != expected:
                raise UserError(f"the ledger {self._shown} was changed at entry {place}", "begin again with --fresh")
            before = entry.digest
        return before

    def close(self) -> None:
        """Let go of the database."""
        self._engine.dispose()

    @property
    def _shown(self) -> str:
        return _shown(self.url)


def _open(url: str, path: Path | None) -> "tuple[Engine, Table]":
    from sqlalchemy import create_engine, insert, select
    from sqlalchemy.exc import ArgumentError, NoSuchModuleError, SQLAlchemyError

    try:
        engine = create_engine(url)
        metadata, meta, entries = _tables()
        with explained(path or Path(url)):
            if path is not None:
                path.parent.mkdir(parents=True, exist_ok=True)
            metadata.create_all(engine)
            with engine.begin() as connection:
                found = connection.scalar(select(meta.c.value).where(meta.c.key == "schema"))
                if found is None:
                    connection.execute(insert(meta).values(key="schema", value=str(SCHEMA)))
    except (ArgumentError, NoSuchModuleError):
        raise UserError(f"{_shown(url)} is not the URL of a database", "postgresql+psycopg://user@host/name") from None
    except ModuleNotFoundError as error:
        raise UserError(f"this needs the library {error.name}", 'pip install "haoqi[postgres]"') from None
    except SQLAlchemyError as error:
        raise _unreadable(url, error) from None
    if found is not None and int(found) > SCHEMA:
        raise UserError(f"the ledger {_shown(url)} was written by a newer Haoqi", "pip install --upgrade haoqi")
    return engine, entries


def _tables() -> "tuple[Any, Table, Table]":
    from sqlalchemy import Column, Float, Integer, MetaData, String, Table, Text

    metadata = MetaData()
    meta = Table("haoqi_meta", metadata, Column("key", String(64), primary_key=True), Column("value", Text))
    entries = Table(
        "haoqi_entries",
        metadata,
        Column("run", String(200), primary_key=True),
        Column("number", Integer, primary_key=True),
        Column("kind", String(64), nullable=False, index=True),
        Column("body", Text, nullable=False),
        Column("timing", Text, nullable=False),
        Column("at", Float, nullable=False),
        Column("digest", String(64), nullable=False),
    )
    return metadata, meta, entries


def _entry(row: "Row[Any]") -> Entry:
    return Entry(row.run, row.number, row.kind, json.loads(row.body), json.loads(row.timing), row.at, row.digest)


def _canonical(body: Mapping[str, Any]) -> str:
    return json.dumps(body, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False)


def _digest(before: str, kind: str, body: str) -> str:
    return hashlib.sha256(f"{before}\n{kind}\n{body}".encode()).hexdigest()


def _shown(url: str) -> str:
    """Return a database's address without its password."""
    from sqlalchemy.engine import make_url
    from sqlalchemy.exc import ArgumentError

    try:
        return make_url(url).render_as_string(hide_password=True).removeprefix("sqlite:///")
    except ArgumentError:
        return "given"


def _unreadable(url: str, error: Exception) -> UserError:
    reason = str(getattr(error, "orig", error)).splitlines()[0]
    if "full" in reason:
        return UserError(f"no space is left for the ledger {_shown(url)}", "free some, or set HAOQI_HOME elsewhere")
    if "readonly" in reason or "unable to open" in reason:
        return UserError(f"the ledger {_shown(url)} cannot be written: {reason}", "set HAOQI_HOME to a folder you own")
    return UserError(f"the ledger {_shown(url)} cannot be read: {reason}", "begin again with --fresh")
