"""``/api/layers``: pilots must be able to manage all seven layers of their twin, so here each says how it does, by
figures counted at that moment, and names the controls that whoever asks may use.

The seven layers are those of the LDT4SSC call; their names in the other two vocabularies stand beside them.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from typing import Any, Final

from sympolis.api.asking import may
from sympolis.api.http import Reply, Request, json_reply
from sympolis.api.parts import ApiParts
from sympolis.governance.interfaces import INTERFACES

Texts = Mapping[str, str]
Counts = dict[str, int]

_TO_WATCH: Final[Mapping[str, Texts]] = {
    "failed": {
        "it": "Fonti non riuscite: {n}.",
        "de": "Fehlgeschlagene Quellen: {n}.",
        "en": "Sources that failed: {n}.",
    },
    "stale": {
        "it": "Fonti troppo vecchie: {n}.",
        "de": "Veraltete Quellen: {n}.",
        "en": "Sources that are too old: {n}.",
    },
    "unable": {
        "it": "Servizi a cui mancano dati: {n}.",
        "de": "Dienste, denen Daten fehlen: {n}.",
        "en": "Services that lack data: {n}.",
    },
    "failed_runs": {
        "it": "Calcoli non riusciti: {n}.",
        "de": "Fehlgeschlagene Rechnungen: {n}.",
        "en": "Runs that failed: {n}.",
    },
}
"""Figures that ask for somebody's attention as soon as they are not 0, and how that is said."""


@dataclass(frozen=True, slots=True)
class Layer:
    """One layer as ``layers.toml`` declares it."""

    id: str
    title: Texts
    description: Texts
    blueprint: str
    mim8: str
    figures: Sequence[str]
    controls: Sequence[Mapping[str, Any]] = field(default=())


@cache
def declared() -> tuple[tuple[Layer, ...], Mapping[str, Texts]]:
    """The seven layers in their order, and the titles of their figures."""
    text = resources.files(__package__ or "").joinpath("layers.toml").read_text(encoding="utf-8")
    document = tomllib.loads(text)
    return tuple(Layer(**one) for one in document["layer"]), document["figure"]


class LdtLayers:
    """Handler of ``/api/layers``."""

    def __init__(self, parts: ApiParts) -> None:
        self._parts = parts

    async def overview(self, request: Request) -> Reply:
        """The seven layers, each with its state and the controls of whoever asks."""
        layers, titles = declared()
        counts = await self._counts()
        return json_reply(
            {
                "layers": [
                    {**_document(number, layer, titles, counts), "controls": self._controls(layer, request)}
                    for number, layer in enumerate(layers, start=1)
                ]
            }
        )

    def _controls(self, layer: Layer, request: Request) -> list[dict[str, Any]]:
        return [
            {key: one[key] for key in ("title", "page", "api", "address") if key in one}
            for one in layer.controls
            if may(request, one["right"], self._parts.governed)
        ]

    async def _counts(self) -> Counts:
        """Every figure that the parts of this twin can give."""
        return {**self._acquired(), **await self._known(), **self._reachable(), **await self._computed()}

    def _acquired(self) -> Counts:
        if self._parts.coordinator is None:
            return {}
        found = self._parts.coordinator.sources()
        sources = [one.planned.source for one in found]
        return {
            "sources": len(sources),
            "owners": len({one.owner for one in sources}),
            "licences": len({one.licence for one in sources}),
            "connectors": len({one.connector for one in sources}),
            "failed": sum(one.status == "failed" for one in found),
            "stale": sum(one.status == "stale" for one in found),
            "held": sum(one.last_run.quarantined for one in found if one.last_run is not None),
        }

    async def _known(self) -> Counts:
        status = await self._parts.broker.store.status()
        mapped = {} if self._parts.city is None else self._parts.city.mappings
        return {
            "entities": status.entities,
            "observations": status.observations,
            "types": len({one.entity_type for one in mapped.values()}),
        }

    def _reachable(self) -> Counts:
        counts = {"interfaces": len(INTERFACES)}
        if self._parts.data_models is not None:
            counts["data_models"] = len(self._parts.data_models.newest())
        if self._parts.subscriptions is not None:
            counts["waiting"] = self._parts.subscriptions.waiting()
        if self._parts.city is not None:
            counts |= {
                "map_layers": len(self._parts.city.layers),
                "languages": len(self._parts.city.facts.languages),
            }
        return counts

    async def _computed(self) -> Counts:
        desk, city = self._parts.desk, self._parts.city
        if desk is None:
            return {}
        services, runs = await desk.services(), await desk.runs()
        return {
            "models": 0 if city is None else len(city.models),
            "services": len(services),
            "unable": sum(not one["runs_here"] for one in services),
            "forecasts": 0 if city is None else len(city.forecasts),
            "jobs": len(await desk.jobs()),
            "runs": len(runs),
            "failed_runs": sum(one["status"] == "failed" for one in runs),
            "indicators": len(await desk.indicators()),
        }


def _document(number: int, layer: Layer, titles: Mapping[str, Texts], counts: Counts) -> dict[str, Any]:
    figures = [
        {"name": name, "title": titles[name], "value": counts[name]}
        for name in layer.figures
        if name in counts
    ]
    reasons = [
        _said(text, counts[name]) for name, text in _TO_WATCH.items() if _is_worrying(name, layer, counts)
    ]
    return {
        "number": number,
        "id": layer.id,
        "title": layer.title,
        "description": layer.description,
        "names": {"blueprint": layer.blueprint, "mim8": layer.mim8},
        "state": "attention" if reasons else "working" if any(one["value"] for one in figures) else "empty",
        "reasons": reasons,
        "figures": figures,
    }


def _is_worrying(name: str, layer: Layer, counts: Counts) -> bool:
    return name in layer.figures and counts.get(name, 0) > 0


def _said(text: Texts, count: int) -> Texts:
    return {language: words.format(n=count) for language, words in text.items()}
