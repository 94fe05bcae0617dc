"""The quality that a sample promises: how many rows, how complete, in which range; for the steward to tighten."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sympolis.acquisition import units
from sympolis.city.proposing.columns import Column
from sympolis.city.proposing.places import Placing
from sympolis.city.proposing.sampling import Sample
from sympolis.governance.datamodels.model import ModelAttribute


def expectations(
    mapping: Mapping[str, Any],
    columns: Sequence[Column],
    rows: Sample,
    place: Placing | None,
    model: Mapping[str, ModelAttribute],
    notes: dict[str, str],
) -> dict[str, Any]:
    """The document of ``[expectations]``; the reasons go into ``notes``."""
    found: dict[str, Any] = {"min_rows": max(1, math.floor(0.8 * len(rows.records))) if rows.whole else 1}
    notes["expectations.min_rows"] = (
        f"four fifths of the sample's {len(rows.records)} rows" if rows.whole else "the sample is only a part"
    )
    if place is not None and not place.inside:
        found["inside_city"] = False
        notes["expectations.inside_city"] = "not all of the sample lies in the city"
    by_name = {one.name: one for one in columns}
    attributes = {
        rule["name"]: expectation
        for rule in mapping["attributes"]
        if (expectation := _one(rule, by_name[rule["field"]], model.get(rule["name"]), notes))
    }
    if attributes:
        found["attributes"] = attributes
    return found


def _one(
    rule: Mapping[str, Any], one: Column, attribute: ModelAttribute | None, notes: dict[str, str]
) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if one.kind in ("number", "integer") and rule.get("type") in ("number", "integer"):
        low, high = _range(rule, one)
        notes[f"expectations.{rule['name']}"] = f"the sample has {low:g} to {high:g}"
        found |= {"type": "number", **_bounds(low, high, attribute)}
    elif one.codes and rule.get("type") is None and rule.get("kind") is None:
        found["codes"] = list(one.codes)
        notes[f"expectations.{rule['name']}"] = f"the sample knows these {len(one.codes)} values"
    if one.filled == 1.0:
        found["required"] = True
    return found


def _range(rule: Mapping[str, Any], one: Column) -> tuple[float, float]:
    """The sample's range in the unit that is stored."""
    assert one.low is not None and one.high is not None
    convert = units.converter(rule.get("unit"), rule.get("from_unit"))
    low, high = (one.low, one.high) if convert is None else (convert(one.low), convert(one.high))
    return min(low, high), max(low, high)


def _bounds(low: float, high: float, attribute: ModelAttribute | None) -> dict[str, float]:
    """The model's bounds where it has them; else the sample's range, half as wide again on either side."""
    span = (high - low) or abs(high) or 1.0
    least = attribute.minimum if attribute is not None else None
    most = attribute.maximum if attribute is not None else None
    if least is None or low < least:
        least = 0.0 if low >= 0 and low < 2 * span else _outward(low - span / 2, span, math.floor)
    if most is None or high > most:
        most = _outward(high + span / 2, span, math.ceil)
    return {"low": least, "high": most}


def _outward(value: float, span: float, to: Callable[[float], int]) -> float:
    """A bound in two digits of the span, so that nobody takes it for measured; never inside of ``value``."""
    step = 10.0 ** (math.floor(math.log10(span)) - 1)
    return round(to(value / step) * step, 10)
