"""Whether an entity is what its data model says: findings by attribute, each with what was expected and what to do.

Every attribute has its own compiled JSON Schema (jsonschema-rs), so that one value of a long series costs under a
microsecond and a finding names the attribute by itself.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sympolis.domain.changes import Observation
from sympolis.domain.entity import Attribute, AttributeKind, Entity
from sympolis.governance.datamodels.forms import required
from sympolis.governance.datamodels.model import DataModel, ModelAttribute, expected, value_schema


@dataclass(frozen=True, slots=True)
class ModelFinding:
    """What one attribute of one entity has against it; ``rule`` is ``required``, ``value``, ``unit``, ``kind`` or
    ``unknown``."""

    attribute: str
    rule: str
    message: str
    hint: str


class Conformance:
    """The check of one model. ``required`` attributes are asked of whole entities only."""

    def __init__(self, model: DataModel) -> None:
        self.model = model
        self._checks = {
            model.attribute_iri(name): _Check(name, one) for name, one in model.attributes.items()
        }
        self._required = {model.attribute_iri(name): name for name in required(model)}

    def entity(self, entity: Entity, *, whole: bool = True) -> list[ModelFinding]:
        """Everything that an entity has against it. ``whole``: False for a part of one, such as a change."""
        found = [] if not whole else self._missing(entity)
        for name, instances in entity.attributes.items():
            check = self._checks.get(name)
            if check is None:
                found += self._unknown(name)
            else:
                found += [one for attribute in instances for one in check.attribute(attribute)]
        return found

    def observations(self, points: Iterable[Observation]) -> list[ModelFinding]:
        """Everything that points of histories have against them, one finding per attribute."""
        found: dict[tuple[str, str], ModelFinding] = {}
        for point in points:
            check = self._checks.get(point.name)
            for one in (
                check.value(point.value, point.unit_code) if check is not None else self._unknown(point.name)
            ):
                found.setdefault((one.attribute, one.rule), one)
        return list(found.values())

    def _missing(self, entity: Entity) -> list[ModelFinding]:
        message = f"{self.model.name} {self.model.version} asks for it"
        return [
            ModelFinding(
                name, "required", f"is missing; {message}", "map a field to it, or give it a fixed value"
            )
            for iri, name in self._required.items()
            if iri not in entity.attributes
        ]

    def _unknown(self, iri: str) -> list[ModelFinding]:
        if not self.model.closed or iri.rpartition(":")[2] == "providedBy":
            return []
        hint = "leave it out, or add it to the model"
        message = f"is no attribute of {self.model.name} {self.model.version}"
        return [ModelFinding(iri.replace("#", "/").rpartition("/")[2], "unknown", message, hint)]


class _Check:
    """The check of one attribute."""

    def __init__(self, name: str, attribute: ModelAttribute) -> None:
        import jsonschema_rs

        self._name, self._attribute = name, attribute
        self._validator = jsonschema_rs.validator_for(value_schema(attribute))

    def attribute(self, given: Attribute) -> list[ModelFinding]:
        """Findings about one instance."""
        wrong = self._kind(given)
        if wrong is not None:
            return [wrong]
        if given.kind is AttributeKind.LANGUAGE_PROPERTY and self._attribute.type == "text":
            return []
        return self.value(given.value, given.unit_code)

    def _kind(self, given: Attribute) -> ModelFinding | None:
        related = given.kind in (AttributeKind.RELATIONSHIP, AttributeKind.LIST_RELATIONSHIP)
        located = given.kind is AttributeKind.GEO_PROPERTY
        wanted = self._attribute.type
        if (related is not (wanted == "relationship") and wanted != "any") or located is not (
            wanted == "geometry"
        ):
            message = f"is a {given.kind.value} where the model has a {wanted}"
            return ModelFinding(self._name, "kind", message, f"expected {expected(self._attribute)}")
        return None

    def value(self, value: Any, unit: str | None) -> list[ModelFinding]:
        """Findings about one value in ``unit``."""
        if not self._validator.is_valid(value):
            shown = repr(value) if len(repr(value)) <= 80 else f"{repr(value)[:77]}…"
            hint = "correct it at the source, or mend the mapping (type, unit, codes)"
            return [ModelFinding(self._name, "value", f"{shown} is not {expected(self._attribute)}", hint)]
        if unit is not None and self._attribute.unit is not None and unit != self._attribute.unit:
            message = f"is in {unit} where the model has {self._attribute.unit}"
            hint = f'set unit = "{self._attribute.unit}" and from_unit = "{unit}" in the mapping'
            return [ModelFinding(self._name, "unit", message, hint)]
        return []
