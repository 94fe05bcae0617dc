"""A run: one scenario through one model as an ensemble, from the queue to its figures.

The record is complete enough to repeat the run and to find its members' results again after a restart.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

import msgspec

from sympolis.domain import errors
from sympolis.domain.scenario import Override, RunStatus, Window
from sympolis.orchestration.request import Upstream

FINISHED = (RunStatus.DONE, RunStatus.FAILED, RunStatus.CANCELLED)

Texts = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Problem:
    """An error as a run keeps it."""

    title: str
    detail: str
    where: str = ""
    hint: str = ""


@dataclass(frozen=True, slots=True)
class RunProgress:
    """How far: ``share`` 0..1, and what is being done, by language."""

    share: float = 0.0
    text: Texts = field(default_factory=dict)
    members_done: int = 0
    members: int | None = None


@dataclass(frozen=True, slots=True)
class Tariff:
    """What a busy core of the machines that run models draws [W], and what electricity costs [EUR/kWh]."""

    core_watts: float = 0.0
    eur_per_kwh: float = 0.0

    def energy_wh(self, cpu_s: float) -> float:
        """An estimate: CPU seconds times the core's power; idle parts and memory are in that power or nowhere."""
        return cpu_s * self.core_watts / 3600.0

    def cost_eur(self, cpu_s: float) -> float:
        """The price of that energy."""
        return self.energy_wh(cpu_s) / 1000.0 * self.eur_per_kwh


NO_TARIFF = Tariff()
"""Nobody has said what the machines draw: no energy is estimated."""


@dataclass(frozen=True, slots=True)
class Figure:
    """One indicator of a finished run, described so that it can be read without the model."""

    name: str
    title: Texts
    unit: str
    direction: str
    decimals: int
    value: float
    low: float
    high: float
    level: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """See the module. Times are aware, UTC; ``member_keys`` name the members' result files in order."""

    id: str
    scenario: str
    scenario_version: int
    scenario_title: Texts
    model: str
    model_version: str
    mode: str
    window: Window
    seed: int
    queued_at: datetime
    status: RunStatus = RunStatus.QUEUED
    progress: RunProgress = RunProgress()
    asked_members: int | None = None
    overrides: tuple[Override, ...] = ()
    parameters: Mapping[str, Any] = field(default_factory=dict)
    """The fixed ones."""
    sampled: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    """The uncertain ones and the range over which the ensemble varied them."""
    data_version: str = ""
    key: str = ""
    """Names the question and the number of members asked for."""
    baseline: str = ""
    """The run of the same hours, mode, seed and data without any override: what this run is compared with."""
    question: str = ""
    """Names the question alone: runs that share it differ in nothing but their number of members."""
    member_keys: tuple[str, ...] = ()
    started_at: datetime | None = None
    finished_at: datetime | None = None
    cost_cpu_s: float = 0.0
    """CPU seconds this run used: members found in the cache cost nothing."""
    tariff: Tariff = NO_TARIFF
    """With which its energy is estimated."""
    member_cost_cpu_s: float = 0.0
    """CPU seconds that one member costs, on average, wherever it was computed."""
    cached: bool = False
    error: Problem | None = None
    warnings: tuple[str, ...] = ()
    indicators: tuple[Figure, ...] = ()
    service: str = ""
    """The service that asked for it; empty where the scenario was run by itself."""
    upstream: Mapping[str, str] = field(default_factory=dict)
    """By linked need: the run of another model that fed this one."""
    feeds: Mapping[str, Upstream] = field(default_factory=dict)
    """The same with the fields it gave, so that the chain can be run again; empty in records of earlier versions."""
    calibration_id: str = ""
    calibration: Mapping[str, Mapping[str, float]] = field(default_factory=dict)

    @property
    def finished(self) -> bool:
        """Whether nothing more will happen."""
        return self.status in FINISHED


def new_id(at: datetime) -> str:
    """A run's id: its day, to be recognised by people, and a random part."""
    return f"run-{at:%Y%m%d}-{uuid.uuid4().hex[:10]}"


def problem(error: BaseException) -> Problem:
    """How a run keeps this error."""
    if isinstance(error, errors.SympolisError):
        return Problem(error.title, error.message, error.where, error.hint)
    return Problem("Internal error", f"{type(error).__name__}: {error}", "", "see the server's log")


def interrupted(run: Run, at: datetime) -> Run:
    """The run as it is found after a crash or restart of the server."""
    reason = Problem(
        "Interrupted",
        "the server stopped while this run was under way",
        run.id,
        "start it again: members that were finished are kept and not computed twice",
    )
    return replace(run, status=RunStatus.FAILED, error=reason, finished_at=at)


def to_builtins(run: Run) -> Any:
    """The whole record as JSON values, for its file."""
    return msgspec.to_builtins(run)


def from_builtins(value: Any) -> Run | None:
    """The record from its file; None where an incompatible version wrote it."""
    try:
        return msgspec.convert(value, Run)
    except msgspec.ValidationError:
        return None


def now() -> datetime:
    """The clock in use."""
    return datetime.now(UTC)
