"""Counts while rows pass the gate: how many, how full, how large the values, where, and what was wrong.

Memory stays small however long the delivery is; the same rows give the same figures.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from statistics import median
from typing import Any, Final

from sympolis.acquisition.evaluation import Profile
from sympolis.acquisition.quality import Reason
from sympolis.acquisition.translate import Translated
from sympolis.domain.entity import AttributeKind
from sympolis.plugins.connector import Record

GRID: Final = 10
"""The city's bounding box is divided into so many cells each way, to see which parts are covered."""
ALWAYS: Final = -1
"""The cell of values that have no time."""
_MOST_VALUES: Final = 64
_MOST_PLACES: Final = 50


class Sample:
    """Some of many numbers, evenly spread over them: memory stays small, the same numbers give the same sample."""

    __slots__ = ("_skip", "_step", "count", "values")

    def __init__(self) -> None:
        self.count = 0
        self.values: list[float] = []
        self._step, self._skip = 1, 0

    def add(self, value: float) -> None:
        """Take one number in."""
        self.count += 1
        if self._skip:
            self._skip -= 1
            return
        self._skip = self._step - 1
        self.values.append(value)
        if len(self.values) > _MOST_VALUES:
            self.values = self.values[::2]
            self._step *= 2


@dataclass(slots=True)
class Tally:
    """What was seen so far. ``names``: IRI → short name of the mapping's attributes."""

    names: Mapping[str, str]
    bounds: tuple[float, float, float, float]
    read: int = 0
    refused: int = 0
    duplicates: int = 0
    rules: Counter[str] = field(default_factory=Counter)
    """Refused rows by rule; a row counts once for each rule it breaks."""
    reasons: dict[tuple[str, str], tuple[int, Reason]] = field(default_factory=dict)
    misfits: int = 0
    """Refused rows that have more or fewer cells than the header."""
    outside: list[tuple[Mapping[str, Any], Mapping[str, Any] | None]] = field(default_factory=list)
    filled: Counter[str] = field(default_factory=Counter)
    """Rows (observations, for series) that have a value, by attribute."""
    samples: dict[str, dict[int, Sample]] = field(default_factory=dict)
    accented: int = 0
    garbled: int = 0
    garbled_example: str = ""
    cells: set[int] = field(default_factory=set)
    newest: datetime | None = None
    oldest: datetime | None = None

    def passed(self, record: Record, meaning: Translated) -> None:
        """A row that may enter, new or not."""
        self.read += 1
        self._texts(record)
        for point in meaning.observations:
            name = self.names.get(point.name, point.name)
            self.filled[name] += 1
            self._value(name, point.value, point.at.weekday() * 24 + point.at.hour)
        self._times(meaning)
        if meaning.entity is not None:
            self._entity(meaning)

    def _entity(self, meaning: Translated) -> None:
        assert meaning.entity is not None
        for iri, instances in meaning.entity.attributes.items():
            name = self.names.get(iri, iri)
            self.filled[name] += 1
            for instance in instances:
                if instance.kind is AttributeKind.GEO_PROPERTY:
                    self._place(instance.value)
                else:
                    self._value(name, instance.value, ALWAYS)

    def _value(self, name: str, value: Any, cell: int) -> None:
        if type(value) in (int, float):
            cells = self.samples.setdefault(name, {})
            sample = cells.get(cell)
            if sample is None:
                sample = cells[cell] = Sample()
            sample.add(value)

    def _times(self, meaning: Translated) -> None:
        times = [point.at for point in meaning.observations]
        if times:
            last, first = max(times), min(times)
            self.newest = last if self.newest is None else max(self.newest, last)
            self.oldest = first if self.oldest is None else min(self.oldest, first)

    def _place(self, shape: Mapping[str, Any]) -> None:
        part = shape["coordinates"]
        while isinstance(part[0], list | tuple):
            part = part[0]
        west, south, east, north = self.bounds
        column = int((part[0] - west) / (east - west) * GRID)
        line = int((part[1] - south) / (north - south) * GRID)
        if 0 <= column <= GRID and 0 <= line <= GRID:
            self.cells.add(min(line, GRID - 1) * GRID + min(column, GRID - 1))

    def _texts(self, record: Record) -> None:
        accented = [text for text in record.fields.values() if type(text) is str and not text.isascii()]
        if accented:
            self.accented += 1
            broken = next((text for text in accented if is_garbled(text)), None)
            if broken is not None:
                self.garbled += 1
                self.garbled_example = self.garbled_example or broken[:40]

    def refuse(self, record: Record, reasons: Sequence[Reason]) -> None:
        """A row that may not."""
        self.read += 1
        self.refused += 1
        self._texts(record)
        self.rules.update({reason.rule for reason in reasons})
        for reason in reasons:
            count, first = self.reasons.get((reason.field, reason.rule), (0, reason))
            self.reasons[reason.field, reason.rule] = (count + 1, first)
        if any("cells" in fault for fault in record.faults):
            self.misfits += 1
        if len(self.outside) < _MOST_PLACES and any(reason.rule == "geometry" for reason in reasons):
            self.outside.append((record.fields, record.geometry))

    def duplicate(self) -> None:
        """A row that repeats another."""
        self.read += 1
        self.duplicates += 1

    def profile(self) -> Profile:
        """Median and count of the values, by attribute and hour of the week (UTC; ``ALWAYS`` without a time)."""
        return {
            name: {cell: (median(sample.values), sample.count) for cell, sample in cells.items()}
            for name, cells in self.samples.items()
        }


def is_garbled(text: str) -> bool:
    """Whether UTF-8 was read as Windows-1252, or letters were lost on the way."""
    if "\ufffd" in text:
        return True
    try:
        return text.encode("cp1252").decode("utf-8") != text
    except UnicodeError:
        return False
