"""What a delivery says differently from the one before, row by row and cell by cell, for whoever releases it.

That 12 rows have changed says nothing; that the places of one car park went from 300 to 30 does. The delivery before is
read again (nothing is kept per cell), and its rows are known by what they are about: the same thing at the same time.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from itertools import chain
from typing import Any, Final

from sympolis.acquisition.gate import Accepted
from sympolis.acquisition.identity import digest
from sympolis.acquisition.ingest import PlannedSource
from sympolis.acquisition.translate import Translator
from sympolis.plugins.connector import Connector, Record

MOST_ROWS: Final = 200
"""So many rows that differ are told; of the others, how many they are."""
_MOST_CELLS: Final = 60
_LONGEST: Final = 200


@dataclass(frozen=True, slots=True)
class Cell:
    """A column and what stood in it in the delivery before, and stands in it now; None: nothing."""

    field: str
    before: Any
    after: Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """A row that is ``new``, ``changed`` or ``missing``; numbers are those of the two files."""

    kind: str
    entity: str
    row: int | None = None
    row_before: int | None = None
    cells: tuple[Cell, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Differences:
    """The rows that differ, changed ones first, and how many more there are."""

    rows: tuple[Difference, ...] = ()
    beyond: int = 0

    def to_json(self) -> list[dict[str, Any]]:
        """The form of docs/reference/twin-api.md."""
        return [asdict(one) for one in self.rows]


@dataclass(frozen=True, slots=True)
class Before:
    """The delivery that the twin holds, and how to read it."""

    planned: PlannedSource
    connector: Connector
    translator: Translator


def differences(before: Before, accepted: Iterable[Accepted], present: Mapping[int, Any]) -> Differences:
    """Compare rows that would be written with those of the delivery before.

    ``present`` has the keys of all rows of the new delivery that passed (see ``Gate.seen``). Rows of which only the
    expectations or the mapping have changed say nothing else than before, and are left out. Raises ``SourceFailed``
    where the delivery before cannot be read.
    """
    now = {row.key: row for row in accepted}
    changed, missing, found = list[Difference](), list[Difference](), set[int]()
    for record, key, entity in _keyed(before):
        if key in now and key not in found:
            found.add(key)
            cells = _cells(record, now[key].record)
            if cells:
                changed.append(_changed(now[key], record, cells))
        elif key not in present:
            cells = tuple(_gone(record))
            missing.append(Difference(kind="missing", entity=entity, row_before=record.number, cells=cells))
    new = (_new(row) for key, row in now.items() if key not in found)
    everything = list(chain(changed, missing, new))
    return Differences(rows=tuple(everything[:MOST_ROWS]), beyond=max(0, len(everything) - MOST_ROWS))


def _keyed(before: Before) -> Iterator[tuple[Record, int, str]]:
    """The rows of the delivery before that have a meaning, each with its key (as the gate makes it) and entity."""
    records = before.planned.rows(before.connector)
    try:
        for record in records:
            meaning = before.translator.translate(record)
            if not meaning.reasons:
                yield record, digest(meaning.entity_id, meaning.at), meaning.entity_id
    finally:
        with suppress(AttributeError, ValueError):
            records.close()  # type: ignore[attr-defined]


def _changed(row: Accepted, before: Record, cells: tuple[Cell, ...]) -> Difference:
    return Difference(
        kind="changed",
        entity=row.meaning.entity_id,
        row=row.record.number,
        row_before=before.number,
        cells=cells[:_MOST_CELLS],
    )


def _new(row: Accepted) -> Difference:
    filled = [
        Cell(name, None, _shown(value)) for name, value in row.record.fields.items() if value is not None
    ]
    cells = tuple(filled[:_MOST_CELLS])
    return Difference(kind="new", entity=row.meaning.entity_id, row=row.record.number, cells=cells)


def _gone(record: Record) -> Iterator[Cell]:
    filled = [(name, value) for name, value in record.fields.items() if value is not None]
    return (Cell(name, _shown(value), None) for name, value in filled[:_MOST_CELLS])


def _cells(before: Record, after: Record) -> tuple[Cell, ...]:
    names = dict.fromkeys((*after.fields, *before.fields))
    cells = [
        Cell(name, _shown(before.fields.get(name)), _shown(after.fields.get(name)))
        for name in names
        if before.fields.get(name) != after.fields.get(name)
    ]
    if before.geometry != after.geometry:
        cells.append(Cell("geometry", _shown(before.geometry), _shown(after.geometry)))
    return tuple(cells)


def _shown(value: Any) -> Any:
    """A cell's value as JSON has it, long ones cut."""
    if value is None or isinstance(value, bool | int | float):
        return value
    text = str(value)
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"
