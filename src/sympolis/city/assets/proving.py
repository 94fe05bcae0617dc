"""How the twin's own runs went: what ratings are made of. Services and models by their runs, mappings by deliveries."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sympolis.acquisition.ledger import RunState
from sympolis.dataspace.repository.kinds import Kind
from sympolis.dataspace.repository.rating import Rating, rate
from sympolis.domain import errors
from sympolis.domain.scenario import RunStatus

if TYPE_CHECKING:
    from sympolis.acquisition.coordinator import Coordinator
    from sympolis.orchestration.desk import Desk

Ended = tuple[bool, float | None]
_ENDED = (RunStatus.DONE, RunStatus.FAILED)
"""What somebody stopped says nothing about a model."""


class Proving:
    """Ratings from what ran here. ``desk`` is None where nothing is modelled."""

    def __init__(self, desk: Desk | None, coordinator: Coordinator) -> None:
        self._desk = desk
        self._coordinator = coordinator

    async def look(self) -> Seen:
        """What has ended so far."""
        runs = [] if self._desk is None else await self._desk.runs()
        return Seen(self._desk, self._coordinator, [one for one in runs if one["status"] in _ENDED])


class Seen:
    """What had ended at one moment, for the ratings of many assets."""

    def __init__(
        self, desk: Desk | None, coordinator: Coordinator, runs: Sequence[Mapping[str, Any]]
    ) -> None:
        self._desk = desk
        self._coordinator = coordinator
        self._runs = runs

    async def of(self, kind: Kind, name: str) -> Rating | None:
        """The rating of one of our assets; None where nothing of it has run."""
        if kind is Kind.MAPPING:
            return rate(self._deliveries(name))
        if kind not in (Kind.SERVICE, Kind.MODEL):
            return None
        member = str(kind)
        score = await self._score(name) if kind is Kind.MODEL else None
        return rate((_ended(one) for one in self._runs if one[member] == name), score=score)

    async def _score(self, model: str) -> dict[str, Any] | None:
        """The figure of the model's calibration on what it had not seen."""
        if self._desk is None or model not in self._desk.model_ids():
            return None
        try:
            found = (await self._desk.model(model))["calibration"]
        except errors.SympolisError:
            return None
        return _best(found) if isinstance(found, Mapping) else None

    def _deliveries(self, mapping: str) -> Iterator[Ended]:
        for source in self._coordinator.sources():
            if source.planned.mapping.id != mapping:
                continue
            for run in self._coordinator.source(source.planned.source.id)["runs"]:
                if not run["skipped"] and not run["dry_run"]:
                    yield run["state"] == RunState.DONE, _seconds(run)


def _ended(run: Mapping[str, Any]) -> Ended:
    return run["status"] == RunStatus.DONE, _seconds(run)


def _seconds(run: Mapping[str, Any]) -> float | None:
    begin, end = _at(run.get("started_at")), _at(run.get("finished_at"))
    return None if begin is None or end is None else (end - begin).total_seconds()


def _at(value: Any) -> datetime | None:
    return (
        datetime.fromisoformat(value)
        if isinstance(value, str)
        else value
        if isinstance(value, datetime)
        else None
    )


def _best(calibration: Mapping[str, Any]) -> dict[str, Any] | None:
    """The first figure on held-out data, else the first there is."""
    figures = calibration.get("figures") or {}
    for split in ("held_out", *figures):
        for name, value in (figures.get(split) or {}).items():
            if isinstance(value, int | float):
                return {"name": name, "value": float(value), "unit": "", "split": split}
    return None
