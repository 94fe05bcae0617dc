"""Calibrations as things of their own: asked for as jobs, kept with all they rest on, and watched as the city changes.

A calibration is never replaced: every fit stays in the history with its parameters, its training and held-out data,
its figures and its date. An *evaluation* judges the standing fit on the observations of today; what it finds, against
what the fit could do then, is the drift that is shown beside every result. Kept under ``folder``:

    <model>/<time>-<calibration>.json   a calibration (``StoredCalibration``)
    <model>/<time>-evaluation.json      an evaluation
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec

from sympolis.analysis import calibration as judging
from sympolis.context import gated
from sympolis.context.broker import Broker
from sympolis.domain import errors
from sympolis.domain.scenario import RunStatus
from sympolis.orchestration import documents, files, run
from sympolis.orchestration.gather import Names
from sympolis.orchestration.model_desk import ModelDesk, StoredCalibration
from sympolis.orchestration.quotas import Quotas
from sympolis.orchestration.run import Problem
from sympolis.orchestration.twin_entities import calibration_entity

CALIBRATE, EVALUATE = "calibration", "evaluation"
KEPT = 200
"""Calibrations kept per model, and as many evaluations; the oldest go."""
UNKNOWN = "unknown"

log = logging.getLogger(__name__)
Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Evaluation:
    """A calibration judged on later observations, ``against`` the figures that it had itself on a split."""

    calibration: str
    model: str
    at: datetime
    data_version: str
    figures: dict[str, float]
    against: str
    refitted: bool
    """True: the model cannot judge an old fit; it was fitted anew and judged where it did not look."""
    lost: dict[str, float]
    verdict: str
    cost_cpu_s: float


@dataclass(frozen=True, slots=True)
class Job:
    """A calibration or evaluation under way, or how the last one ended."""

    model: str
    kind: str
    started_at: datetime
    status: RunStatus = RunStatus.RUNNING
    share: float = 0.0
    finished_at: datetime | None = None
    error: Problem | None = None


class CalibrationDesk:
    """Starts calibrations and evaluations and remembers them."""

    def __init__(
        self,
        broker: Broker,
        names: Names,
        models: ModelDesk,
        *,
        city: str,
        quotas: Quotas,
        folder: Path,
        now: Callable[[], datetime],
    ) -> None:
        self._broker = broker
        self._names = names
        self._models = models
        self._city = city
        self._quotas = quotas
        self._folder = folder
        self._now = now
        self._jobs: dict[str, Job] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._latest: dict[str, Evaluation] = {}
        models.fitted = self._fitted

    def open(self) -> None:
        """Find the evaluations that were kept. Call once."""
        for model in self._models.ids:
            for one in self._evaluations(model):
                self._latest.setdefault(one.calibration, one)

    async def close(self) -> None:
        """Stop what is under way."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    # --- asking -------------------------------------------------------------------------------------------------------

    def start(self, model_id: str, kind: str) -> Json:
        """Begin a calibration or an evaluation of a model, or find the one that is under way.

        Raises ``NotFound``, ``Conflict`` (nothing to fit here, another kind is under way), ``QuotaExceeded``.
        """
        setup = self._models.setup(model_id)
        gated.use_model(model_id)
        if not setup.calibrated:
            text = "this city has no observations to fit the model to"
            raise errors.Conflict(text, where=f"models/{model_id}.toml", hint="declare [calibration]")
        present = self._jobs.get(model_id)
        if present is not None and present.status is RunStatus.RUNNING:
            if present.kind != kind:
                raise errors.Conflict(f"a {present.kind} of this model is under way", hint="wait for it")
            return job(present)
        self._quotas.admit()
        name = f"{kind} of {model_id}"
        self._quotas.begin(name)
        begun = self._jobs[model_id] = Job(model_id, kind, self._now())
        task = asyncio.create_task(self._guarded(begun), name=name)
        self._tasks.add(task)
        task.add_done_callback(lambda ended: self._over(ended, name))
        return job(begun)

    async def history(self, model_id: str) -> Json:
        """Every calibration and evaluation of a model, newest first, and what is under way. Raises ``NotFound``."""
        self._models.setup(model_id)
        standing = await self._models.find_calibration(model_id)
        kept = list(self._calibrations(model_id))
        if standing is not None and all(one.id != standing.id for one in kept):
            kept.insert(0, standing)  # fitted before there was a history
        evaluations = [evaluation(one) for one in self._evaluations(model_id)]
        present = self._jobs.get(model_id)
        return {
            "model": model_id,
            "standing": standing.id if standing else None,
            "calibrations": [self._document(one) for one in kept],
            "evaluations": evaluations,
            "job": job(present) if present else None,
        }

    def drift(self, calibration_id: str) -> Json | None:
        """What is known of a calibration's drift; None where nothing was calibrated."""
        if not calibration_id:
            return None
        found = self._latest.get(calibration_id)
        if found is None:
            return {"verdict": UNKNOWN, "evaluated_at": None, "lost": {}, "refitted": None}
        return {
            "verdict": found.verdict,
            "evaluated_at": documents.instant(found.at),
            "lost": {name: documents.number(loss) for name, loss in found.lost.items()},
            "refitted": found.refitted,
        }

    def jobs(self) -> list[Json]:
        """What is under way."""
        return [job(one) for one in self._jobs.values() if one.status is RunStatus.RUNNING]

    # --- doing --------------------------------------------------------------------------------------------------------

    def _over(self, task: asyncio.Task[None], name: str) -> None:
        self._tasks.discard(task)
        self._quotas.end(name)

    async def _guarded(self, begun: Job) -> None:
        work = self._calibrate if begun.kind == CALIBRATE else self._evaluate
        try:
            await work(begun)
            self._end(begun, RunStatus.DONE)
        except asyncio.CancelledError:
            self._end(begun, RunStatus.CANCELLED)
            raise
        except Exception as error:  # the reason belongs to the job, where its owner will look for it
            self._end(begun, RunStatus.FAILED, run.problem(error))

    def _end(self, begun: Job, status: RunStatus, error: Problem | None = None) -> None:
        share = 1.0 if status is RunStatus.DONE else self._jobs[begun.model].share
        ended = replace(begun, status=status, share=share, finished_at=self._now(), error=error)
        self._jobs[begun.model] = ended

    def _heard(self, begun: Job) -> Callable[[float, str], None]:
        def heard(share: float, _text: str) -> None:
            self._jobs[begun.model] = replace(begun, share=round(share, 3))

        return heard

    async def _calibrate(self, begun: Job) -> None:
        stored = await self._models.calibrate(begun.model, self._heard(begun))
        self._quotas.charge(stored.result.cost_cpu_s)
        await self._publish(stored)

    async def _evaluate(self, begun: Job) -> None:
        standing = await self._models.find_calibration(begun.model)
        if standing is None:
            raise errors.Conflict(
                "the model was never calibrated", where=begun.model, hint="calibrate it first"
            )
        version, figures, cost = await self._models.evaluate(begun.model, standing, self._heard(begun))
        self._quotas.charge(cost)
        refitted = self._models.refits(begun.model)
        against = "held_out" if refitted else "training"
        lost = judging.losses(standing.result.figures.get(against, {}), figures)
        found = Evaluation(
            standing.id, begun.model, self._now(), version, dict(figures), against, refitted, lost,
            judging.drift_of(lost), round(cost, 2),
        )  # fmt: skip
        files.write_json(self._place(begun.model, found.at, EVALUATE), found)
        self._latest[standing.id] = found
        self._prune(begun.model)
        await self._publish(standing)

    async def _publish(self, stored: StoredCalibration) -> None:
        entity = calibration_entity(
            documents.calibration(stored) or {}, self.drift(stored.id), self._city, self._names.expand
        )
        await self._broker.upsert([entity], cause=f"calibration:{stored.id}")

    # --- keeping ------------------------------------------------------------------------------------------------------

    def _fitted(self, stored: StoredCalibration) -> None:
        """Whoever asked for it: a run that had to wait for its calibration leaves one here, too."""
        files.write_json(self._place(stored.model, stored.at, stored.id), stored)
        self._prune(stored.model)

    def _place(self, model: str, at: datetime, name: str) -> Path:
        return self._folder / model / f"{at:%Y%m%dT%H%M%S%f}-{name}.json"

    def _prune(self, model: str) -> None:
        for several in (self._files(model, "cal-*"), self._files(model, EVALUATE)):
            for old in several[KEPT:]:
                old.unlink(missing_ok=True)

    def _files(self, model: str, name: str) -> list[Path]:
        return sorted((self._folder / model).glob(f"*-{name}.json"), reverse=True)

    def _calibrations(self, model: str) -> Iterator[StoredCalibration]:
        for path in self._files(model, "cal-*"):
            if (found := _read(path, StoredCalibration)) is not None:
                yield found

    def _evaluations(self, model: str) -> Iterator[Evaluation]:
        for path in self._files(model, EVALUATE):
            if (found := _read(path, Evaluation)) is not None:
                yield found

    def _document(self, stored: StoredCalibration) -> Json:
        return {**(documents.calibration(stored) or {}), "drift": self.drift(stored.id)}


def _read(path: Path, kind: Any) -> Any:
    """A record; None where an incompatible version wrote it, or half a disk lost it."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=kind)
    except (OSError, msgspec.MsgspecError):
        log.warning("a record of a calibration cannot be read", extra={"path": str(path)})
        return None


def job(one: Job) -> Json:
    """A job as ``twin-api.md`` has it."""
    return {
        "model": one.model,
        "kind": one.kind,
        "status": str(one.status),
        "progress": {"share": one.share},
        "started_at": documents.instant(one.started_at),
        "finished_at": documents.instant(one.finished_at),
        "error": msgspec.to_builtins(one.error),
    }


def evaluation(one: Evaluation) -> Json:
    """An evaluation as ``twin-api.md`` has it."""
    return {
        "calibration": one.calibration,
        "at": documents.instant(one.at),
        "data_version": one.data_version,
        "figures": {name: documents.number(value) for name, value in one.figures.items()},
        "against": one.against,
        "refitted": one.refitted,
        "lost": {name: documents.number(value) for name, value in one.lost.items()},
        "verdict": one.verdict,
        "cost_cpu_s": one.cost_cpu_s,
    }
