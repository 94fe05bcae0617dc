"""The facts of this twin by which tutorials notice that a step is done, read when somebody looks."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sympolis.acquisition.ledger import RowState, RunState
from sympolis.help.academy import Fact

if TYPE_CHECKING:
    from sympolis.api.parts import ApiParts


class Observed:
    """Reads a fact by its name (``help.academy.FACTS``); None where this twin has no such part."""

    def __init__(self, parts: ApiParts) -> None:
        self._parts = parts
        self._facts: Mapping[str, Callable[[], Awaitable[Fact | None]]] = {
            "sources": self._sources,
            "deliveries": self._deliveries,
            "replayed": self._replayed,
            "scenarios": self._scenarios,
            "runs": self._runs,
            "models": self._models,
            "decisions": self._decisions,
            "partners": self._partners,
        }

    async def __call__(self, name: str) -> Fact | None:
        """The fact as it is now."""
        return await self._facts[name]()

    async def _sources(self) -> Fact | None:
        return None if self._parts.city is None else Fact(len(self._parts.city.sources))

    async def _deliveries(self) -> Fact | None:
        """Runs of sources that read something, by the newest of each source."""
        if self._parts.coordinator is None:
            return None
        last = [one.last_run for one in self._parts.coordinator.sources()]
        read = [one for one in last if one is not None and one.state is RunState.DONE and not one.dry_run]
        return Fact(len(read), max((one.started_at for one in read), default=None))

    async def _replayed(self) -> Fact | None:
        coordinator = self._parts.coordinator
        if coordinator is None or self._parts.city is None:
            return None
        counts = (
            coordinator.quarantine(one, limit=1, state=RowState.REPLAYED)[0]
            for one in self._parts.city.sources
        )
        return Fact(sum(counts))

    async def _scenarios(self) -> Fact | None:
        return None if self._parts.desk is None else Fact(len(await self._parts.desk.scenarios()))

    async def _runs(self) -> Fact | None:
        """Finished runs of scenarios; the baseline is the twin's own."""
        if self._parts.desk is None:
            return None
        done = [one for one in await self._parts.desk.runs() if one["status"] == "done"]
        return Fact(len(done), _newest(done, "finished_at"))

    async def _models(self) -> Fact | None:
        if self._parts.desk is None:
            return None
        return Fact(len(await self._parts.desk.models()) + len(self._parts.desk.learned.names()))

    async def _decisions(self) -> Fact | None:
        return None if self._parts.decisions is None else Fact(len(self._parts.decisions.list()))

    async def _partners(self) -> Fact | None:
        if self._parts.federation is None:
            return None
        return Fact(len(self._parts.federation.directory.everybody()))


def _newest(found: Iterable[Mapping[str, Any]], name: str) -> datetime | None:
    moments = [one[name] for one in found if one.get(name)]
    return max(
        (one if isinstance(one, datetime) else datetime.fromisoformat(one) for one in moments), default=None
    )
