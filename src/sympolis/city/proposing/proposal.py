"""Puts a proposal together: connector and settings, mapping, model, expectations, each with its reason."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from sympolis.city.proposing import expecting, identifying
from sympolis.city.proposing.columns import Column, columns, words
from sympolis.city.proposing.identifying import Identity, Times
from sympolis.city.proposing.matching import Candidate, Match, candidates
from sympolis.city.proposing.places import Placing, is_coordinate, placing
from sympolis.city.proposing.sampling import Sample, sample
from sympolis.city.proposing.widening import Wide, long, recognise_wide
from sympolis.city.schema import City
from sympolis.governance.datamodels.registry import Registry

LEAST_MODEL: Final = 0.35
"""A model that explains less is no proposal: the source then gets a type of its own."""
OWN_TERMS: Final = "urn:sympolis:term:"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What the person who asks already knows; empty: to be filled in."""

    id: str = ""
    title: str = ""
    owner: str = ""
    licence: str = ""
    url: str = ""
    model: str = ""
    """Name of the data model to take, whatever looks likest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """How the city could take in a file. ``source`` and ``mapping`` are the documents of the two files."""

    id: str
    source: dict[str, Any]
    mapping: dict[str, Any]
    notes: dict[str, str]
    """Place in the documents (``source.crs``, ``mapping.entity_id``, ``attributes.<name>``) → why."""
    confidence: dict[str, float]
    """The same places → how sure, 0 to 1."""
    models: tuple[Candidate, ...]
    """The likest models, best first."""
    terms: dict[str, str]
    """Short terms that the city's context needs, with what they stand for."""
    findings: tuple[str, ...]
    """What the steward should look at first."""
    columns: tuple[Column, ...]
    suffix: str = field(default=".dat")

    def to_json(self) -> dict[str, Any]:
        """The form of docs/reference/twin-api.md."""
        from dataclasses import asdict

        models = [
            {
                "name": one.model.name,
                "version": one.model.version,
                "confidence": one.confidence,
                "reason": one.reason,
            }
            for one in self.models
        ]
        reasons = {
            place: {"why": why, "confidence": self.confidence.get(place)} for place, why in self.notes.items()
        }
        return {
            "id": self.id,
            "source": self.source,
            "mapping": self.mapping,
            "reasons": reasons,
            "models": models,
            "terms": self.terms,
            "findings": list(self.findings),
            "columns": [asdict(one) for one in self.columns],
        }


def propose(
    path: Path, city: City, registry: Registry, wish: Wish, *, taken: Sample | None = None
) -> Proposal:
    """A proposal for the file at ``path``. Raises ``SourceFailed`` (unreadable), ``NotFound`` (no such model)."""
    rows = taken or sample(path)
    wide = recognise_wide(rows)
    if wide is not None:
        rows = long(rows, wide)
    found = columns({name: [record.fields.get(name) for record in rows.records] for name in rows.names})
    return _Draft(path, city, registry, wish, rows, found, wide).proposal()


class _Draft:
    """A proposal in the making."""

    def __init__(
        self,
        path: Path,
        city: City,
        registry: Registry,
        wish: Wish,
        rows: Sample,
        columns: tuple[Column, ...],
        wide: Wide | None = None,
    ) -> None:
        self.wide = wide
        self.city, self.wish, self.rows, self.columns, self.path = city, wish, rows, columns, path
        self.id = _slug(wish.id or path.stem)
        self.notes: dict[str, str] = {}
        self.confidence: dict[str, float] = {}
        self.findings: list[str] = []
        self.placing = placing(rows, columns, city.facts.bbox, city.facts.crs)
        used = set(self.placing.fields) if self.placing else set()
        self.models = tuple(
            candidates([c for c in columns if c.name not in used], registry.newest(), path.stem)
        )
        self.chosen = self._model(registry)
        free = [one for one in columns if one.name not in used and one.kind != "empty"]
        observed = self.chosen is not None and identifying.is_observed(self.chosen.model.name)
        self.identity: Identity = identifying.identity(rows, free)
        self.times: Times | None = identifying.times(rows, free, self.identity, observed=observed)
        if self.identity.with_time and self.times is None:
            self.times = identifying.times(rows, free, self.identity, observed=True)

    def _model(self, registry: Registry) -> Candidate | None:
        if self.wish.model:
            model = registry.get(self.wish.model)
            return next((one for one in self.models if one.model == model), Candidate(model, 0.0))
        best = self.models[0] if self.models else None
        return best if best is not None and best.confidence >= LEAST_MODEL else None

    def _note(self, place: str, why: str, confidence: float) -> None:
        self.notes[place] = why
        self.confidence[place] = round(confidence, 2)
        if confidence < 0.5:
            self.findings.append(f"{place}: {why}")

    def proposal(self) -> Proposal:
        """The finished proposal."""
        mapping = self._mapping()
        source = self._source(mapping)
        return Proposal(
            id=self.id,
            source=source,
            mapping=mapping,
            notes=self.notes,
            confidence=self.confidence,
            models=self.models[:5],
            terms=self._terms(mapping),
            findings=tuple(self.findings),
            columns=self.columns,
            suffix=self.path.suffix,
        )

    # --- the mapping

    def _mapping(self) -> dict[str, Any]:
        if self.chosen is None:
            entity_type = "".join(part.capitalize() for part in words(self.id).split()) or "Thing"
            self._note("mapping.entity_type", "no data model is like it: a type of its own", 0.2)
        else:
            entity_type = self.chosen.model.name
            self._note("mapping.entity_type", self.chosen.reason, self.chosen.confidence)
        self._note("mapping.entity_id", self.identity.reason, self.identity.confidence)
        found: dict[str, Any] = {
            "id": self.id,
            "version": "1",
            "entity_type": entity_type,
            "entity_id": "-".join(f"{{{name}}}" for name in self.identity.fields) or self.id,
        }
        if self.wide is not None:
            rule = self.wide.rule
            self._note("mapping.unpivot", self.wide.reason, self.wide.confidence)
            found["unpivot"] = {
                "columns": rule.columns, "kind": rule.kind, "key": rule.key, "value": rule.value
            }  # fmt: skip
        if self.times is not None:
            self._note("mapping.time", self.times.reason, self.times.confidence)
            found["time"] = {"fields": list(self.times.fields), "format": self.times.form}
        if self.placing is not None:
            found["geometry"] = self._geometry(self.placing)
        found["attributes"] = self._attributes()
        taken = {rule["field"] for rule in found["attributes"]} | set(self.identity.fields)
        taken |= set(self.placing.fields if self.placing else ()) | set(
            self.times.fields if self.times else ()
        )
        left = [one.name for one in self.columns if one.name not in taken]
        if left:
            found["ignore"] = left
        return found

    def _geometry(self, place: Placing) -> dict[str, Any]:
        self._note("mapping.geometry", place.reason, place.confidence)
        rule: dict[str, Any] = {"form": place.form}
        if place.fields:
            rule["fields"] = list(place.fields)
        if place.swapped:
            rule["repair"] = ["axes"]
        if place.share < 1:
            rule["required"] = False
        return rule

    def _attributes(self) -> list[dict[str, Any]]:
        used = set(self.placing.fields if self.placing else ()) | set(self.times.fields if self.times else ())
        matches = self.chosen.matches if self.chosen is not None else {}
        rules: list[dict[str, Any]] = []
        names: set[str] = set()
        for one in self.columns:
            found = matches.get(one.name)
            if one.kind == "empty" or one.name in used or (found is None and self._is_left_out(one)):
                continue
            rule = self._attribute(one, found, names)
            names.add(rule["name"])
            rules.append(rule)
        return rules

    def _is_left_out(self, one: Column) -> bool:
        """Whether a column says nothing that is not in the id or the place already."""
        key = one.name in self.identity.fields and len(self.identity.fields) == 1
        return key or (self.placing is not None and is_coordinate(one))

    def _attribute(self, one: Column, found: Match | None, names: set[str]) -> dict[str, Any]:
        name = found.attribute if found is not None else _term(one.label, names)
        rule: dict[str, Any] = {"name": name, "field": one.name, **self._reading(one, found)}
        numeric = one.kind in ("number", "integer") and rule.get("type") != "text"
        if self.times is not None and numeric and one.name not in self.identity.fields:
            rule["observed"] = True
        if found is not None:
            self._note(f"attributes.{name}", found.reason, found.confidence)
        else:
            self._note(
                f"attributes.{name}", "no attribute of the model is like it: a term of the city's own", 0.5
            )
        return rule

    def _reading(self, one: Column, found: Match | None) -> dict[str, Any]:
        """How the column's texts become values."""
        attribute = self.chosen.model.attributes.get(found.attribute) if found and self.chosen else None
        if attribute is not None and attribute.type == "text" and one.kind != "text":
            return {"type": "text"}
        if attribute is not None and attribute.type == "relationship":
            self.findings.append(f"attributes.{found.attribute}: say which type it points to")  # type: ignore[union-attr]
            return {"kind": "Relationship", "target": _target(found.attribute)}  # type: ignore[union-attr]
        rule: dict[str, Any] = {}
        if one.kind in ("number", "integer"):
            rule["type"] = (
                "integer" if one.kind == "integer" and not (found and found.from_unit) else "number"
            )
            rule |= {"decimal": one.decimal} if one.decimal != "." else {}
            rule |= {"thousands": one.thousands} if one.thousands else {}
        elif one.kind in ("boolean", "time", "date"):
            rule["type"] = one.kind
            rule |= {"format": one.form} if one.form != "iso" else {}
        unit = found.unit if found is not None else one.unit
        rule |= {"unit": unit} if unit and one.kind in ("number", "integer") else {}
        rule |= {"from_unit": found.from_unit} if found is not None and found.from_unit else {}
        if rule.get("unit") and rule.get("type") == "integer":
            rule["type"] = "number"
        return rule

    # --- the source

    def _source(self, mapping: Mapping[str, Any]) -> dict[str, Any]:
        known, facts = self.rows.recognition, self.city.facts
        self._note("source.connector", known.reason, known.confidence)
        found: dict[str, Any] = {
            "id": self.id,
            "connector": known.connector,
            "mapping": self.id,
            "path": f"samples/{self.id}{self.path.suffix}",
            "url": self.wish.url or "https://example.org/replace-with-the-portal",
            "licence": self.wish.licence or "replace-with-the-licence",
            "owner": self.wish.owner or facts.operator,
            "attribution": self.wish.owner or facts.operator,
            "order": 100,
            "title": {language: self.wish.title or self.path.stem for language in facts.languages},
        }
        self._asked(found)
        if self.placing is not None and self.placing.crs != "EPSG:4326":
            found["crs"] = self.placing.crs
        if self.placing is not None:
            self._note("source.crs", self.placing.reason, self.placing.confidence)
        if known.settings:
            found["settings"] = dict(known.settings)
        if self.chosen is not None:
            model = self.chosen.model
            found["model"] = {"name": model.name, "version": model.version, "mismatch": "warn"}
        model_attributes = self.chosen.model.attributes if self.chosen is not None else {}
        found["expectations"] = expecting.expectations(
            mapping, self.columns, self.rows, self.placing, model_attributes, self.notes
        )
        return found

    def _asked(self, found: Mapping[str, Any]) -> None:
        for name in ("url", "licence"):
            if not getattr(self.wish, name):
                self.findings.append(
                    f"source.{name}: nothing in the file tells it: fill it in ({found[name]})"
                )

    def _terms(self, mapping: Mapping[str, Any]) -> dict[str, str]:
        """The terms that the city's context does not have yet."""
        known = self.city.context.get("@context", {})
        model = self.chosen.model if self.chosen is not None else None
        wanted = {
            mapping["entity_type"]: model.iri if model is not None else OWN_TERMS + mapping["entity_type"]
        }
        for rule in mapping["attributes"]:
            in_model = model is not None and rule["name"] in model.attributes
            wanted[rule["name"]] = model.attribute_iri(rule["name"]) if in_model else OWN_TERMS + rule["name"]  # type: ignore[union-attr]
        return {term: iri for term, iri in wanted.items() if term not in known and term not in _CORE}


_CORE: Final = frozenset({"location", "description", "title"})


def _slug(text: str) -> str:
    plain = words(text).replace(".", " ")
    slug = re.sub(r"[^a-z0-9]+", "-", plain).strip("-") or "source"
    return slug if slug[0].isalpha() else f"source-{slug}"


def _term(label: str, names: set[str]) -> str:
    """A column's name as a term: "free spaces" → freeSpaces."""
    first, *rest = re.sub(r"[^a-z0-9 ]", "", label).split() or ["value"]
    term = first + "".join(part.capitalize() for part in rest)
    term = term if term[0].isalpha() else f"value{term}"
    while term in names or term in ("id", "type"):
        term += "Value" if term in ("id", "type") else "2"
    return term


def _target(attribute: str) -> str:
    """refRoadSegment → RoadSegment."""
    return attribute.removeprefix("ref") or "Thing"
