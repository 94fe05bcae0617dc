"""The door of a dataset: rows that do not conform to its data model stop the run, are held, or are only counted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any, Final

from sympolis.domain import errors
from sympolis.domain.changes import Observation
from sympolis.domain.entity import Entity
from sympolis.governance.datamodels.conformance import Conformance, ModelFinding
from sympolis.governance.datamodels.model import DataModel

REJECT: Final = "reject"
QUARANTINE: Final = "quarantine"
WARN: Final = "warn"
ACTIONS: Final = (REJECT, QUARANTINE, WARN)
_MOST_EXAMPLES: Final = 20


class ModelDoor:
    """Judges the rows of one dataset, and remembers what it met in the last reading."""

    def __init__(self, model: DataModel, action: str, *, where: str, whole: bool) -> None:
        self.model = model
        self.action = action
        self._where = where
        self._whole = whole
        """Whether a row is an entity of its own, of which required attributes are asked."""
        self._conformance = Conformance(model)
        self.begin()

    def begin(self) -> None:
        """A reading of the source begins."""
        self._counts: Counter[tuple[str, str]] = Counter()
        self._examples: dict[tuple[str, str], dict[str, Any]] = {}
        self.judged = 0

    @property
    def rejects(self) -> bool:
        """Whether a row that does not conform refuses the delivery."""
        return self.action == REJECT

    @property
    def version(self) -> str:
        """Changes with the model and with what happens to those that do not conform."""
        return f"{self.model!r} {self.action}"

    def findings(self, entity: Entity, observations: Sequence[Observation] = ()) -> list[ModelFinding]:
        """What a row has against it, counted. Raises ``SourceFailed`` where the dataset rejects."""
        found = (
            self._conformance.entity(entity, whole=self._whole) if entity.attributes or self._whole else []
        )
        found += self._conformance.observations(observations)
        self.judged += 1
        for one in found:
            self._count(entity.id, one)
        if found and self.rejects:
            raise self.refusal(entity.id, found)
        return found if self.action == QUARANTINE else []

    def refusal(self, entity_id: str, found: Sequence[ModelFinding]) -> errors.SourceFailed:
        """Why a delivery is rejected whole."""
        words = "; ".join(f"{one.attribute} {one.message}" for one in found[:5])
        message = f"{entity_id} does not conform to {self.model.name} {self.model.version}: {words}"
        return errors.SourceFailed(message, where=self._where, hint=found[0].hint)

    def _count(self, entity_id: str, finding: ModelFinding) -> None:
        key = (finding.attribute, finding.rule)
        self._counts[key] += 1
        if key not in self._examples and len(self._examples) < _MOST_EXAMPLES:
            self._examples[key] = {"entity": entity_id, "message": finding.message, "hint": finding.hint}

    def to_json(self) -> dict[str, Any]:
        """What was met in the last reading, by attribute."""
        findings = [
            {"attribute": attribute, "rule": rule, "rows": count, **self._examples.get((attribute, rule), {})}
            for (attribute, rule), count in self._counts.most_common()
        ]
        name = {"model": self.model.name, "version": self.model.version, "action": self.action}
        return {**name, "judged": self.judged, "findings": findings}
