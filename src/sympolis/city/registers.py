"""Reads the registers of a city's master data: ``master-data/<kind>.toml`` and the table ``<kind>.csv`` beside it."""

from __future__ import annotations

import csv
import io
from datetime import date
from typing import Final

from sympolis.governance.masterdata.model import Thing

FOLDER: Final = "master-data"
RESERVED: Final = frozenset({"matches", "decisions"})
"""Names that are paths of the API."""
COLUMNS: Final = ("id", "name", "aliases", "codes", "valid_from", "valid_to", "successors", "lon", "lat")
MOST: Final = 1_000_000


def things(text: str) -> tuple[Thing, ...]:
    """The things in a table with ``id``, ``name`` and any of ``COLUMNS``; several values stand between semicolons.

    Raises ``ValueError`` naming the line.
    """
    rows = csv.DictReader(io.StringIO(text))
    names = rows.fieldnames or []
    unknown = [name for name in names if name not in COLUMNS]
    if unknown or "id" not in names or "name" not in names:
        raise ValueError(
            f"expected the columns id, name and any of {', '.join(COLUMNS[2:])}; found {', '.join(names)}"
        )
    found: dict[str, Thing] = {}
    for row in rows:
        try:
            thing = _thing({key: (value or "").strip() for key, value in row.items() if key is not None})
        except ValueError as cause:
            raise ValueError(f"line {rows.line_num}: {cause}") from cause
        if found.setdefault(thing.id, thing) is not thing:
            raise ValueError(f"line {rows.line_num}: {thing.id!r} is there already")
        if len(found) > MOST:
            raise ValueError(f"more than {MOST} things")
    return tuple(found.values())


def _thing(row: dict[str, str]) -> Thing:
    if not row["id"] or not row["name"]:
        raise ValueError("id or name is empty")
    lon, lat = row.get("lon", ""), row.get("lat", "")
    return Thing(
        id=row["id"],
        name=row["name"],
        aliases=_several(row, "aliases"),
        codes=_several(row, "codes"),
        valid_from=_day(row, "valid_from"),
        valid_to=_day(row, "valid_to"),
        successors=_several(row, "successors"),
        position=(float(lon), float(lat)) if lon and lat else None,
    )


def _several(row: dict[str, str], name: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in row.get(name, "").split(";") if part.strip())


def _day(row: dict[str, str], name: str) -> date | None:
    text = row.get(name, "")
    return date.fromisoformat(text) if text else None
