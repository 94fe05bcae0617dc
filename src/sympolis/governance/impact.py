"""What breaks if a source stops: read off what is declared and what runs, so that it is known before it happens.

Pure, over the JSON of sources, models, scenarios and layers. Two things differ: what nobody else gives would be missing
in a new start, and what is already in the twin only grows old.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

Json = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Impact:
    """What hangs on a source. ``lost``: attributes that no other source gives to this type of entity."""

    source: str
    entity_type: str
    makes: bool
    """Whether the things themselves come from it, not only figures about them, and from it alone."""
    lost: tuple[str, ...]
    sources: tuple[Json, ...]
    models: tuple[Json, ...]
    scenarios: tuple[Json, ...]
    layers: tuple[Json, ...]
    figures: tuple[Json, ...]

    @property
    def breaks(self) -> bool:
        """Whether anything at all would miss it."""
        return bool(self.sources or self.models or self.layers or self.figures or self.lost)

    def to_json(self) -> dict[str, Any]:
        """The form of docs/reference/twin-api.md."""
        return {**asdict(self), "breaks": self.breaks}


def impact_of(
    source: Json,
    sources: Sequence[Json],
    *,
    models: Iterable[Json],
    scenarios: Iterable[Json],
    layers: Iterable[Json],
    figures: Iterable[Json],
) -> Impact:
    """What would miss ``source``; all as the twin's own API gives them (layers and figures as declared)."""
    kind = source["entity_type"]
    others = [one for one in sources if one["id"] != source["id"] and one["entity_type"] == kind]
    lost = attributes(source) - {name for one in others for name in attributes(one)}
    makes = _makes(source) and not any(_makes(one) for one in others)
    hit = [found for one in models if (found := _model(one, source, lost, makes=makes)) is not None]
    ids = {one["id"] for one in hit}
    return Impact(
        source=source["id"],
        entity_type=kind,
        makes=makes,
        lost=tuple(sorted(lost)),
        sources=tuple(
            {"id": one["id"], "title": one["title"], "why": "speaks of things that come from here"}
            for one in others
            if makes and one["expectations"].get("known_entity")
        ),
        models=tuple(hit),
        scenarios=tuple(
            {"id": one["id"], "title": one["title"], "model": one["model"]}
            for one in scenarios
            if one["model"] in ids
        ),
        layers=tuple(_short(one) for one in layers if _layer_misses(one, source, lost, makes=makes)),
        figures=tuple(_short(one) for one in figures if one.get("source") == source["id"]),
    )


def attributes(source: Json) -> set[str]:
    """Short names of everything that a source's mapping gives."""
    mapping = source["mapping"]
    names = {rule["name"] for rule in mapping.get("attributes", ())}
    names |= {rule["attribute"] for rule in mapping.get("series", ())}
    if mapping.get("geometry"):
        names.add(mapping["geometry"]["name"])
    return names


def _makes(source: Json) -> bool:
    return source["mapping"]["mode"] == "entities" and not source["expectations"].get("known_entity")


def _model(model: Json, source: Json, lost: set[str], *, makes: bool) -> Json | None:
    """What a model would miss: the things, some of their attributes, or the observations it is calibrated with."""
    for need in model.get("needs", ()):
        if need["type"] != source["entity_type"]:
            continue
        missed = sorted(lost.intersection(need.get("attributes") or ()))
        if makes or missed:
            effect = "calibration grows old" if need.get("history") else "cannot run"
            return {"id": model["id"], "title": model["title"], "effect": effect, "misses": missed}
    return None


def _layer_misses(layer: Json, source: Json, lost: set[str], *, makes: bool) -> bool:
    if layer["entity_type"] != source["entity_type"]:
        return False
    return makes or layer.get("source") == source["id"] or bool(lost.intersection(layer["fields"]))


def _short(one: Json) -> Json:
    return {"id": one["id"], "title": one["title"]}
