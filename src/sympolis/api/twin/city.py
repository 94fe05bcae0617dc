"""The city itself: who it is, where the map opens, how far its start has come, and its context document."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final, cast

from sympolis.api.http import LD_JSON, Reply, Request, json_reply, tagged_reply
from sympolis.api.parts import ApiParts
from sympolis.api.vocabulary import context_path, in_words
from sympolis.city.schema import City
from sympolis.city.shown import Shown
from sympolis.domain import errors

BASELINE = "baseline"
PARTS: Final[Mapping[str, Callable[[City], object]]] = {
    "models": lambda city: city.models,
    "stories": lambda city: city.stories,
    "services": lambda city: city.services,
    "forecasts": lambda city: city.forecasts,
    "dashboards": lambda city: city.dashboards,
    "atlases": lambda city: city.atlases,
    "plans": lambda city: city.plans,
}
"""What a city package may hold beyond its sources: the interface offers only the pages of what is there."""
KEPT: Final[Mapping[str, Callable[[ApiParts], object]]] = {
    "decisions": lambda parts: parts.decisions,
    "composing": lambda parts: parts.compositions,
    "scenes": lambda parts: parts.scenes,
    "assessment": lambda parts: parts.assessment,
    "participation": lambda parts: parts.participation,
    "federation": lambda parts: parts.federation,
    "assets": lambda parts: parts.assets,
    "help": lambda parts: parts.help,
    "notifications": lambda parts: parts.notices,
}
"""What this twin may keep besides; the same holds."""


class CityPages:
    """Handlers of ``/api/city`` and ``/contexts/{name}``."""

    def __init__(self, parts: ApiParts, shown: Shown) -> None:
        self._parts = parts
        self._city = shown.city
        self._shown = shown

    async def describe(self, request: Request) -> Reply:  # noqa: ARG002
        """What the map's frame needs to open."""
        facts, readiness = self._city.facts, self._parts.readiness()
        return json_reply(
            {
                "id": facts.id,
                "name": facts.name,
                "title": facts.title,
                "description": facts.description,
                "bbox": facts.bbox,
                "view": {"center": facts.view.center, "zoom": facts.view.zoom},
                "timezone": facts.timezone,
                "languages": facts.languages,
                "accent": facts.accent,
                "operator": facts.operator,
                "licence": facts.licence,
                "attribution": [
                    {"text": one.text, "url": one.url, "licence": one.licence} for one in facts.attribution
                ],
                "version": facts.version,
                "context": context_path(self._parts),
                "ready": readiness.ready,
                "readiness": {
                    "step": readiness.step,
                    "share": readiness.share,
                    "text": in_words(readiness.text),
                },
                "baseline_run": await self._baseline_run(),
                "parts": [
                    *(name for name, found in PARTS.items() if found(self._shown.city)),
                    *(name for name, found in KEPT.items() if found(self._parts) is not None),
                ],
            }
        )

    async def context(self, request: Request) -> Reply:
        """The city's @context, which NGSI-LD clients name in a Link."""
        if request.arguments["name"] != self._city.context_name:
            raise errors.NotFound(
                "there is no such context", where="name", hint=f"there is {self._city.context_name}"
            )
        return tagged_reply(self._city.context, media=LD_JSON)

    async def _baseline_run(self) -> str | None:
        desk = self._parts.desk
        if desk is None:
            return None
        try:
            return cast("str | None", (await desk.scenario(BASELINE))["latest_run"])
        except errors.NotFound:  # a city without a model has no baseline
            return None
