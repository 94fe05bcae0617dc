"""Catalogues of indicators as data: the impact framework, U4SSC, energy of AI systems; another is another file."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import Final, Literal

import msgspec

from sympolis.domain import errors

Texts = dict[str, str]
SHIPPED: Final = ("ldt4ssc", "u4ssc", "l1801")
"""In the order in which they are told."""


class Field(msgspec.Struct, frozen=True, kw_only=True):
    """An attribute of all entities of a type; without an attribute the entities themselves."""

    type: str
    attribute: str = ""
    unit: str = ""
    """UN/CEFACT code that values must have where they state one; others are not counted."""


class Measure(msgspec.Struct, frozen=True, kw_only=True):
    """How a figure is worked out from what the twin knows of the city.

    ``ratio``: the sum of ``part`` over the sum of ``whole``, times ``factor``. ``near``: the share of ``whole`` [%]
    that lives within ``metres`` of a ``part``; each of ``whole`` has a share of the ``people`` of the area whose
    ``code`` its ``area`` names. ``mean``: the mean of what ``part`` measured in the year before its newest value.
    """

    kind: Literal["ratio", "near", "mean"]
    part: Field
    whole: Field | None = None
    factor: float = 1.0
    metres: float = 0.0
    area: str = ""
    code: str = ""
    people: Field | None = None


class Indicator(msgspec.Struct, frozen=True, kw_only=True):
    """One indicator. ``figure`` is counted of the twin, ``measure`` of the city; without both people enter it."""

    id: str
    group: str
    title: Texts
    unit: str = ""
    target: float | None = None
    figure: str = ""
    measure: Measure | None = None
    types: tuple[str, ...] = ()
    """Kinds of entities that carry data for it: who has them could work it out."""
    note: Texts = {}
    """What has to be known to read the figure, such as where it stands in for the indicator's own."""


class Catalogue(msgspec.Struct, frozen=True, kw_only=True):
    """All indicators of one edition."""

    id: str
    version: str
    source: str
    title: Texts
    groups: dict[str, Texts]
    indicators: tuple[Indicator, ...]


@cache
def catalogues() -> Mapping[str, Catalogue]:
    """Those that are shipped, by id."""
    return {name: _read(name) for name in SHIPPED}


@cache
def by_id() -> Mapping[str, Indicator]:
    """Every indicator of every catalogue."""
    return {one.id: one for catalogue in catalogues().values() for one in catalogue.indicators}


def find(indicator: str) -> Indicator:
    """One indicator. Raises ``NotFound``."""
    found = by_id().get(indicator)
    if found is None:
        raise errors.NotFound(
            f"there is no indicator {indicator[:40]}",
            where="indicator",
            hint="GET /api/assessment/indicators lists them",
        )
    return found


def _read(name: str) -> Catalogue:
    text = resources.files(__package__ or "").joinpath(f"{name}.toml").read_text(encoding="utf-8")
    return msgspec.convert(tomllib.loads(text), Catalogue)
