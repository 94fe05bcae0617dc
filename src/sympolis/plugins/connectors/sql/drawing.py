"""Draws the rows of a query into a file: as a reader only, within time and size, from a bookmark on.

What keeps a query from writing is the database: a read-only transaction, and best a user that may only read. Times are
held by the server where it can (PostgreSQL, MySQL, MariaDB), by SQLite's progress handler, and between rows elsewhere.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from datetime import time as clock_time
from decimal import Decimal
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Final

import msgspec

from sympolis.domain import errors
from sympolis.plugins.connector import Limits, Origin
from sympolis.plugins.connectors.sql.settings import SqlSettings

if TYPE_CHECKING:
    from sqlalchemy import URL, Connection, Row, Select

_PORTS: Final = {"postgresql": 5432, "mysql": 3306, "mariadb": 3306, "mssql": 1433, "oracle": 1521}
_DETOURS: Final = frozenset({"host", "hostaddr", "service", "unix_socket", "odbc_connect", "dsn", "port"})
"""Parameters by which a driver would call somebody else than the address says."""
_AT_ONCE: Final = 1000
_STEPS: Final = 10_000
"""Of SQLite's machine, between two looks at the clock."""
_KINDS: Final[dict[str, Callable[[str], Any]]] = {
    "datetime": datetime.fromisoformat,
    "date": date.fromisoformat,
    "decimal": Decimal,
    "number": float,
    "integer": int,
    "text": str,
}


def host(address: str) -> tuple[str, int] | None:
    """Whom the address leads to; None where that is no other machine. Raises ``SourceFailed`` for detours."""
    url = _url(address)
    detours = sorted(_DETOURS & url.query.keys())
    if detours:
        hint = "name the server before the database: postgresql://db.city.example:5432/loops"
        raise errors.SourceFailed(f"the address leads elsewhere by {detours[0]}", where=address, hint=hint)
    if url.host is None:
        return None
    return url.host, url.port or _PORTS.get(url.get_backend_name(), 0)


def draw(origin: Origin, settings: SqlSettings, to: Path, limits: Limits) -> None:
    """Write the rows to ``to``. Raises ``SourceFailed``."""
    from sqlalchemy import exc

    address = str(origin.url)
    end = time.monotonic() + limits.timeout_s
    try:
        with _connected(origin, settings) as connection, to.open("wb") as stream:
            rows = connection.execution_options(yield_per=_AT_ONCE).execute(_statement(origin, settings))
            _write(rows, stream, settings, limits, end, address)
    except exc.NoSuchModuleError as cause:
        raise errors.SourceFailed(
            str(cause), where=address, hint="see SQLAlchemy's list of databases"
        ) from cause
    except ImportError as cause:
        hint = f"install the database's driver: pip install {cause.name}"
        raise errors.SourceFailed(f"cannot be spoken to: {cause}", where=address, hint=hint) from cause
    except exc.SQLAlchemyError as cause:
        told = " ".join(str(getattr(cause, "orig", None) or cause).split())
        hint = "check settings.query, user and password, or raise settings.statement_timeout_s"
        raise errors.SourceFailed(f"the database says: {told[:300]}", where=address, hint=hint) from cause


def bookmark(origin: Origin, settings: SqlSettings) -> str | None:
    """The last cursor in the drawn rows, with its type; that of before where there are none."""
    if not settings.cursor:
        return None
    assert origin.path is not None
    last = _last_line(origin.path)
    if last is None:
        return origin.bookmark or ""
    return str(msgspec.json.decode(last)[_MARK])


_MARK: Final = "_cursor"
"""The field beside the row's own that holds its cursor with the type: ``datetime 2026-03-01T00:00:00``."""


def _url(address: str) -> URL:
    try:
        from sqlalchemy import make_url
        from sqlalchemy.exc import ArgumentError
    except ImportError as cause:
        raise errors.SourceFailed(
            "SQLAlchemy is not installed", where=address, hint="pip install 'sympolis[sql]'"
        ) from cause
    try:
        return make_url(address)
    except (ArgumentError, ValueError) as cause:
        hint = "write postgresql+psycopg://server/database or another of SQLAlchemy's forms"
        raise errors.SourceFailed("is not the address of a database", where=address, hint=hint) from cause


@contextmanager
def _connected(origin: Origin, settings: SqlSettings) -> Iterator[Connection]:
    from sqlalchemy import create_engine
    from sqlalchemy.pool import NullPool

    url = _url(str(origin.url))
    if url.get_backend_name() == "sqlite":
        _check_there(url)
    if settings.user:
        secret = origin.secret(settings.password) if settings.password else None
        url = url.set(username=settings.user, password=secret)
    engine = create_engine(url, poolclass=NullPool)
    with engine.connect() as connection:
        _bound(connection, settings.statement_timeout_s)
        try:
            yield connection
        finally:
            connection.rollback()


def _check_there(url: URL) -> None:
    """SQLite would make a new file."""
    if not url.database or not Path(url.database).is_file():
        raise errors.SourceFailed("there is no such file", where=str(url))


def _bound(connection: Connection, timeout_s: float) -> None:
    """A transaction that cannot write, and a limit to each statement."""
    milliseconds = int(timeout_s * 1000)
    said = {
        "postgresql": ("SET TRANSACTION READ ONLY", f"SET LOCAL statement_timeout = {milliseconds}"),
        "mysql": (f"SET SESSION max_execution_time = {milliseconds}", "SET SESSION TRANSACTION READ ONLY"),
        "mariadb": (f"SET SESSION max_statement_time = {timeout_s}", "SET SESSION TRANSACTION READ ONLY"),
        "oracle": ("SET TRANSACTION READ ONLY",),
        "mssql": (f"SET LOCK_TIMEOUT {milliseconds}",),
        "sqlite": ("PRAGMA query_only = ON",),
    }
    for statement in said.get(connection.dialect.name, ()):
        connection.exec_driver_sql(statement)
    if connection.dialect.name == "sqlite":
        end = time.monotonic() + timeout_s
        raw: Any = connection.connection.driver_connection
        raw.set_progress_handler(lambda: time.monotonic() > end, _STEPS)
    elif connection.dialect.name in ("mysql", "mariadb"):
        connection.rollback()  # the next transaction is the read-only one


def _statement(origin: Origin, settings: SqlSettings) -> Select[Any]:
    from sqlalchemy import column, literal_column, select, text

    inner = text(settings.query.rstrip().rstrip(";")).columns()
    if not settings.cursor:
        found: Select[Any] = select(literal_column("*")).select_from(inner.subquery("source"))
        return found.limit(settings.most_rows + 1)
    cursor: Any = column(settings.cursor)
    found = select(literal_column("*")).select_from(inner.subquery("source")).where(cursor.is_not(None))
    if origin.bookmark:
        kind, _, value = origin.bookmark.partition(" ")
        found = found.where(cursor >= _KINDS[kind](value))
    return found.order_by(cursor).limit(settings.most_rows)


def _write(
    rows: Any, stream: IO[bytes], settings: SqlSettings, limits: Limits, end: float, address: str
) -> None:
    size, count, first, last = 0, 0, "", ""
    for row in rows:
        line = _line(row, settings, address)
        count += 1
        size += len(line)
        _check(settings, limits, address, count=count, size=size, late=time.monotonic() > end)
        last = _mark(row, settings)
        first = first or last
        stream.write(line)
    if settings.cursor and count == settings.most_rows > 1 and first == last:
        message = (
            f"more than {count - 1} rows have the same {settings.cursor}: the next delivery could not go on"
        )
        raise errors.SourceFailed(
            message, where=address, hint="raise settings.most_rows, or choose another cursor"
        )


def _check(settings: SqlSettings, limits: Limits, address: str, *, count: int, size: int, late: bool) -> None:
    if count > settings.most_rows:
        hint = "narrow settings.query, give it a cursor, or raise settings.most_rows"
        raise errors.SourceFailed(f"gives more than {settings.most_rows} rows", where=address, hint=hint)
    if size > limits.most_bytes:
        hint = "narrow settings.query, or raise refresh.max_size_mb"
        raise errors.SourceFailed(
            f"gives more than {limits.most_bytes / 1e6:.0f} MB", where=address, hint=hint
        )
    if late:
        hint = "narrow settings.query, or raise refresh.timeout_s"
        raise errors.SourceFailed(f"takes longer than {limits.timeout_s:g} s", where=address, hint=hint)


def _line(row: Row[Any], settings: SqlSettings, address: str) -> bytes:
    fields = {name: _plain(value) for name, value in row._mapping.items()}
    if settings.cursor:
        if settings.cursor not in fields:
            hint = f"the query gives: {', '.join(fields)}"
            raise errors.SourceFailed(f"has no column {settings.cursor!r}", where=address, hint=hint)
        fields[_MARK] = _mark(row, settings)
    return msgspec.json.encode(fields) + b"\n"


def _mark(row: Row[Any], settings: SqlSettings) -> str:
    if not settings.cursor:
        return ""
    value = row._mapping[settings.cursor]
    return f"{_kind(value)} {value.isoformat() if isinstance(value, date) else value}"


def _kind(value: Any) -> str:
    if isinstance(value, datetime):
        return "datetime"
    for kind, name in ((date, "date"), (Decimal, "decimal"), (int, "integer"), (float, "number")):
        if isinstance(value, kind):
            return name
    return "text"


def _plain(value: Any) -> Any:
    """The value as JSON has it: times as ISO 8601, decimals as numbers, bytes in hexadecimal digits."""
    if value is None or isinstance(value, bool | int | float | str | dict | list):
        return value
    if isinstance(value, datetime | date | clock_time):
        return value.isoformat()
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, timedelta):
        return value.total_seconds()
    return bytes(value).hex() if isinstance(value, bytes | bytearray | memoryview) else str(value)


def _last_line(path: Path) -> bytes | None:
    last = None
    with path.open("rb") as stream:
        for line in stream:
            last = line
    return last
