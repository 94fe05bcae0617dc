"""What a notebook asks of a twin: its datasets, entities and their histories, scenarios, comparisons, changes."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

from sympolis.client import frames, histories
from sympolis.client.connection import Connection
from sympolis.domain import errors

_AT_ONCE: Final = 1000
_SAMPLE: Final = 20
Near = tuple[float, float, float]
"""Longitude, latitude, metres."""


class Twin:
    """A running twin.

    Parameters
    ----------
    url : where it is, e.g. ``http://127.0.0.1:8400``
    token : an API key or a token; without one, only what is public is seen
    timeout_s : how long to wait for each answer
    """

    def __init__(self, url: str, *, token: str | None = None, timeout_s: float = 60.0) -> None:
        self.connection = Connection(url, token=token, timeout_s=timeout_s)

    def __repr__(self) -> str:
        return f"Twin({self.connection.base!r})"

    @cached_property
    def city(self) -> Mapping[str, Any]:
        """The city's facts; empty for a broker without a city."""
        try:
            found: Mapping[str, Any] = self.connection.get("/api/city").json
        except errors.NotFound:
            return {}
        return found

    # --- datasets

    def datasets(self, words: str = "") -> Any:
        """A DataFrame of the catalogue, or of what in it has these words: id, title, owner, licence, freshness …"""
        parameters = {"limit": _AT_ONCE, "q": words or None}
        return frames.table(self.connection.get("/api/datasets", parameters).json["datasets"]).set_index("id")

    def dataset(self, dataset_id: str) -> Dataset:
        """One dataset. Raises ``NotFound``."""
        document = self.connection.get(f"/api/datasets/{quote(dataset_id, safe='')}").json
        return Dataset(self, document)

    # --- entities

    def entities(
        self,
        entity_type: str,
        *,
        q: str | None = None,
        near: Near | None = None,
        limit: int | None = None,
        normalized: bool = False,
    ) -> Iterator[dict[str, Any]]:
        """Entities of a type as documents, in the city's short names, one page after the other.

        ``q`` is NGSI-LD's query language (``speed>50;name~=Via``); ``near`` (longitude, latitude, metres).
        """
        asked: dict[str, Any] = {"type": entity_type, "q": q, "format": None if normalized else "simplified"}
        if near is not None:
            longitude, latitude, metres = near
            asked |= {"georel": f"near;maxDistance=={metres:g}", "geometry": "Point"}
            asked["coordinates"] = json.dumps([longitude, latitude])
        given = 0
        while limit is None or given < limit:
            most = _AT_ONCE if limit is None else min(_AT_ONCE, limit - given)
            page = self._named("/ngsi-ld/v1/entities", {**asked, "limit": most, "offset": given})
            yield from page
            given += len(page)
            if len(page) < most:
                return

    def entity(self, entity_id: str) -> Mapping[str, Any]:
        """One entity in full. Raises ``NotFound``."""
        found: Mapping[str, Any] = self._named(f"/ngsi-ld/v1/entities/{quote(entity_id, safe=':')}", {})
        return found

    def history(
        self,
        entity_type: str,
        attribute: str,
        *,
        start: str | datetime | None = None,
        end: str | datetime | None = None,
        every: str | None = None,
        method: str = "avg",
        entity: str | None = None,
    ) -> Any:
        """A DataFrame of what was observed of an attribute from ``start`` on and before ``end``.

        ``every`` is a period (ISO 8601: ``PT1H``, ``P1D``): then there is one figure (``avg``, ``max``, ``sum`` …) for
        each. The unit stands in ``attrs["units"]``.
        """
        selected = {"type": entity_type, "id": entity}
        span = (histories.as_time(start), histories.as_time(end))
        found = histories.rows(
            self.connection, selected, attribute, span=span, every=every, method=method, link=self._link
        )
        units = self.units(entity_type)
        return frames.series(found, attribute, {"units": {attribute: units.get(attribute)}, "every": every})

    def units(self, entity_type: str) -> dict[str, str]:
        """The unit codes (UN/CEFACT Recommendation 20) of a type's attributes, from a sample of entities."""
        found: dict[str, str] = {}
        for document in self.entities(entity_type, limit=_SAMPLE, normalized=True):
            for name, value in document.items():
                first = value[0] if isinstance(value, list) and value else value
                if isinstance(first, dict) and "unitCode" in first:
                    found.setdefault(name, first["unitCode"])
        return found

    def features(self, collection: str, *, filter: str | None = None, bbox: str | None = None) -> list[Any]:
        """The GeoJSON features of a collection (an entity type), those that a CQL2 filter selects, in a box."""
        found: list[Any] = []
        parameters = {"limit": _AT_ONCE, "filter": filter, "bbox": bbox}
        path: str | None = f"/ogc/collections/{quote(collection, safe='')}/items"
        while path is not None:
            page = self.connection.get(path, parameters, accept="application/geo+json").json
            found += page["features"]
            following = [one["href"] for one in page["links"] if one["rel"] == "next"]
            path, parameters = (following[0] if following else None), {}
        return found

    # --- what-ifs

    def scenarios(self) -> Any:
        """A DataFrame of the scenarios."""
        return frames.table(self.connection.get("/api/scenarios").json["scenarios"]).set_index("id")

    def runs(self) -> Any:
        """A DataFrame of the runs of models, newest first."""
        return frames.table(self.connection.get("/api/runs").json["runs"])

    def compare(self, base: str, other: str) -> Mapping[str, Any]:
        """What changes between two runs, with intervals and plain words, as the twin tells it."""
        found: Mapping[str, Any] = self.connection.get("/api/comparisons", {"base": base, "with": other}).json
        return found

    # --- changes

    def changes(self, after: int | None = None) -> Iterator[Mapping[str, Any]]:
        """Every change after a number of the log (without one: from now on), as it happens, without end."""
        for line in self.connection.lines("/api/changes", {"after": after}):
            if line.startswith("data:"):
                document = json.loads(line[5:])
                if isinstance(document, dict) and "entity" in document:
                    yield document

    def subscribe(self, entity_type: str, after: int | None = None) -> Iterator[Mapping[str, Any]]:
        """The entities of a type, each in its new state, as they change; those deleted are left out."""
        for change in self.changes(after):
            if entity_type in change["types"] and change["kind"] != "deleted":
                try:
                    yield self.entity(change["entity"])
                except errors.NotFound:
                    continue

    # --- the city's names

    def _named(self, path: str, parameters: Mapping[str, Any]) -> Any:
        return self.connection.get(path, parameters, link=self._link).json

    @cached_property
    def _link(self) -> str:
        context = self.city.get("context")
        if not context:
            return ""
        address = f"{self.connection.base}{context}"
        return f'<{address}>; rel="http://www.w3.org/ns/json-ld#context"; type="application/ld+json"'


class Dataset:
    """One dataset of the catalogue; ``facts`` is what the catalogue says of it."""

    def __init__(self, twin: Twin, facts: Mapping[str, Any]) -> None:
        self._twin = twin
        self.facts = facts

    def __repr__(self) -> str:
        return f"Dataset({self.facts['id']!r}, {self.facts['entity_type']!r})"

    @property
    def entity_type(self) -> str:
        """The type of its entities."""
        return str(self.facts["entity_type"])

    @cached_property
    def attrs(self) -> dict[str, Any]:
        """Units by attribute, and where the data come from: what frames carry along."""
        base = self._twin.connection.base
        names = ("title", "owner", "licence", "attribution", "version", "modified", "page")
        return {
            "dataset": self.facts["id"],
            "units": self._twin.units(self.entity_type),
            "lineage": {name: self.facts.get(name) for name in names} | {"twin": base},
        }

    def features(self, *, q: str | None = None) -> list[dict[str, Any]]:
        """Its rows as GeoJSON features: the values that its own source gave, ``geometry`` null where it gave none."""
        path = f"/api/datasets/{quote(self.facts['id'], safe='')}/download"
        found = self._twin.connection.get(path, {"f": "geojson", "q": q}, accept="*/*").json
        return list(found["features"])

    def frame(self, *, q: str | None = None) -> Any:
        """A DataFrame of its rows' present state, by id."""
        return frames.frame(self.features(q=q), self.attrs)

    def geoframe(self, *, filter: str | None = None, bbox: str | None = None) -> Any:
        """A GeoDataFrame (WGS84) of those of its rows that have a place, that a CQL2 filter selects, in a box."""
        placed = [one for one in self.features() if one["geometry"] is not None]
        if filter is not None or bbox is not None:
            chosen = {one["id"] for one in self._twin.features(self.entity_type, filter=filter, bbox=bbox)}
            placed = [one for one in placed if one["id"] in chosen]
        return frames.geoframe(placed, self.attrs)

    def history(
        self,
        attribute: str,
        start: str | datetime | None = None,
        end: str | datetime | None = None,
        every: str | None = None,
        **more: Any,
    ) -> Any:
        """See ``Twin.history``."""
        found = self._twin.history(self.entity_type, attribute, start=start, end=end, every=every, **more)
        found.attrs["lineage"] = self.attrs["lineage"]
        return found

    def download(self, path: str | Path, *, f: str | None = None) -> Path:
        """Save the dataset as a file: ``parquet`` (GeoParquet), ``arrow`` or ``csv``, by the file's ending."""
        target = Path(path)
        parameters = {"f": f or target.suffix.removeprefix(".")}
        with target.open("wb") as out:
            self._twin.connection.save(
                f"/api/datasets/{quote(self.facts['id'], safe='')}/download", parameters, out
            )
        return target
