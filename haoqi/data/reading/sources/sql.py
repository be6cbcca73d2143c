"""A question to a database, such as sqlite:///reviews.db with --query "select body, stars from reviews"."""

import re

from haoqi.core.errors import UserError
from haoqi.core.say import say
from haoqi.data.raw import Raw, digest
from haoqi.data.reading.sources import sources
from haoqi.data.reading.tables.table import Table, check_names, to_raw
from haoqi.data.settings import DataSettings

_URL = re.compile(r"(sqlite|postgresql|postgres|mysql|mariadb|oracle|mssql|duckdb|snowflake|\w+\+\w+)://.*", re.S)


@sources.register
class Sql:
    """Rows of one SQL query, through SQLAlchemy; the database is only read."""

    def recognises(self, source: str, settings: DataSettings) -> float:
        return 1.0 if _URL.fullmatch(source) else 0.0

    def read(self, source: str, settings: DataSettings, labelled: bool = True) -> Raw:
        from sqlalchemy import create_engine, text
        from sqlalchemy.engine import make_url
        from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError, SQLAlchemyError

        if not settings.query:
            raise UserError(say("sql.no_query"), '--query "select text, label from reviews"')
        try:
            shown = make_url(source).render_as_string(hide_password=True)
            engine = create_engine(source.replace("postgres://", "postgresql://", 1))
        except (ArgumentError, NoSuchModuleError, ModuleNotFoundError) as error:
            raise UserError(say("sql.unopened", error=str(error)), say("sql.unopened.hint")) from None
        _check_file(engine.url.database if engine.url.drivername.startswith("sqlite") else None)
        try:
            with engine.connect() as connection:
                found = connection.execute(text(settings.query))
                names = list(found.keys())
                rows = [tuple(row) for row in found]
        except SQLAlchemyError as error:
            reason = str(error.orig if isinstance(error, DBAPIError) else error).splitlines()[0]
            raise UserError(say("sql.failed", shown=shown, reason=reason), say("sql.failed.hint")) from None
        finally:
            engine.dispose()
        check_names(names, say("sql.answer"))
        columns = {name: [row[number] for row in rows] for number, name in enumerate(names)}
        mark = digest([shown, settings.query, *(repr(row) for row in rows)])
        return to_raw(Table(shown, columns, "sql", mark), settings, labelled)


def _check_file(path: str | None) -> None:
    """Raise UserError for an SQLite file that is not there: opening it would make an empty one."""
    from pathlib import Path

    if path and path != ":memory:" and not Path(path).is_file():
        raise UserError(say("sql.no_file", path=str(path)), say("sql.no_file.hint"))
