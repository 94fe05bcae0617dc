"""The data models of a city and the doors of its datasets: where governance and acquisition meet."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from sympolis.acquisition import units
from sympolis.acquisition.mapping import EntityMapping
from sympolis.acquisition.quality import Reason
from sympolis.acquisition.source import Source
from sympolis.acquisition.translate import Names
from sympolis.city.schema import City
from sympolis.domain.changes import Observation
from sympolis.domain.entity import Entity
from sympolis.governance.datamodels.door import ModelDoor
from sympolis.governance.datamodels.registry import Registry
from sympolis.governance.datamodels.writes import ACCEPT, Rule, WriteJudge
from sympolis.governance.masterdata.model import Book
from sympolis.governance.masterdata.registry import MasterData
from sympolis.governance.mediator import model as mediating
from sympolis.governance.mediator.model import Mediation
from sympolis.governance.mediator.translating import Mediator


def registry(city: City) -> Registry:
    """The platform's data models and the city's own (``data-models/``)."""
    return Registry(city.data_models)


def master_data(city: City, book: Book) -> MasterData:
    """The city's master data: its registers and the decisions in ``book``."""
    return MasterData(city.kinds, city.things, book)


def mediations(city: City) -> dict[str, Mediation]:
    """The platform's mediations and the city's own, which stand before them."""
    return {one.id: one for one in mediating.shipped()} | dict(city.mediations)


def mediator(mediation: Mediation, expand: Callable[[str], str], compact: Callable[[str], str]) -> Mediator:
    """What carries a mediation out."""
    return Mediator(mediation, expand, compact, units.converter)


def write_judge(city: City, terms: Names) -> WriteJudge | None:
    """The judge of what clients write; None where no dataset has a say in it."""
    models = registry(city)
    rules = {
        terms.expand(city.mappings[source.mapping].entity_type): Rule(
            models.get(source.model.name, source.model.version), source.model.writes, source.id
        )
        for source in city.sources.values()
        if source.model is not None and source.model.writes != ACCEPT
    }
    return WriteJudge(rules) if rules else None


class ReasonedDoor(ModelDoor):
    """A door that speaks to acquisition: findings become the reasons for which a row is held."""

    def judge(self, entity: Entity, observations: Sequence[Observation]) -> list[Reason]:
        """See ``acquisition.translate.Door``."""
        name = f"{self.model.name} {self.model.version}"
        return [
            Reason(one.attribute, RULES[one.rule], f"{one.message} ({name})", one.hint)
            for one in self.findings(entity, observations)
        ]


RULES: Final = {"required": "required", "value": "type", "kind": "type", "unit": "unit", "unknown": "row"}
"""What a data model finds → the gate's rule."""


def door(source: Source, mapping: EntityMapping, models: Registry) -> ReasonedDoor | None:
    """The door of a dataset; None where its source names no data model."""
    if source.model is None:
        return None
    model = models.get(source.model.name, source.model.version)
    where = f"sources/{source.id}.toml: model"
    return ReasonedDoor(model, source.model.mismatch, where=where, whole=mapping.mode == "entities")
