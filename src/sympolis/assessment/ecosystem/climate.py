"""Climate-neutrality indicators: for which this twin has data, from which sources, and for which it has none."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib import resources
from typing import Any, Final

import msgspec

from sympolis.assessment.ecosystem.model import Texts
from sympolis.assessment.ecosystem.seen import Seen

ENOUGH: Final = 0.5
"""From this share of indicators with data on, the set counts as covered."""


class Indicator(msgspec.Struct, frozen=True, kw_only=True):
    """One indicator; ``types`` are kinds of entities that carry data for it."""

    id: str
    group: str
    unit: str
    title: Texts
    types: tuple[str, ...]


class Set(msgspec.Struct, frozen=True, kw_only=True):
    """The whole of ``climate.toml``."""

    source: str
    indicators: tuple[Indicator, ...]
    groups: dict[str, Texts]


@cache
def indicator_set() -> Set:
    """The set as it is shipped."""
    text = resources.files(__package__ or "").joinpath("climate.toml").read_text(encoding="utf-8")
    return msgspec.convert(tomllib.loads(text), Set)


def coverage(seen: Seen) -> dict[str, Any]:
    """Every indicator with the sources here that bring data for it."""
    shipped = indicator_set()
    rows = [_row(one, seen) for one in shipped.indicators]
    covered = sum(bool(one["sources"]) for one in rows)
    return {"source": shipped.source, "covered": covered, "of": len(rows), "indicators": rows}


def is_covered(seen: Seen) -> bool:
    """Whether enough of the set has data here."""
    found = coverage(seen)
    return bool(found["covered"] >= ENOUGH * found["of"])


def _row(one: Indicator, seen: Seen) -> dict[str, Any]:
    sources = [it for it in seen.sources if it.entity_type in one.types]
    return {
        "id": one.id,
        "group": one.group,
        "group_title": indicator_set().groups[one.group],
        "unit": one.unit,
        "title": one.title,
        "sources": [{"id": it.id, "title": dict(it.title), "owner": it.owner} for it in sources],
    }
