"""From what was read of the twin to figures: intervals, differences from what others published, ranks, paths.

Pure arithmetic: nothing here reads the twin.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any

from sympolis.analysis.dashboards.plan import DashboardPlan, FigurePlan, PathPoint, ProductOf


@dataclass(frozen=True, slots=True)
class Found:
    """What a figure's binding gave: its value (None: there is none) and where that is from."""

    value: float | None = None
    low: float | None = None
    high: float | None = None
    level: float | None = None
    """Of the interval, where it is one of chance."""
    at: datetime | None = None
    lineage: tuple[str, ...] = ()
    run: str | None = None
    count: int | None = None
    """Entities in a sum."""
    basis: Mapping[str, str] = field(default_factory=dict)
    """Why the interval is so wide."""
    working: bool = False
    """A model is at it."""
    problem: str = ""
    """Why a model could not be run."""
    latest: float | None = None
    """The newest value of the same, whatever the key date."""
    undated: bool = False
    """Nothing says how it was on the key date: it was earlier than what is known."""
    days: tuple[int, int] | None = None
    """Of a period: on how many of its days it was measured, and how many there are."""


BASES = {
    "model": {
        "en": "90 % of the model's runs with uncertain inputs",
        "de": "90 % der Modellläufe mit unsicheren Eingaben",
        "it": "90 % delle esecuzioni del modello con dati incerti",
    },
    "carried": {
        "en": "90 % of the model's runs, in proportion to the capacity of that date",
        "de": "90 % der Modellläufe, im Verhältnis der Leistung zu diesem Stichtag",
        "it": "90 % delle esecuzioni del modello, in proporzione alla potenza a quella data",
    },
    "factor": {
        "en": "range of the factor, and of the figure it is multiplied with",
        "de": "Spanne des Faktors und der Größe, mit der er malgenommen wird",
        "it": "intervallo del fattore e della grandezza a cui si applica",
    },
}


UNDATED = {
    "en": "not known for that date: the data have no history",
    "de": "für diesen Stichtag nicht bekannt: Die Daten haben keine Geschichte",
    "it": "non noto per quella data: i dati non hanno uno storico",
}


def reason(found: Found) -> dict[str, str] | None:
    """Why there is no value, where the data say so."""
    if found.undated:
        return dict(UNDATED)
    if found.days is None:
        return None
    measured, of = found.days
    return {
        "en": f"measured on {measured} of {of} days only: too few for a figure",
        "de": f"nur an {measured} von {of} Tagen gemessen: zu wenig für eine Zahl",
        "it": f"misurato solo in {measured} giorni su {of}: troppo pochi per un dato",
    }


def settled(plan: DashboardPlan, read: Mapping[str, Found], day: date | None = None) -> dict[str, Found]:
    """Every figure with its interval; products follow from the figures they name, however these are ordered.

    ``day``: for which; before the dashboard's own, nothing is held against what others have published for theirs.
    """
    earlier = day is not None and day < plan.key_date
    plans = {one.id: replace(one, official=None) if earlier else one for one in plan.figures}
    done: dict[str, Found] = {}
    for one in plans.values():
        _settle(one, plans, read, done, ())
    return done


def _settle(
    one: FigurePlan,
    plans: Mapping[str, FigurePlan],
    read: Mapping[str, Found],
    done: dict[str, Found],
    above: tuple[str, ...],
) -> Found:
    if one.id in done:
        return done[one.id]
    if one.id in above:  # two products of one another are of nothing
        return Found()
    if one.product is not None:
        base = _settle(plans[one.product.figure], plans, read, done, (*above, one.id))
        found = _scaled(_product(base, one.product), one.scale)
    else:
        found = _scaled(read.get(one.id, Found()), one.scale)
    if one.model is not None and one.model.scales_with:
        base = _settle(plans[one.model.scales_with], plans, read, done, (*above, one.id))
        found = _carried(found, base, plans[one.model.scales_with].scale)
    other = None
    if one.doubt is not None and one.doubt.figure is not None:
        other = _settle(plans[one.doubt.figure], plans, read, done, (*above, one.id)).value
    done[one.id] = _doubted(found, one, other)
    return done[one.id]


def _scaled(found: Found, scale: float) -> Found:
    if scale == 1.0:
        return found
    value, low, high = (None if x is None else x * scale for x in (found.value, found.low, found.high))
    return replace(found, value=value, low=low, high=high)


def _carried(found: Found, base: Found, scale: float) -> Found:
    """A model's figure of today in proportion to another that has a history."""
    if found.value is None or base.latest is None:
        return found
    if base.value is None:
        return replace(found, value=None, low=None, high=None, level=None, undated=True)
    share = base.value / (base.latest * scale) if base.latest else 1.0
    return found if share == 1.0 else replace(_scaled(found, share), at=base.at, basis=BASES["carried"])


def _product(base: Found, by: ProductOf) -> Found:
    if base.value is None:
        return replace(base, low=None, high=None)
    least = by.factor if by.low is None else by.low
    most = by.factor if by.high is None else by.high
    low = (base.value if base.low is None else base.low) * least
    high = (base.value if base.high is None else base.high) * most
    unsure = low < high
    return replace(
        base,
        value=base.value * by.factor,
        low=low if unsure else None,
        high=high if unsure else None,
        basis=BASES["factor"] if unsure else {},
    )


def _doubted(found: Found, one: FigurePlan, other: float | None) -> Found:
    """The declared doubt, where the figure has no interval of its own."""
    if one.doubt is None or found.value is None or found.low is not None:
        return found
    ends = [found.value]
    if one.doubt.percent is not None:
        ends += [found.value * (1 + sign * one.doubt.percent / 100) for sign in (-1, 1)]
    if other is not None:
        ends.append(other)
    if one.doubt.official and one.official is not None:
        ends.append(one.official.value)
    if min(ends) == max(ends):  # nobody else says anything of that day
        return found
    return replace(found, low=min(ends), high=max(ends), basis=one.doubt.text)


def difference(value: float | None, official: float) -> tuple[float | None, float | None]:
    """Ours less the official figure, and the same in per cent of it."""
    if value is None:
        return None, None
    return value - official, (100 * (value / official - 1) if official else None)


@dataclass(frozen=True, slots=True)
class Ranking:
    """The values of a field over all places, in ascending order, and each place's own."""

    ordered: tuple[float, ...]
    by_code: Mapping[str, float]

    def place(self, code: str) -> dict[str, Any]:
        """Value, rank from the top, and the share of places (0..1) that have less; None where it is not known."""
        value = self.by_code.get(code)
        if value is None:
            return {"value": None, "rank": None, "share_below": None}
        return {
            "value": value,
            "rank": len(self.ordered) - bisect_right(self.ordered, value) + 1,
            "share_below": bisect_left(self.ordered, value) / len(self.ordered),
        }


def ranking(values: Mapping[str, float]) -> Ranking:
    """Order the places by a field."""
    return Ranking(tuple(sorted(values.values())), values)


def path(points: Sequence[PathPoint], base: float | None) -> list[dict[str, Any]]:
    """The target path; factors are of the figure's value on the key date."""
    found = []
    for one in points:
        value = (
            one.value
            if one.value is not None
            else None
            if base is None or one.times is None
            else base * one.times
        )
        if value is not None:
            found.append({"year": one.year, "value": value})
    return sorted(found, key=lambda point: point["year"])
