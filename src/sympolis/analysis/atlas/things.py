"""Things of an atlas as columns: which of them a question selects, and what these add up to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from sympolis.later import later

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]
else:
    np = later("numpy")

COMMON: Final = ("layer", "id", "name", "carrier", "status", "capacity", "area", "longitude", "latitude")


@dataclass(frozen=True, slots=True)
class Things:
    """The things of a layer. Every array has one entry per thing; texts are objects, None where there is none."""

    ids: Array
    names: Array
    carriers: Array
    states: Array
    capacity: Array
    """NaN where it is not known."""
    areas: Array
    """Index among the atlas's areas; -1 for none."""
    places: Array
    """Longitude and latitude, NaN without a place; shape (n, 2)."""
    fields: Mapping[str, Array] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.ids)

    def chosen(self, which: Array) -> Things:
        """Those where ``which`` is true, or at these indices."""
        fields = {name: values[which] for name, values in self.fields.items()}
        return Things(
            self.ids[which], self.names[which], self.carriers[which], self.states[which], self.capacity[which],
            self.areas[which], self.places[which], fields,
        )  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """What is asked for; empty means any. Capacities in the atlas's unit.

    A bound leaves out things whose capacity is not known, but not a whole layer that has no capacities.
    """

    layers: tuple[str, ...] = ()
    carriers: tuple[str, ...] = ()
    states: tuple[str, ...] = ()
    areas: tuple[str, ...] = ()
    """By id."""
    low: float | None = None
    high: float | None = None


def select(things: Things, asked: Selection, areas: Sequence[str]) -> Things:
    """The things that a selection (whatever its layers) leaves."""
    kept = np.ones(len(things), dtype=bool)
    for wanted, values in ((asked.carriers, things.carriers), (asked.states, things.states)):
        if wanted:
            kept &= np.isin(values.astype(str), wanted)
    if asked.areas:
        kept &= np.isin(things.areas, [areas.index(one) for one in asked.areas])
    sized = not np.isnan(things.capacity).all()
    if asked.low is not None and sized:
        kept &= things.capacity >= asked.low
    if asked.high is not None and sized:
        kept &= things.capacity <= asked.high
    return things if kept.all() else things.chosen(kept)


def summary(found: Mapping[str, Things], areas: Sequence[str]) -> dict[str, Any]:
    """Numbers and sums of capacity: of all, by layer, carrier, state and area. Layers are never summed together."""
    return {
        "layers": [{"layer": name, **totals(things)} for name, things in found.items()],
        "carriers": _by(found, "carriers"),
        "states": _by(found, "states"),
        "areas": [
            {"layer": name, "area": areas[index], **totals(things.chosen(things.areas == index))}
            for name, things in found.items()
            for index in np.unique(things.areas[things.areas >= 0]).tolist()
        ],
    }


def _by(found: Mapping[str, Things], column: str) -> list[dict[str, Any]]:
    rows = []
    for name, things in found.items():
        values = getattr(things, column).astype(str)
        for value in sorted(set(values.tolist()) - {"None"}):
            rows.append({"layer": name, "value": value, **totals(things.chosen(values == value))})
    return rows


def totals(things: Things) -> dict[str, Any]:
    """How many there are, and the sum and the largest of their known capacities."""
    known = things.capacity[~np.isnan(things.capacity)]
    return {
        "count": len(things),
        "capacity": round(float(known.sum()), 3) if len(known) else None,
        "known": len(known),
        "largest": round(float(known.max()), 3) if len(known) else None,
    }


def largest(things: Things, most: int) -> Things:
    """The ``most`` largest things; those of unknown capacity come last, in their order."""
    if len(things) <= most:
        return things
    order = np.argsort(np.where(np.isnan(things.capacity), np.inf, -things.capacity), kind="stable")
    return things.chosen(np.sort(order[:most]))


def rows(layer: str, things: Things, areas: Sequence[str]) -> Iterator[dict[str, Any]]:
    """One dictionary per thing: the common columns, then the layer's own; None where something is not known."""
    columns: dict[str, list[Any]] = {
        "id": things.ids.tolist(),
        "name": things.names.tolist(),
        "carrier": things.carriers.tolist(),
        "status": things.states.tolist(),
        "capacity": _numbers(things.capacity, 3),
        "area": [areas[index] if index >= 0 else None for index in things.areas.tolist()],
        "longitude": _numbers(things.places[:, 0], 6),
        "latitude": _numbers(things.places[:, 1], 6),
        **{name: _plain(values) for name, values in things.fields.items()},
    }
    for values in zip(*columns.values(), strict=True):
        yield {"layer": layer, **dict(zip(columns, values, strict=True))}


def _plain(values: Array) -> list[Any]:
    """Numbers as numbers; a column of counts as whole ones, for 11672.0 homes are nowhere."""
    if values.dtype.kind != "f":
        return list(values.tolist())
    found = _numbers(values, 3)
    whole = all(value is None or value.is_integer() for value in found)
    return [None if value is None else int(value) for value in found] if whole else found


def _numbers(values: Array, digits: int) -> list[float | None]:
    return [None if value != value else value for value in np.round(values.astype(float), digits).tolist()]  # noqa: PLR0124
