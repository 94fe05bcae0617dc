"""Sources, their runs and the rows that did not pass the quality gate."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from sympolis.api.bodies import read_object
from sympolis.api.http import Reply, Request, json_reply
from sympolis.api.parameters import LIMIT, OFFSET
from sympolis.api.twin.quality import badge_now
from sympolis.domain import errors

if TYPE_CHECKING:
    from sympolis.acquisition.coordinator import Coordinator
    from sympolis.acquisition.listening import Listeners


class RowStillHeld(errors.OperationNotSupported):
    """The corrected row still does not pass; ``reasons`` says why."""

    title = "The row still does not pass"

    def __init__(self, reasons: list[Any]) -> None:
        super().__init__("the corrected row still does not pass the quality gate", where="fields")
        self.reasons = reasons


class Sources:
    """Handlers of ``/api/sources``."""

    def __init__(self, coordinator: Coordinator, listeners: Listeners | None = None) -> None:
        self._coordinator = coordinator
        self._listeners = listeners

    def _heard(self) -> Mapping[str, Mapping[str, Any]]:
        return {} if self._listeners is None else self._listeners.states()

    async def list(self, request: Request) -> Reply:  # noqa: ARG002
        """Every source with its state and last run."""
        heard = self._heard()
        found = (one.to_json() for one in self._coordinator.sources())
        return json_reply(
            [{**one, "listening": heard.get(one["id"]), "quality": self._quality(one)} for one in found]
        )

    async def get(self, request: Request) -> Reply:
        """One source in full."""
        source = request.arguments["source"]
        found = self._coordinator.source(source)
        return json_reply({**found, "listening": self._heard().get(source), "quality": self._quality(found)})

    def _quality(self, source: Mapping[str, Any]) -> Mapping[str, Any]:
        """The badge, with the first of its reasons: the others are in ``/api/datasets/{dataset}/quality``."""
        badge = badge_now(self._coordinator, source["id"], source["status"])
        return {"grade": badge.grade, "reason": badge.reasons[0], "warning": badge.warning}

    async def run(self, request: Request) -> Reply:
        """Run a source now and wait for the end."""
        document = await read_object(request)
        _check_members(document, {"dry_run", "retrieve", "accept"})
        summary = await self._coordinator.run(
            request.arguments["source"],
            dry_run=_flag(document, "dry_run"),
            retrieve=_flag(document, "retrieve"),
            accept=_flag(document, "accept"),
        )
        return json_reply(summary.to_json(), status=201)

    async def quarantine(self, request: Request) -> Reply:
        """A page of the rows that did not pass."""
        total, rows = self._coordinator.quarantine(
            request.arguments["source"], limit=LIMIT.of(request), offset=OFFSET.of(request)
        )
        return json_reply({"total": total, "rows": [row.to_json() for row in rows]})

    async def replay(self, request: Request) -> Reply:
        """Put a row through the gate again, with corrected fields."""
        document = await read_object(request)
        _check_members(document, {"fields"})
        fields = document.get("fields", {})
        if not isinstance(fields, dict):
            raise errors.InvalidRequest("expected an object of field and value", where="fields")
        row = await self._coordinator.replay(request.arguments["source"], request.arguments["row"], fields)
        shown = row.to_json()
        if shown["state"] != "replayed":
            raise RowStillHeld(shown["reasons"])
        return json_reply(shown)


def _flag(document: Mapping[str, Any], name: str) -> bool:
    value = document.get(name, False)
    if not isinstance(value, bool):
        raise errors.InvalidRequest("expected true or false", where=name)
    return value


def _check_members(document: Mapping[str, Any], known: set[str]) -> None:
    for name in document:
        if name not in known:
            raise errors.InvalidRequest(
                "unknown member", where=name, hint=f"known: {', '.join(sorted(known))}"
            )
