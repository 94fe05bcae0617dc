"""Carries a mediation out: an entity in, objects in the other model's words out, and what was lost; and back again.

Pure: units are converted by a function that is handed in. A rule can be turned round where its codes are told apart by
their words; conversions between units always can.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from sympolis.domain.entity import Attribute, AttributeKind, Entity
from sympolis.governance.mediator.model import Mediation, Rule

Converter = Callable[[str | None, str | None], Callable[[float], float] | None]
"""(unit wanted, unit given) → the conversion; None where there is nothing to do. Raises ``ValueError``."""

UNMAPPED: Final = "has no place in the other model"
CODE: Final = "has a value that the other model has no word for"
UNIT: Final = "is in a unit that does not convert"
INSTANCES: Final = "has several instances, of which the other model has one"


@dataclass(slots=True)
class Loss:
    """What did not come through: (attribute, why) → entities concerned."""

    counts: dict[tuple[str, str], int] = field(default_factory=dict)

    def add(self, attribute: str, why: str) -> None:
        """One more entity lost it."""
        self.counts[attribute, why] = self.counts.get((attribute, why), 0) + 1

    def to_json(self) -> list[dict[str, Any]]:
        """By attribute, most often lost first."""
        ranked = sorted(self.counts.items(), key=lambda one: (-one[1], one[0]))
        return [{"attribute": name, "why": why, "entities": count} for (name, why), count in ranked]


class Mediator:
    """One mediation, ready to use. ``expand`` gives the IRI of a short term, ``compact`` the term of an IRI."""

    def __init__(
        self,
        mediation: Mediation,
        expand: Callable[[str], str],
        compact: Callable[[str], str],
        convert: Converter,
    ) -> None:
        self.mediation = mediation
        self._convert, self._compact = convert, compact
        self._rules: dict[str, list[Rule]] = {}
        for rule in mediation.rules:
            self._rules.setdefault(expand(rule.take), []).append(rule)

    def translate(self, entity: Entity, loss: Loss) -> list[dict[str, Any]]:
        """The objects that an entity becomes; what is lost is added to ``loss``."""
        if self.mediation.form == "observations":
            return self._observations(entity, loss)
        found: dict[str, Any] = {"type": self.mediation.type}
        _put(found, self.mediation.id_path, entity.id)
        for name, instances in entity.attributes.items():
            rules = self._rules.get(name)
            if rules is None:
                loss.add(self._compact(name), UNMAPPED)
                continue
            if len(instances) > 1:
                loss.add(self._compact(name), INSTANCES)
            for rule in rules:
                self._carry(rule, instances[0], found, loss)
        return [found]

    def _carry(self, rule: Rule, given: Attribute, found: dict[str, Any], loss: Loss) -> None:
        value = _member(rule, given)
        if value is None:
            return
        if rule.codes:
            value = rule.codes.get(_word(value))
            if value is None:
                loss.add(rule.take, CODE)
                return
        elif rule.unit is not None and isinstance(value, int | float) and not isinstance(value, bool):
            try:
                convert = self._convert(rule.unit, given.unit_code or rule.from_unit)
            except ValueError:
                loss.add(rule.take, UNIT)
                return
            value = value if convert is None else convert(value)
        _put(found, rule.put, value)

    def _observations(self, entity: Entity, loss: Loss) -> list[dict[str, Any]]:
        found = []
        for name, instances in entity.attributes.items():
            for given in instances:
                number = isinstance(given.value, int | float) and not isinstance(given.value, bool)
                if given.kind is not AttributeKind.PROPERTY or not number or given.observed_at is None:
                    loss.add(self._compact(name), "is no observed number")
                    continue
                found.append(self._observation(entity, name, given))
        return found

    def _observation(self, entity: Entity, name: str, given: Attribute) -> dict[str, Any]:
        at = given.observed_at.isoformat().replace("+00:00", "Z") if given.observed_at else ""
        suffix = f":{given.dataset_id.rpartition(':')[2]}" if given.dataset_id else ""
        found = {
            "id": f"{entity.id}:{self._compact(name)}{suffix}:{at}",
            "type": self.mediation.type,
            "hasFeatureOfInterest": entity.id,
            "observedProperty": name,
            "hasSimpleResult": given.value,
            "phenomenonTime": at,
            "resultTime": at,
        }
        return found | ({"unitCode": given.unit_code} if given.unit_code else {})

    def restore(self, document: Mapping[str, Any], attributes: Container[str]) -> dict[str, dict[str, Any]]:
        """Short name → the members that can be told from ``document``: what did not get lost, in the stored units.

        ``attributes`` are those of the model to come back to, since two models may share a place in the other one.
        """
        found: dict[str, dict[str, Any]] = {}
        for rule in (rule for rules in self._rules.values() for rule in rules):
            value = _get(document, rule.put)
            if value is None or rule.take not in attributes:
                continue
            if rule.codes:
                value = _uncoded(rule, value)
            elif rule.from_unit is not None and rule.unit is not None:
                back = self._convert(rule.from_unit, rule.unit)
                value = value if back is None else back(value)
            if value is not None:
                found.setdefault(rule.take, {})[rule.member] = value
        return found


def lost_by_design(mediation: Mediation, attributes: Iterable[str]) -> list[str]:
    """The attributes of a model that a mediation has no rule for."""
    if mediation.form == "observations":
        return []
    taken = {rule.take for rule in mediation.rules}
    return [name for name in attributes if name not in taken]


def _member(rule: Rule, given: Attribute) -> Any:
    if rule.member == "observedAt":
        at = given.observed_at
        return None if at is None else at.isoformat().replace("+00:00", "Z")
    return given.unit_code if rule.member == "unitCode" else given.value


def _word(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _uncoded(rule: Rule, word: Any) -> Any:
    """The value that a word stands for, where only one does."""
    values = [value for value, other in rule.codes.items() if other == word]
    if len(values) != 1:
        return None
    return {"true": True, "false": False}.get(values[0], values[0])


def _put(found: dict[str, Any], path: str, value: Any) -> None:
    *outer, last = path.split(".")
    for name in outer:
        found = found.setdefault(name, {})
    found[last] = value


def _get(document: Any, path: str) -> Any:
    for name in path.split("."):
        if not isinstance(document, Mapping):
            return None
        document = document.get(name)
    return document
