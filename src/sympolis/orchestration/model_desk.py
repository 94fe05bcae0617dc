"""Models made ready: entities gathered, the model's own files prepared, parameters calibrated — once per data version.

What is kept under ``folder`` (all of it can be deleted; it is then made again):

    models/<model>/<release>/<data version>/            the model's own input files
    models/<model>/<release>/<data version>.inputs      what they were made from
    models/<model>/<release>/<data version>.stand-ins   what of it stands in for something else, in words
    models/<model>/<release>/seen.json                  store position at which the data version was last computed
    calibrations/<model>-<release>-<data version>.json  (``release``: version and digest of the code)
"""

from __future__ import annotations

import asyncio
import re
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec

from sympolis.analysis import scenario as checking
from sympolis.context.broker import Broker
from sympolis.domain import errors
from sympolis.domain.reading import did_you_mean
from sympolis.domain.scenario import Override, Window
from sympolis.orchestration import files, fitting, gather, naming
from sympolis.orchestration.cells import GridReader, no_grids
from sympolis.orchestration.release import release
from sympolis.orchestration.tabled import TableReader, no_tables
from sympolis.orchestration.worker import reference_to
from sympolis.orchestration.workers import Answer, Executor, Progress
from sympolis.plugins.simulator import WHOLE_PERIOD, Calibration, Simulator

KEPT_VERSIONS = 3
"""Prepared folders kept per model, newest first."""
_NUMBERED = re.compile(r"^overrides\[\d+\]: ")
"""A model may count overrides in its reasons; shown one alone, it counts wrongly."""

FOLLOWED_CHANGES = 5_000
"""Beyond this many changes since the last look, reading the entities again is cheaper than the change log."""

MORNING = Window(8, 9)

STAND_INS = ".stand-ins"

FIRST = -1
"""Tasks that everything else waits for go before interactive members (0) and jobs (1)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelSetup:
    """A model of this city: which simulator, what the city fixes about it, its calibration and its baseline.

    ``baseline_members`` None takes as many as a scenario of that mode may have (``analysis.ensemble.POLICIES``).
    """

    id: str
    simulator: str
    title: Mapping[str, str] = field(default_factory=dict)
    parameters: Mapping[str, Any] = field(default_factory=dict)
    stated: Mapping[str, naming.Stated] = field(default_factory=dict)
    """What the city says of parameters: value, source, and a range where it stays uncertain."""
    types: Mapping[str, str] = field(default_factory=dict)
    """Need → entity type, where this city calls it otherwise (``orchestration.naming``)."""
    calibrated: bool = True
    """False: this city has no observations to fit it to."""
    calibration_window: Window = MORNING
    calibration_seed: int = 1
    baseline_window: Window = MORNING
    baseline_mode: str = "interactive"
    baseline_members: int | None = None
    baseline_seed: int = 1


@dataclass(frozen=True, slots=True)
class StoredCalibration:
    """A calibration with its name, place and time."""

    id: str
    model: str
    version: str
    data_version: str
    at: datetime
    window: Window
    result: Calibration


@dataclass(frozen=True, slots=True)
class Ready:
    """A model that can run: its class, its prepared folder and the versions that name its results."""

    setup: ModelSetup
    simulator: type[Simulator]
    data_version: str
    folder: Path
    calibration: StoredCalibration | None
    stand_ins: tuple[str, ...] = ()
    """In words, what stands in for data that the twin does not have."""

    @property
    def complete(self) -> bool:
        """Whether nothing is left to do before members can be run: calibrated, or not to be."""
        return self.calibration is not None or not self.setup.calibrated

    @property
    def reference(self) -> str:
        """How a worker finds the class."""
        return reference_to(self.simulator)


class ModelDesk:
    """Finds models by id and makes them ready."""

    def __init__(  # noqa: PLR0913 - a composition: each part is a collaborator
        self,
        broker: Broker,
        names: gather.Names,
        simulators: Mapping[str, type[Simulator]],
        setups: Sequence[ModelSetup],
        *,
        pool: Executor,
        folder: Path,
        now: Callable[[], datetime],
        grids: GridReader = no_grids,
        tables: TableReader = no_tables,
    ) -> None:
        self._broker = broker
        self._names = names
        self._simulators = simulators
        self._setups = {setup.id: setup for setup in setups}
        self._pool = pool
        self._folder = folder
        self._now = now
        self._grids = grids
        self._tables = tables
        self._locks = {setup.id: asyncio.Lock() for setup in setups}
        self.working: dict[str, tuple[str, datetime]] = {}
        """Model id → (what is being done, since when), for the list of jobs."""
        self.fitted: Callable[[StoredCalibration], None] = lambda _: None
        """Hears of each calibration, whoever asked for it."""

    @property
    def ids(self) -> tuple[str, ...]:
        """The models of this city, in its order."""
        return tuple(self._setups)

    def baseline_of(self, model_id: str) -> str:
        """The id of a model's baseline scenario: plain ``baseline`` for the city's first model."""
        return checking.BASELINE if model_id == self.ids[0] else f"{checking.BASELINE}-{model_id}"

    def setup(self, model_id: str) -> ModelSetup:
        """The city's settings for a model. Raises ``NotFound``."""
        try:
            return self._setups[model_id]
        except KeyError:
            hint = did_you_mean(model_id, self._setups)
            raise errors.NotFound(f"there is no model {model_id!r} here", where="model", hint=hint) from None

    def simulator(self, model_id: str) -> type[Simulator]:
        """The simulator behind a model; its settings by the city are checked on the way."""
        setup = self.setup(model_id)
        if setup.simulator not in self._simulators:
            hint = did_you_mean(setup.simulator, self._simulators)
            raise errors.SettingsInvalid(
                f"no plugin gives the simulator {setup.simulator!r}", where=f"model {model_id}", hint=hint
            )
        simulator = naming.named(
            self._simulators[setup.simulator], setup.types, f"model {model_id}", setup.stated
        )
        _check_parameters(setup, simulator)
        return simulator

    def window(self, model_id: str, window: Window) -> Window:
        """The hours that a run of the model really has: the whole period where hours do not matter to it."""
        return window if self.simulator(model_id).hours_matter else WHOLE_PERIOD

    async def ready(self, model_id: str, progress: Progress | None = None) -> Ready:
        """The model, prepared and calibrated for the twin's present data; ``progress`` hears of calibration."""
        async with self._locks[self.setup(model_id).id]:
            prepared = await self._prepared(model_id)
            if prepared.complete:
                return prepared
            return await self._calibrated(prepared, progress)

    async def prepared(self, model_id: str) -> Ready:
        """The model, prepared; its ``calibration`` is None where there is none yet."""
        async with self._locks[self.setup(model_id).id]:
            return await self._prepared(model_id)

    async def calibrate(self, model_id: str, progress: Progress | None = None) -> StoredCalibration:
        """Fit the model to the twin's present observations, again if it was fitted before."""
        async with self._locks[self.setup(model_id).id]:
            found = await self._calibrated(await self._prepared(model_id), progress)
        assert found.calibration is not None
        return found.calibration

    async def evaluate(
        self, model_id: str, stored: StoredCalibration, progress: Progress | None = None
    ) -> tuple[str, Mapping[str, float], float]:
        """How a calibration does on the present data: (data version, figures, CPU seconds)."""
        async with self._locks[self.setup(model_id).id]:
            prepared = await self._prepared(model_id)
            task = {**self._fitting(prepared, "evaluate"), "parameters": stored.result.parameters}
            answer = await self._worked("evaluation", prepared, task, progress)
        return prepared.data_version, answer.result, answer.cost_cpu_s

    def refits(self, model_id: str) -> bool:
        """Whether an evaluation can only say how the model does once it is fitted anew."""
        return self.simulator(model_id).evaluate is Simulator.evaluate

    async def find_calibration(self, model_id: str) -> StoredCalibration | None:
        """The calibration for the present data, else the newest for this version of the model."""
        simulator = self.simulator(model_id)
        version = await self._seen(model_id, simulator)
        if version is not None and (found := self._stored(model_id, simulator, version)):
            return found
        kept = (_read(path) for path in self._calibrations().glob(f"{model_id}-{release(simulator)}-*.json"))
        return max((one for one in kept if one is not None), key=lambda one: one.at, default=None)

    async def check(
        self, ready: Ready, overrides: Sequence[Override], window: Window
    ) -> list[checking.Reason]:
        """The model's own objections to these overrides."""
        task = {"overrides": overrides, "window": window, **self._task(ready, "check")}
        answer = await self._pool.run(task, priority=FIRST)
        return [
            checking.Reason(
                index or 0,
                f"overrides[{index}]" if index is not None else "overrides",
                _NUMBERED.sub("", reason) if index is not None else reason,
            )
            for index, reason in answer.result
        ]

    def _task(self, ready: Ready, do: str) -> dict[str, Any]:
        return {"do": do, "simulator": ready.reference, "folder": str(ready.folder)}

    # --- prepare ------------------------------------------------------------------------------------------------------

    async def _prepared(self, model_id: str) -> Ready:
        simulator = self.simulator(model_id)
        version = await self._seen(model_id, simulator)
        if version is None or not self._place(model_id, simulator, version).is_dir():
            version = await self._prepare(model_id, simulator)
        calibration = self._stored(model_id, simulator, version)
        place = self._place(model_id, simulator, version)
        kept = files.find_json(place.with_suffix(STAND_INS)) or []
        return Ready(self._setups[model_id], simulator, version, place, calibration, tuple(kept))

    async def _prepare(self, model_id: str, simulator: type[Simulator]) -> str:
        self.working[model_id] = ("preparation", self._now())
        try:
            position = (await self._broker.status()).position
            inputs = await gather.gather(
                self._broker, self._names, simulator.needs, self._grids, self._tables
            )
            version, content = await asyncio.to_thread(_named, inputs)
            place = self._place(model_id, simulator, version)
            if not place.is_dir():
                await asyncio.to_thread(files.write, place.with_suffix(".inputs"), content)
                files.write_json(place.with_suffix(STAND_INS), fitting.stand_ins(simulator.needs, inputs))
                await self._pool.run(
                    {
                        "do": "prepare",
                        "simulator": reference_to(simulator),
                        "folder": str(place),
                        "inputs": str(place.with_suffix(".inputs")),
                    },
                    priority=FIRST,
                )
                _prune(place)
            files.write_json(
                self._seen_file(model_id, simulator), {"position": position, "data_version": version}
            )
            return version
        finally:
            self.working.pop(model_id, None)

    async def _seen(self, model_id: str, simulator: type[Simulator]) -> str | None:
        """The data version, if nothing that the model reads has changed since it was computed.

        Entities and their histories both leave changes in the log, each with the entity's types.
        """
        seen = files.find_json(self._seen_file(model_id, simulator))
        if not isinstance(seen, Mapping):
            return None
        position = (await self._broker.status()).position
        if position != seen["position"]:
            if await self._touched(simulator, seen["position"], position):
                return None
            files.write_json(self._seen_file(model_id, simulator), {**seen, "position": position})
        return str(seen["data_version"])

    async def _touched(self, simulator: type[Simulator], after: int, until: int) -> bool:
        """Whether a change in (after, until] is about an entity of a type that the model reads."""
        if not 0 <= until - after <= FOLLOWED_CHANGES:
            return True
        types = {self._names.expand(need.type) for need in simulator.needs}
        changes = await self._broker.store.changes(after, limit=FOLLOWED_CHANGES)
        return any(types.intersection(change.types) for change in changes)

    # --- calibrate ----------------------------------------------------------------------------------------------------

    async def _calibrated(self, prepared: Ready, progress: Progress | None) -> Ready:
        answer = await self._worked("calibration", prepared, self._fitting(prepared, "calibrate"), progress)
        stored = self._store(prepared, answer.result, answer.cost_cpu_s)
        return replace(prepared, calibration=stored)

    def _fitting(self, prepared: Ready, do: str) -> dict[str, Any]:
        """A task that compares the model with observations."""
        return {
            **self._task(prepared, do),
            "inputs": str(prepared.folder.with_suffix(".inputs")),
            "window": prepared.setup.calibration_window,
            "seed": prepared.setup.calibration_seed,
        }

    async def _worked(
        self, what: str, prepared: Ready, task: Mapping[str, Any], progress: Progress | None
    ) -> Answer:
        model_id = prepared.setup.id
        self.working[model_id] = (what, self._now())
        try:
            return await self._pool.run(task, priority=FIRST, progress=progress)
        finally:
            self.working.pop(model_id, None)

    def _store(self, prepared: Ready, found: Any, cost_cpu_s: float) -> StoredCalibration:
        result = msgspec.convert({**found, "cost_cpu_s": round(cost_cpu_s, 2)}, Calibration)
        code = release(prepared.simulator)
        ingredients = [prepared.setup.id, code, prepared.data_version, result.parameters]
        stored = StoredCalibration(
            id=f"cal-{files.key(ingredients)[:12]}",
            model=prepared.setup.id,
            version=prepared.simulator.version,
            data_version=prepared.data_version,
            at=self._now(),
            window=prepared.setup.calibration_window,
            result=result,
        )
        files.write_json(self._calibration_file(prepared.setup.id, code, prepared.data_version), stored)
        self.fitted(stored)
        return stored

    def _stored(
        self, model_id: str, simulator: type[Simulator], data_version: str
    ) -> StoredCalibration | None:
        return _read(self._calibration_file(model_id, release(simulator), data_version))

    # --- places -------------------------------------------------------------------------------------------------------

    def _place(self, model_id: str, simulator: type[Simulator], data_version: str) -> Path:
        return self._folder / "models" / model_id / release(simulator) / data_version

    def _seen_file(self, model_id: str, simulator: type[Simulator]) -> Path:
        return self._folder / "models" / model_id / release(simulator) / "seen.json"

    def _calibrations(self) -> Path:
        return self._folder / "calibrations"

    def _calibration_file(self, model_id: str, version: str, data_version: str) -> Path:
        return self._calibrations() / f"{model_id}-{version}-{data_version}.json"


def _named(inputs: Mapping[str, Sequence[gather.Simple]]) -> tuple[str, bytes]:
    return gather.data_version(inputs), msgspec.msgpack.encode(inputs)


def _prune(newest: Path) -> None:
    """Let go of the oldest prepared folders."""
    folders = [
        place for place in newest.parent.iterdir() if place.is_dir() and not place.name.startswith(".")
    ]
    folders.sort(key=lambda place: place.stat().st_mtime, reverse=True)
    for place in folders[KEPT_VERSIONS:]:
        shutil.rmtree(place, ignore_errors=True)
        place.with_suffix(".inputs").unlink(missing_ok=True)
        place.with_suffix(STAND_INS).unlink(missing_ok=True)


def _read(path: Path) -> StoredCalibration | None:
    try:
        return msgspec.json.decode(path.read_bytes(), type=StoredCalibration)
    except (FileNotFoundError, msgspec.MsgspecError):
        return None


def _check_parameters(setup: ModelSetup, simulator: type[Simulator]) -> None:
    known = {parameter.name: parameter for parameter in simulator.parameters}
    for name, value in setup.parameters.items():
        where = f"model {setup.id}: parameters.{name}"
        if name not in known:
            raise errors.SettingsInvalid("is not a parameter", where=where, hint=did_you_mean(name, known))
        reason = checking.value_objection(known[name], value)
        if reason:
            raise errors.SettingsInvalid(reason, where=where)
