"""A service: a question that a city asks in plain words, with the models that answer it and the levers one may move.

What a city declares (``services/<id>.toml``) as the desks take it; nothing here runs anything.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sympolis.orchestration.worklist import Gap

Texts = Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Lever:
    """What a planner may move: a parameter of a measure, within bounds.

    It moves every override of ``measure`` in the service's scenario; where there is none, one is added at ``where``.
    """

    name: str
    measure: str
    parameter: str
    title: Texts = field(default_factory=dict)
    low: float | None = None
    high: float | None = None
    where: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Feed:
    """What feeds a linked need: an earlier model of the chain, and attribute → field of its results."""

    need: str
    model: str
    fields: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Step:
    """One model of a chain and what feeds it."""

    model: str
    feeds: tuple[Feed, ...] = ()


@dataclass(frozen=True, slots=True)
class Objective:
    """What an allocation is to make least or most of, and what it may spend, by name."""

    indicator: str
    sense: str = "least"
    budget: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Department:
    """Who works on the service's joint plans: the figures by which it judges, and the levers that are its own."""

    id: str
    title: Texts
    aim: Texts = field(default_factory=dict)
    indicators: tuple[str, ...] = ()
    levers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceSetup:
    """A service of this city.

    ``steps`` are the models in the order in which they run, the last one gives the answer. ``scenarios`` are what-ifs
    to start from, the first one by default; at most one for each model counts. ``indicators`` are in the order in
    which they matter. ``proxies`` are the stand-ins (``need.attribute``) that the city accepts; None: all.
    """

    id: str
    title: Texts
    question: Texts
    audience: Texts = field(default_factory=dict)
    steps: tuple[Step, ...]
    scenarios: tuple[str, ...] = ()
    levers: tuple[Lever, ...] = ()
    indicators: tuple[str, ...] = ()
    objective: Objective | None = None
    proxies: tuple[str, ...] | None = None
    departments: tuple[Department, ...] = ()
    gaps: tuple[Gap, ...] = ()
    version: str = "1.0.0"

    @property
    def model(self) -> str:
        """The model whose results are the answer."""
        return self.steps[-1].model
