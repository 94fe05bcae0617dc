"""The SQL connector against a real PostgreSQL: what only a server can hold (read-only, statement timeout, types)."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

import pytest

from sympolis.domain import errors
from sympolis.plugins.connector import Limits, Origin
from sympolis.plugins.connectors.sql import SqlConnector
from sympolis.plugins.connectors.sql.settings import SqlSettings
from sympolis.testing import postgres

LIMITS = Limits(most_bytes=1_000_000, timeout_s=60)
QUERY = "SELECT id, counted_at, vehicles, share FROM counts"


@pytest.fixture
def database(monkeypatch: pytest.MonkeyPatch) -> tuple[str, str]:
    """The address without a user, and the user; the server's socket is where the driver looks."""
    server = postgres.server()
    for statement in (
        "DROP TABLE IF EXISTS counts",
        "CREATE TABLE counts (id serial, counted_at timestamptz, vehicles int, share numeric)",
        "INSERT INTO counts (counted_at, vehicles, share)"
        " SELECT timestamptz '2026-03-01T00:00Z' + n * interval '1 hour', n, n / 10.0 FROM generate_series(1, 3) n",
    ):
        server.sql(statement)
    monkeypatch.setenv("PGHOST", str(server.folder))
    return "postgresql+psycopg:///postgres", urlsplit(server.url).username or ""


def settings(database: tuple[str, str], query: str = QUERY, **more: object) -> SqlSettings:
    return SqlSettings(query=query, user=database[1], **more)  # type: ignore[arg-type]


def test_rows_are_drawn_and_the_cursor_goes_on(database: tuple[str, str], tmp_path: Path) -> None:
    connector, wanted = SqlConnector(), settings(database, cursor="counted_at")
    to = tmp_path / "drawn"
    connector.draw(Origin(url=database[0]), wanted, to, LIMITS)
    rows = list(connector.read(Origin(to), wanted))
    assert [(row.fields["id"], row.fields["vehicles"], row.fields["share"]) for row in rows] == [
        (1, 1, 0.1),
        (2, 2, 0.2),
        (3, 3, 0.3),
    ]
    mark = connector.bookmark(Origin(to), wanted)
    connector.draw(Origin(url=database[0], bookmark=mark), wanted, to, LIMITS)
    assert [row.fields["id"] for row in connector.read(Origin(to), wanted)] == [3]


@pytest.mark.parametrize(
    ("query", "part"),
    [
        ("WITH gone AS (DELETE FROM counts RETURNING id) SELECT id FROM gone", "top level|read-only"),
        ("SELECT setval('counts_id_seq', 99) AS id", "read-only"),
        ("SELECT pg_sleep(600) AS id", "statement timeout"),
    ],
)
def test_the_server_holds_what_a_query_may_do(
    database: tuple[str, str], tmp_path: Path, query: str, part: str
) -> None:
    wanted = settings(database, query, statement_timeout_s=0.2)
    with pytest.raises(errors.SourceFailed, match=part):
        SqlConnector().draw(Origin(url=database[0]), wanted, tmp_path / "drawn", LIMITS)


def test_a_server_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(errors.SourceFailed, match="the database says"):
        SqlConnector().draw(
            Origin(url="postgresql+psycopg://127.0.0.1:1/x"), SqlSettings(query=QUERY), tmp_path / "d", LIMITS
        )
