"""Dashboards: read once, kept until what they read changes, so that a request costs no more than sending the answer."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Any, Protocol

from sympolis.analysis.dashboards import figures
from sympolis.analysis.dashboards.figures import Found, Ranking
from sympolis.analysis.dashboards.plan import DashboardPlan, PeersPlan, TrendPlan
from sympolis.context.broker import Broker
from sympolis.domain import errors
from sympolis.domain.reading import did_you_mean
from sympolis.orchestration import dashboard_documents, gather
from sympolis.orchestration.dashboard_reading import DashboardReader
from sympolis.orchestration.desk import Desk
from sympolis.orchestration.followed import Followed
from sympolis.orchestration.run import Run

log = logging.getLogger(__name__)
Json = dict[str, Any]
MOST_PEERS = 50
_MOST_DAYS = 64
"""Key dates kept per dashboard."""


class Baselines(Protocol):
    """Whoever runs models."""

    async def latest(self, model: str) -> Run | None:
        """The finished run of a model's baseline, if there is one."""
        ...

    async def ensure(self, model: str) -> None:
        """Run a model's baseline unless that was done for the present data."""
        ...


@dataclass(frozen=True, slots=True)
class DeskBaselines:
    """The city's own desk as ``Baselines``."""

    desk: Desk

    async def latest(self, model: str) -> Run | None:
        """See ``Baselines``."""
        return await self.desk.baseline_run(model)

    async def ensure(self, model: str) -> None:
        """See ``Baselines``."""
        await self.desk.ensure_baseline(model=model)


@dataclass(slots=True)
class _Kept:
    """What was made of a dashboard: documents by key date, its peers, and up to where the log was read."""

    followed: Followed
    lock: asyncio.Lock
    documents: dict[date, tuple[tuple[str, ...], Json]]
    rankings: Mapping[str, Ranking] | None = None


class DashboardDesk:
    """Finds and fills the dashboards that a city declares."""

    def __init__(
        self,
        broker: Broker,
        names: gather.Names,
        plans: Sequence[DashboardPlan],
        *,
        city: str,
        baselines: Baselines,
        timezone: str = "UTC",
    ) -> None:
        self._reader = DashboardReader(broker, names, city, timezone)
        self._broker = broker
        self._names = names
        self._baselines = baselines
        self._problems: dict[str, str] = {}
        """Model → why its baseline could not be run after the start."""
        self._plans: dict[str, DashboardPlan] = {}
        self._kept: dict[str, _Kept] = {}
        self.show(plans)

    def show(self, plans: Sequence[DashboardPlan]) -> None:
        """Have these dashboards; what was made of those that stay as they are is kept."""
        before = self._plans
        self._plans = {one.id: one for one in sorted(plans, key=lambda plan: (plan.order, plan.id))}
        self._kept = {
            name: self._kept[name] if before.get(name) == plan else self._fresh(plan)
            for name, plan in self._plans.items()
        }

    def _fresh(self, plan: DashboardPlan) -> _Kept:
        kinds = {self._names.expand(kind) for kind in plan.types}
        return _Kept(Followed(self._broker, kinds), asyncio.Lock(), {})

    @property
    def plans(self) -> tuple[DashboardPlan, ...]:
        """The dashboards, in the city's order."""
        return tuple(self._plans.values())

    def plan(self, dashboard: str) -> DashboardPlan:
        """One declaration. Raises ``NotFound``."""
        try:
            return self._plans[dashboard]
        except KeyError:
            hint = did_you_mean(dashboard, self._plans)
            raise errors.NotFound(
                f"there is no dashboard {dashboard!r} here", where="dashboard", hint=hint
            ) from None

    async def get(self, dashboard: str, until: date | None = None) -> Json:
        """One dashboard with all its figures on a key date. Raises ``NotFound``."""
        plan = self.plan(dashboard)
        kept, day = await self._current(plan), until or plan.key_date
        async with kept.lock:
            runs = {model: await self._baselines.latest(model) for model in plan.models}
            versions = tuple(run.id if run else self._problems.get(model, "") for model, run in runs.items())
            known = kept.documents.get(day)
            if known is None or known[0] != versions:
                known = (versions, await self._made(plan, day, runs))
                if len(kept.documents) >= _MOST_DAYS:
                    kept.documents.clear()
                kept.documents[day] = known
            return known[1]

    async def peers(self, dashboard: str, codes: Sequence[str] = ()) -> Json:
        """This city among others: its rank in every field, and the values of those asked for. Raises ``NotFound``."""
        plan = self.plan(dashboard)
        if plan.peers is None:
            raise errors.NotFound(f"{dashboard} compares with nobody", where="dashboard")
        if len(codes) > MOST_PEERS:
            raise errors.InvalidRequest(f"at most {MOST_PEERS} can be compared at once", where="keys")
        rankings = await self._rankings(plan, plan.peers)
        unknown = [code for code in codes if not any(code in one.by_code for one in rankings.values())]
        if unknown:
            raise errors.NotFound(
                f"nothing is known of {unknown[0]!r}",
                where="keys",
                hint="give official codes, e.g. of eight digits",
            )
        return dashboard_documents.peers(plan.peers, rankings, codes or plan.peers.shown)

    async def prepare(self) -> None:
        """Run the models whose figures are shown and fill every dashboard, after the twin's start."""
        for plan in self.plans:
            for model in plan.models:
                try:
                    await self._baselines.ensure(model)
                except errors.SympolisError as problem:
                    self._problems[model] = problem.message
                    log.warning("dashboard %s: %s could not be run: %s", plan.id, model, problem.message)
            await self.get(plan.id)
            if plan.peers is not None:
                await self.peers(plan.id)

    async def _current(self, plan: DashboardPlan) -> _Kept:
        kept = self._kept[plan.id]
        async with kept.lock:
            if await kept.followed.changed():
                kept.documents.clear()
                kept.rankings = None
        return kept

    async def _rankings(self, plan: DashboardPlan, peers: PeersPlan) -> Mapping[str, Ranking]:
        kept = await self._current(plan)
        async with kept.lock:
            if kept.rankings is None:
                values = await self._reader.values(peers)
                kept.rankings = {name: figures.ranking(one) for name, one in values.items()}
            return kept.rankings

    async def _made(self, plan: DashboardPlan, day: date, runs: Mapping[str, Run | None]) -> Json:
        found = figures.settled(plan, await self._reader.found(plan, day, runs, self._problems), day)
        trends = [await self._trend(plan, one, found) for one in plan.trends]
        return dashboard_documents.dashboard(plan, day, found, trends)

    async def _trend(self, plan: DashboardPlan, trend: TrendPlan, found: Mapping[str, Found]) -> Json:
        figure = next(one for one in plan.figures if one.id == trend.figure)
        past = [(at, value * figure.scale) for at, value in await self._reader.past(figure)]
        end = datetime.combine(plan.key_date, time.max, UTC)
        base = next((value for at, value in reversed(past) if at <= end), found[figure.id].value)
        return dashboard_documents.trend(trend, figure, past, figures.path(trend.path, base))
