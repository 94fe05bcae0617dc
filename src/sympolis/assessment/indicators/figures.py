"""Every indicator as it stands: counted of the twin, measured of the city, or reported by people.

What a person reports by name and period takes the place of what the twin counts, which stays beside it: a reader sees
both. What neither has is told as missing, with the datasets here from which somebody could work it out.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from sympolis.assessment.evidence.facts import Dataset, Facts
from sympolis.assessment.indicators.catalogues import Catalogue, Indicator, catalogues
from sympolis.assessment.indicators.counted import FIGURES
from sympolis.assessment.indicators.measures import Measured, Rows, measure

Json = dict[str, Any]


class Reported(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody entered: ``period`` is a year or a span in ISO 8601, ``source`` where it is from."""

    value: float
    period: str
    source: str = ""
    note: str = ""
    by: str = ""
    at: str = ""


def measured(
    facts: Facts,
    rows: Rows | None = None,
    reported: Mapping[str, Reported] | None = None,
    *,
    of: Iterable[Catalogue] | None = None,
) -> list[Json]:
    """Every indicator as it is now, with its target. ``rows``: what was read of the city; none: nothing is measured."""
    known, said = rows or Rows(), reported or {}
    found = catalogues().values() if of is None else of
    return [
        _told(one, catalogue, facts, measure(one, known), said.get(one.id))
        for catalogue in found
        for one in catalogue.indicators
    ]


def _told(
    one: Indicator, catalogue: Catalogue, facts: Facts, city: Measured | None, said: Reported | None
) -> Json:
    counted = _counted(one, facts, city)
    value = counted if said is None else said.value
    carrying = _carrying(one, facts)
    return {
        "id": one.id,
        "catalogue": catalogue.id,
        "group": one.group,
        "title": one.title,
        "unit": one.unit,
        "value": value,
        "basis": "reported" if said is not None else "none" if counted is None else "counted",
        "counted": counted,
        "automatic": bool(one.figure or one.measure),
        "sums": {} if city is None else dict(city.sums),
        "target": one.target,
        "reached": None if one.target is None else value is not None and value >= one.target,
        "note": one.note,
        "datasets": [{"id": it.id, "title": it.title} for it in carrying],
        "reported": None if said is None else msgspec.to_builtins(said),
    }


def _counted(one: Indicator, facts: Facts, city: Measured | None) -> float | None:
    if one.figure:
        return FIGURES[one.figure](facts)
    return None if city is None else round(city.value, 3)


def _carrying(one: Indicator, facts: Facts) -> list[Dataset]:
    types = set(one.types)
    if one.measure is not None:
        fields = (one.measure.part, one.measure.whole, one.measure.people)
        types |= {it.type for it in fields if it is not None}
    return [it for it in facts.datasets if it.entity_type in types]
