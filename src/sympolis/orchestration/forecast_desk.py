"""Forecasts of the twin's own series: worked out in a worker, kept, published as entities, renewed when data change.

What is kept under ``folder`` (all of it can be deleted; it is then made again):

    <forecast>/<key>.json     a result, named by all that it follows from: declaration, data, method, libraries
    <forecast>/newest.json    which of them stands, and what the data were then
    <forecast>/inputs         the gathered series of the work under way

A forecast starts at the end of the series, be that this hour or the end of a set of data that was closed long ago.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec

from sympolis.analysis.forecasting.plan import ForecastPlan
from sympolis.context.broker import Broker
from sympolis.domain import errors
from sympolis.domain.reading import did_you_mean
from sympolis.orchestration import documents, files, forecast_documents, gather
from sympolis.orchestration.forecast_entities import forecast_entities
from sympolis.orchestration.worker import call_of
from sympolis.orchestration.workers import Executor
from sympolis.plugins.simulator import Need

WORK = "sympolis.analysis.forecasting.work"
BACKGROUND = 5
"""Priority in the queue of workers: after everything that somebody waits for."""
_FOLLOWED_CHANGES = 5_000
_KEPT_RESULTS = 3

log = logging.getLogger(__name__)
Json = dict[str, Any]


class Standing(msgspec.Struct, frozen=True):
    """Which result stands for a forecast. ``position``: of the change log when the data were last found unchanged."""

    key: str
    data_version: str
    position: int
    at: datetime
    cost_cpu_s: float


@dataclass(frozen=True, slots=True)
class _Problem:
    """Why a forecast could not be worked out from the data as they were at ``position`` of the change log."""

    text: str
    position: int


class ForecastDesk:
    """Makes, keeps and finds the forecasts that a city declares."""

    def __init__(  # noqa: PLR0913 - a composition: each keyword is one part or one choice
        self,
        broker: Broker,
        names: gather.Names,
        plans: Sequence[ForecastPlan],
        *,
        city: str,
        zone: str,
        pool: Executor,
        folder: Path,
        now: Callable[[], datetime],
    ) -> None:
        self._broker = broker
        self._names = names
        self._plans = {plan.id: plan for plan in plans}
        self._city = city
        self._zone = zone
        self._pool = pool
        self._folder = folder
        self._now = now
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._progress: dict[str, float] = {}
        self._problems: dict[str, _Problem] = {}
        self.working: dict[str, datetime] = {}
        """Forecast → since when it is being worked out, for the list of jobs."""

    async def list_forecasts(self) -> list[Json]:
        """Every forecast with how good it is, without its values."""
        return [await self._document(plan, brief=True) for plan in self._plans.values()]

    async def get(self, forecast: str, feature: str | None = None) -> Json:
        """One forecast; of one feature also what was forecast in the past, beside what came. Raises ``NotFound``."""
        return await self._document(self._plan(forecast), feature=feature)

    async def start(self, forecast: str) -> Json:
        """Work a forecast out, unless it stands for the present data; ``state`` says which."""
        plan = self._plan(forecast)
        if plan.id not in self._tasks and not await self._is_current(plan):
            self._problems.pop(plan.id, None)
            task = asyncio.create_task(self._guarded(plan), name=f"forecast {plan.id}")
            self._tasks[plan.id] = task
            task.add_done_callback(lambda _: self._tasks.pop(plan.id, None))
            await asyncio.sleep(0)
        return await self._document(plan, brief=True)

    async def keep_current(self, stopped: asyncio.Event, every_s: float = 60.0) -> None:
        """Work out what does not stand, one after another, and look again now and then until ``stopped``."""
        while not stopped.is_set():
            for plan in self._plans.values():
                if not await self._is_hopeless(plan):
                    await self.start(plan.id)
                    await self.wait(plan.id)
            try:
                await asyncio.wait_for(stopped.wait(), every_s)
            except TimeoutError:
                continue

    async def wait(self, forecast: str) -> None:
        """Until the work that is under way has ended."""
        if (task := self._tasks.get(forecast)) is not None:
            await asyncio.wait([task])

    async def close(self) -> None:
        """Stop what is under way."""
        for task in [*self._tasks.values()]:
            task.cancel()
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)

    def jobs(self) -> list[Json]:
        """What is being worked out, for the list of jobs."""
        return [
            {"id": f"forecast-{one}", "kind": "forecast", "title": dict(self._plans[one].title), "status": "running",
             "progress": self._progress.get(one), "started_at": documents.instant(since)}
            for one, since in self.working.items()
        ]  # fmt: skip

    def spent_cpu_s(self) -> float:
        """CPU seconds that the forecasts in use took to fit and to work out; 0 where there is none."""
        standings = (self._standing(plan) for plan in self._plans.values())
        return sum(one.cost_cpu_s for one in standings if one is not None)

    def _plan(self, forecast: str) -> ForecastPlan:
        try:
            return self._plans[forecast]
        except KeyError:
            hint = did_you_mean(forecast, self._plans)
            raise errors.NotFound(
                f"there is no forecast {forecast!r} here", where="forecast", hint=hint
            ) from None

    # --- working out --------------------------------------------------------------------------------------------------

    async def _guarded(self, plan: ForecastPlan) -> None:
        self.working[plan.id] = self._now()
        position = (await self._broker.status()).position
        try:
            await self._made(plan, position)
        except Exception as error:  # the reason belongs to the forecast, where its reader will look for it
            text = error.message if isinstance(error, errors.SympolisError) else "it failed: see the log"
            self._problems[plan.id] = _Problem(text, position)
            log.warning("forecast %s: %s", plan.id, error, exc_info=True, extra={"action": "forecast"})
        finally:
            self.working.pop(plan.id, None)
            self._progress.pop(plan.id, None)

    async def _made(self, plan: ForecastPlan, position: int) -> None:
        inputs = await gather.gather(self._broker, self._names, _needs(plan))
        version = await asyncio.to_thread(gather.data_version, inputs)
        kept = self._standing(plan)
        key = files.key([msgspec.to_builtins(plan), self._zone, version, await self._method()])[:16]
        cost = kept.cost_cpu_s if kept is not None and kept.key == key else 0.0
        if not self._result_file(plan, key).exists():
            place = self._folder / plan.id / "inputs"
            await asyncio.to_thread(files.write, place, msgspec.msgpack.encode(inputs))
            task = call_of(
                WORK,
                "forecast",
                plan=msgspec.to_builtins(plan),
                zone=self._zone,
                inputs=str(place),
                kept=None if kept is None else files.find_json(self._result_file(plan, kept.key)),
            )
            answer = await self._pool.run(task, priority=BACKGROUND, progress=self._hears(plan.id))
            cost = round(answer.cost_cpu_s, 2)
            files.write_json(self._result_file(plan, key), answer.result)
            place.unlink()
        standing = Standing(key, version, position, self._now(), cost)
        await self._publish(plan, standing)
        files.write_json(self._standing_file(plan), standing)
        self._prune(plan, key)

    async def _method(self) -> Json:
        """What makes another forecast of the same data: the method, and the libraries that the workers have."""
        answer = await self._pool.run(call_of(WORK, "method"), priority=BACKGROUND)
        found: Json = answer.result
        return found

    def _hears(self, forecast: str) -> Callable[[float, str], None]:
        def hear(share: float, _text: str) -> None:
            self._progress[forecast] = round(share, 3)

        return hear

    async def _publish(self, plan: ForecastPlan, standing: Standing) -> None:
        result = files.find_json(self._result_file(plan, standing.key))
        made = forecast_entities(
            plan, result, standing.data_version, standing.cost_cpu_s, self._city, self._names.expand
        )
        await self._broker.upsert(made, cause=f"forecast:{plan.id}")

    def _prune(self, plan: ForecastPlan, key: str) -> None:
        """Let go of the oldest results."""
        found = [path for path in (self._folder / plan.id).glob("*.json") if path.stem not in ("newest", key)]
        for path in sorted(found, key=lambda path: path.stat().st_mtime)[: -_KEPT_RESULTS + 1]:
            path.unlink(missing_ok=True)

    # --- finding ------------------------------------------------------------------------------------------------------

    async def _is_current(self, plan: ForecastPlan) -> bool:
        """Whether nothing that the forecast reads has changed since it was made; entities and histories alike."""
        standing = self._standing(plan)
        if standing is None or not self._result_file(plan, standing.key).exists():
            return False
        position = (await self._broker.status()).position
        if await self._touched(plan, standing.position, position):
            return False
        if position != standing.position:
            files.write_json(self._standing_file(plan), msgspec.structs.replace(standing, position=position))
        return True

    async def _is_hopeless(self, plan: ForecastPlan) -> bool:
        """Whether it failed and nothing that it reads has changed since."""
        problem = self._problems.get(plan.id)
        if problem is None:
            return False
        return not await self._touched(plan, problem.position, (await self._broker.status()).position)

    async def _touched(self, plan: ForecastPlan, after: int, until: int) -> bool:
        """Whether a change in (after, until] is about an entity of a type that the forecast reads."""
        if after == until:
            return False
        if not 0 <= until - after <= _FOLLOWED_CHANGES:
            return True
        types = {self._names.expand(need.type) for need in _needs(plan)}
        changes = await self._broker.store.changes(after, limit=_FOLLOWED_CHANGES)
        return any(types.intersection(change.types) for change in changes)

    async def _document(self, plan: ForecastPlan, *, brief: bool = False, feature: str | None = None) -> Json:
        standing = self._standing(plan)
        result = None if standing is None else files.find_json(self._result_file(plan, standing.key))
        state = forecast_documents.State(
            working=plan.id in self.working,
            share=self._progress.get(plan.id),
            problem=None if (known := self._problems.get(plan.id)) is None else known.text,
            current=await self._is_current(plan),
        )
        if standing is None or result is None:
            return forecast_documents.unknown(plan, state)
        document = forecast_documents.forecast(plan, result, state, brief=brief, feature=feature)
        return document | {
            "data_version": standing.data_version,
            "made_at": standing.at,
            "cost_cpu_s": standing.cost_cpu_s,
        }

    def _standing(self, plan: ForecastPlan) -> Standing | None:
        try:
            return msgspec.json.decode(self._standing_file(plan).read_bytes(), type=Standing)
        except (FileNotFoundError, msgspec.MsgspecError):
            return None

    def _standing_file(self, plan: ForecastPlan) -> Path:
        return self._folder / plan.id / "newest.json"

    def _result_file(self, plan: ForecastPlan, key: str) -> Path:
        return self._folder / plan.id / f"{key}.json"


def _needs(plan: ForecastPlan) -> list[Need]:
    """The series, and the covariates numbered as ``panel_of`` expects them; a twin may lack the latter."""
    own = Need("series", plan.entity_type, (plan.attribute,), history=True)
    others = [
        Need(f"covariate{number}", one.entity_type, (one.attribute,), minimum=0, history=True)
        for number, one in enumerate(plan.covariates)
    ]
    return [own, *others]
