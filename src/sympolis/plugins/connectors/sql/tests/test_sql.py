"""The SQL connector keeps the contract, goes on from its cursor, and cannot write, run on or bring too much."""

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any, ClassVar

import pytest

from sympolis.domain import errors, reading
from sympolis.plugins.connector import Connector, Drawing, Incremental, Limits, Origin, Record
from sympolis.plugins.connectors.sql import SqlConnector
from sympolis.plugins.connectors.sql.settings import SqlSettings
from sympolis.testing.connectors import ConnectorContract

FIXTURES = Path(__file__).parent / "fixtures"
LIMITS = Limits(most_bytes=1_000_000, timeout_s=30)
QUERY = "SELECT id, counted_at, vehicles FROM counts"


class TestContract(ConnectorContract):
    settings: ClassVar[dict[str, Any]] = {"query": QUERY}

    @pytest.fixture
    def connector(self) -> Connector:
        return SqlConnector()

    @pytest.fixture
    def sound(self, tmp_path: Path) -> Origin:
        path = tmp_path / "recorded.sqlite"
        with closing(sqlite3.connect(path)) as connection, connection:
            connection.executescript((FIXTURES / "counts.sql").read_text(encoding="utf-8"))
        return _drawn(tmp_path, Origin(url=f"sqlite:///{path}"), SqlSettings(query=QUERY))

    @pytest.fixture
    def broken(self, tmp_path: Path) -> Origin:
        path = tmp_path / "half.ndjson"
        path.write_text('{"id": 1}\n{"id": ')
        return Origin(path)


def database(folder: Path, rows: int = 3) -> Origin:
    """A SQLite file of counts, an hour apart."""
    path = folder / "counts.sqlite"
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("CREATE TABLE IF NOT EXISTS counts (id INTEGER, counted_at TEXT, vehicles REAL)")
        connection.execute("DELETE FROM counts")
        connection.executemany(
            "INSERT INTO counts VALUES (?, ?, ?)",
            [(n, f"2026-03-01T{n:02d}:00:00+00:00", n * 10.5) for n in range(1, rows + 1)],
        )
    return Origin(url=f"sqlite:///{path}")


def _drawn(folder: Path, origin: Origin, settings: SqlSettings, limits: Limits = LIMITS) -> Origin:
    to = folder / "drawn"
    SqlConnector().draw(origin, settings, to, limits)
    return Origin(to, origin.url, bookmark=origin.bookmark)


def _rows(folder: Path, origin: Origin, settings: SqlSettings, limits: Limits = LIMITS) -> list[Record]:
    return list(SqlConnector().read(_drawn(folder, origin, settings, limits), settings))


def test_it_draws_and_keeps_a_bookmark() -> None:
    assert isinstance(SqlConnector(), Drawing) and isinstance(SqlConnector(), Incremental)


def test_rows_come_with_their_columns(tmp_path: Path) -> None:
    [first, *_] = _rows(tmp_path, database(tmp_path), SqlSettings(query=QUERY))
    assert first.fields == {"id": 1, "counted_at": "2026-03-01T01:00:00+00:00", "vehicles": 10.5}


@pytest.mark.parametrize("cursor", ["id", "counted_at"])
def test_only_what_is_new_is_asked_for(tmp_path: Path, cursor: str) -> None:
    settings, connector = SqlSettings(query=QUERY, cursor=cursor), SqlConnector()
    first = _drawn(tmp_path, database(tmp_path), settings)
    mark = connector.bookmark(first, settings)
    database(tmp_path, rows=5)
    second = _drawn(tmp_path, Origin(url=first.url, bookmark=mark), settings)
    assert [row.fields["id"] for row in connector.read(second, settings)] == [3, 4, 5]
    end = connector.bookmark(second, settings)
    third = _drawn(tmp_path, Origin(url=first.url, bookmark=end), settings)
    assert connector.bookmark(third, settings) == end


def test_a_cursor_takes_what_the_limit_leaves_next_time(tmp_path: Path) -> None:
    settings, connector = SqlSettings(query=QUERY, cursor="id", most_rows=2), SqlConnector()
    origin, seen = database(tmp_path, rows=5), []
    for _ in range(4):
        found = _drawn(tmp_path, origin, settings)
        seen.append([row.fields["id"] for row in connector.read(found, settings)])
        origin = Origin(url=origin.url, bookmark=connector.bookmark(found, settings))
    assert seen == [[1, 2], [2, 3], [3, 4], [4, 5]]


def test_a_cursor_that_stands_still_is_told(tmp_path: Path) -> None:
    settings = SqlSettings(query="SELECT 7 AS id, vehicles FROM counts", cursor="id", most_rows=2)
    with pytest.raises(errors.SourceFailed, match="have the same id"):
        _drawn(tmp_path, database(tmp_path), settings)


def test_an_empty_table_has_no_rows_and_keeps_its_place(tmp_path: Path) -> None:
    settings = SqlSettings(query=QUERY, cursor="id")
    found = _drawn(tmp_path, database(tmp_path, rows=0), settings)
    assert SqlConnector().bookmark(found, settings) == ""
    assert SqlConnector().bookmark(Origin(found.path, bookmark="integer 3"), settings) == "integer 3"


def test_a_query_cannot_write(tmp_path: Path) -> None:
    origin = database(tmp_path)
    with pytest.raises(errors.SourceFailed):
        _drawn(tmp_path, origin, SqlSettings(query="WITH x AS (SELECT 1) DELETE FROM counts RETURNING id"))
    assert len(_rows(tmp_path, origin, SqlSettings(query=QUERY))) == 3


@pytest.mark.parametrize(
    ("query", "part"),
    [
        ("DELETE FROM counts", "one SELECT"),
        ("SELECT 1; DROP TABLE counts", "without a ;"),
        ("", "one SELECT"),
    ],
)
def test_settings_refuse_what_is_no_query(query: str, part: str) -> None:
    findings: list[reading.Finding] = []
    reading.read(SqlSettings, {"query": query}, "x", findings)
    assert part in findings[0].message


def test_a_query_that_works_too_long_is_stopped(tmp_path: Path) -> None:
    endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) AS id FROM n"
    with pytest.raises(errors.SourceFailed, match="interrupted"):
        _drawn(tmp_path, database(tmp_path), SqlSettings(query=endless, statement_timeout_s=0.1))


@pytest.mark.parametrize(
    ("settings", "limits", "part"),
    [
        (SqlSettings(query=QUERY, most_rows=2), LIMITS, "more than 2 rows"),
        (SqlSettings(query=QUERY), Limits(100, 30), "more than 0 MB"),
        (SqlSettings(query=QUERY), Limits(1_000_000, 0), "longer than 0 s"),
        (SqlSettings(query="SELECT * FROM absent"), LIMITS, "no such table: absent"),
        (SqlSettings(query=QUERY, cursor="changed"), LIMITS, "changed"),
    ],
)
def test_what_goes_wrong_is_told(tmp_path: Path, settings: SqlSettings, limits: Limits, part: str) -> None:
    with pytest.raises(errors.SourceFailed, match=part):
        _drawn(tmp_path, database(tmp_path), settings, limits)


@pytest.mark.parametrize(
    ("url", "part"),
    [
        ("sqlite:////nowhere/x.sqlite", "no such file"),
        ("nosuch://db/x", "nosuch"),
        ("loops", "not the address of a database"),
    ],
)
def test_an_address_that_leads_nowhere_is_told(tmp_path: Path, url: str, part: str) -> None:
    with pytest.raises(errors.SourceFailed, match=part):
        _drawn(tmp_path, Origin(url=url), SqlSettings(query=QUERY))


def test_the_guard_is_told_whom_a_driver_would_call() -> None:
    connector, settings = SqlConnector(), SqlSettings(query=QUERY)
    assert connector.host(Origin(url="postgresql+psycopg://db.example/x"), settings) == ("db.example", 5432)
    assert connector.host(Origin(url="mysql+pymysql://db.example:7/x"), settings) == ("db.example", 7)
    assert connector.host(Origin(url="sqlite:////tmp/x"), settings) is None
    with pytest.raises(errors.SourceFailed, match="leads elsewhere by host"):
        connector.host(Origin(url="postgresql+psycopg://db.example/x?host=10.0.0.1"), settings)
