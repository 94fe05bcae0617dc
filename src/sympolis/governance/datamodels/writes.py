"""Judges what clients write over NGSI-LD into a type that a dataset governs: refused, or taken and logged."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from sympolis.domain import errors
from sympolis.domain.entity import Entity
from sympolis.governance.datamodels.conformance import Conformance, ModelFinding
from sympolis.governance.datamodels.model import DataModel

ACCEPT: Final = "accept"
WARN: Final = "warn"
REJECT: Final = "reject"

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Rule:
    """What holds for one entity type."""

    model: DataModel
    action: str
    dataset: str
    """Id of the dataset that governs the type."""


class WriteJudge:
    """The judge of all governed types, by their IRI. Only what a change touches is judged, so that an entity with an
    old fault can still be mended attribute by attribute."""

    def __init__(self, rules: Mapping[str, Rule]) -> None:
        self._rules = {iri: (rule, Conformance(rule.model)) for iri, rule in rules.items()}
        self.counts: Counter[tuple[str, str, str]] = Counter()
        """(dataset, attribute, rule) → changes that were only warned of."""

    def __call__(self, before: Entity | None, after: Entity) -> None:
        """Raises ``BadRequestData`` naming every attribute that does not conform."""
        for iri in after.types:
            if iri in self._rules:
                self._judge(*self._rules[iri], before, after)

    def _judge(self, rule: Rule, conformance: Conformance, before: Entity | None, after: Entity) -> None:
        changed = after if before is None else _changed(before, after)
        found = conformance.entity(changed, whole=before is None) + _gone(conformance, before, after)
        if not found:
            return
        if rule.action == REJECT:
            raise refusal(rule, found)
        for one in found:
            self.counts[rule.dataset, one.attribute, one.rule] += 1
        log.warning(
            "a write does not conform to its data model",
            extra={
                "action": "datamodel.warn",
                "entity": after.id,
                "attributes": [one.attribute for one in found],
            },
        )


def _changed(before: Entity, after: Entity) -> Entity:
    """``after`` with only the attributes that differ."""
    kept = {
        name: values for name, values in after.attributes.items() if before.attributes.get(name) != values
    }
    return Entity(after.id, after.types, kept)


def _gone(conformance: Conformance, before: Entity | None, after: Entity) -> list[ModelFinding]:
    """Required attributes that the change takes away."""
    if before is None:
        return []
    missing = conformance.entity(Entity(after.id, after.types, after.attributes))
    there = {one.attribute for one in conformance.entity(Entity(before.id, before.types, before.attributes))}
    return [one for one in missing if one.rule == "required" and one.attribute not in there]


def refusal(rule: Rule, found: list[ModelFinding]) -> errors.BadRequestData:
    """Why a write is refused, with every attribute."""
    words = "; ".join(f"{one.attribute} {one.message}" for one in found[:10])
    model = f"{rule.model.name} {rule.model.version}"
    return errors.BadRequestData(
        f"does not conform to {model}, which dataset {rule.dataset} promises: {words}",
        where=found[0].attribute,
        hint=f"see /api/data-models/{rule.model.name}/{rule.model.version}",
    )
