"""What a source file may say under ``[settings]`` for a database."""

from __future__ import annotations

import re
from dataclasses import dataclass

from sympolis.domain.reading import option

_READS = re.compile(r"\s*(select|with)\b", re.IGNORECASE)


def _query_complaint(query: str) -> str | None:
    """One statement that reads. The server's read-only transaction is what holds it; this is for the author."""
    if not _READS.match(query):
        return "expected one SELECT (or WITH … SELECT)"
    return "expected one statement without a ;" if ";" in query.rstrip().rstrip(";") else None


@dataclass(frozen=True, kw_only=True)
class SqlSettings:
    """What is asked of the database, as whom, and how much of it."""

    query: str = option(check=_query_complaint)
    """One SELECT; a geometry as GeoJSON text, e.g. ``ST_AsGeoJSON(geom) AS geom`` with ``form = "geojson"``."""
    user: str = ""
    """Who asks. Give that user the right to read these tables and nothing else."""
    password: str = ""
    """The name of the password in ``local/secrets.toml``."""
    cursor: str = option("", pattern="[A-Za-z_][A-Za-z0-9_]*|")
    """A column of the query that only grows (a serial number, a time of change): only rows from its last value on are
    asked for. Empty: everything each time."""
    most_rows: int = option(1_000_000, minimum=1, maximum=100_000_000)
    """With a cursor, the rest comes next time; without, more rows fail the source."""
    statement_timeout_s: float = option(60, minimum=0.1, maximum=3600, unit="s")
    """How long the database may work on the query."""
