"""What of a running twin is drawn: plain values, so that every line of the picture can be proved by a test.

Whoever mounts the twin gathers them (``api.assessment.ecosystem.surveying``) at the moment of the question. There are
no persons in it: people come in groups, counted only from ``FEWEST`` on.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from sympolis.domain.reading import Texts

FEWEST: Final = 5
"""A group of fewer people is drawn without its number."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenSource:
    """One source; ``owner`` may name several, parted by semicolons."""

    id: str
    title: Texts
    owner: str
    licence: str
    entity_type: str
    themes: tuple[str, ...] = ()
    connector: str = ""
    policy: bool = False
    reads_anew: bool = False
    about_people: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenService:
    """One service: the entity types it needs, and what it lacks."""

    id: str
    title: Texts
    runs_here: bool
    needs: tuple[str, ...] = ()
    lacks: tuple[Texts, ...] = ()
    audience: Texts = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenPartner:
    """Another twin."""

    id: str
    title: Texts
    active: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenAgreement:
    """A contract that holds; ``provides`` where we give, else we get."""

    id: str
    partner: str
    dataset: str
    provides: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenGroup:
    """People with something in common: those with a role here, those who took part. ``count`` is how many."""

    id: str
    title: Texts
    count: int
    gives: bool = False
    """Whether they tell the twin something (contributions), beside being told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """Everything that is drawn. ``released`` counts the datasets that are public."""

    at: datetime
    city: str
    title: Texts
    operator: str
    sources: tuple[SeenSource, ...] = ()
    services: tuple[SeenService, ...] = ()
    partners: tuple[SeenPartner, ...] = ()
    agreements: tuple[SeenAgreement, ...] = ()
    groups: tuple[SeenGroup, ...] = ()
    released: int = 0
    decisions: int = 0
    simpl: bool = False
    """Whether the twin has joined a SIMPL-Open dataspace."""
    climate_plan: bool = False
    """Whether a plan with emissions or climate targets is kept here."""


def owners(source: SeenSource) -> tuple[str, ...]:
    """The organisations that a source's owner names."""
    return tuple(name for one in source.owner.split(";") if (name := one.strip()))
