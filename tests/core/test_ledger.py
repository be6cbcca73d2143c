"""The ledger keeps everything, in order, and finds what was changed."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from haoqi.core.errors import UserError
from haoqi.core.ledger import Ledger

BODY = st.dictionaries(
    st.text(max_size=5), st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text()
)


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    return Ledger(tmp_path / "ledger.sqlite")


def test_entries_come_back_in_order_and_survive_reopening(tmp_path: Path) -> None:
    first = Ledger(tmp_path / "ledger.sqlite")
    first.add("a", "data", {"rows": 3})
    first.add("b", "data", {"rows": 4})
    first.add("a", "experiment", {"score": 0.5}, {"seconds": 1.5})
    first.close()
    entries = Ledger(tmp_path / "ledger.sqlite").entries("a")
    assert [(e.number, e.kind, e.body, e.timing) for e in entries] == [
        (1, "data", {"rows": 3}, {}),
        (2, "experiment", {"score": 0.5}, {"seconds": 1.5}),
    ]


@given(bodies=st.lists(BODY, min_size=1, max_size=4))
def test_the_digest_ignores_times_and_nothing_else(bodies: list[dict[str, object]]) -> None:
    one, other = Ledger("sqlite://"), Ledger("sqlite://")
    for number, body in enumerate(bodies):
        one.add("run", "note", body, {"seconds": number})
        other.add("run", "note", body, {"seconds": -number})
    assert one.verify("run") == other.verify("run")
    one.add("run", "note", {})
    assert one.verify("run") != other.verify("run")


def test_a_changed_entry_is_found(tmp_path: Path, ledger: Ledger) -> None:
    import sqlite3

    for score in (0.1, 0.2, 0.3):
        ledger.add("run", "experiment", {"score": score})
    with sqlite3.connect(tmp_path / "ledger.sqlite") as connection:
        connection.execute("update haoqi_entries set body = '{\"score\":0.9}' where number = 2")
    connection.close()
    with pytest.raises(UserError, match="was changed at entry 2"):
        ledger.verify("run")


def test_a_missing_entry_is_found(tmp_path: Path, ledger: Ledger) -> None:
    import sqlite3

    for score in (0.1, 0.2, 0.3):
        ledger.add("run", "experiment", {"score": score})
    with sqlite3.connect(tmp_path / "ledger.sqlite") as connection:
        connection.execute("delete from haoqi_entries where number = 2")
    connection.close()
    with pytest.raises(UserError, match="was changed at entry 2"):
        ledger.verify("run")


def test_a_file_that_is_no_ledger_is_refused(tmp_path: Path) -> None:
    (tmp_path / "ledger.sqlite").write_bytes(b"not a database at all, but long enough to be looked at" * 40)
    with pytest.raises(UserError, match="cannot be read"):
        Ledger(tmp_path / "ledger.sqlite")


def test_a_ledger_of_a_newer_version_is_refused(tmp_path: Path, ledger: Ledger) -> None:
    import sqlite3

    with sqlite3.connect(tmp_path / "ledger.sqlite") as connection:
        connection.execute("update haoqi_meta set value = '99'")
    connection.close()
    with pytest.raises(UserError, match="newer Haoqi"):
        Ledger(tmp_path / "ledger.sqlite")


def test_a_password_in_a_url_is_never_shown() -> None:
    with pytest.raises(UserError) as caught:
        Ledger("nonsense://me:secret@host/name")
    assert "secret" not in str(caught.value)
