"""What of the entities is a dataset's own: the values that name its source as where they came from.

An entity is often made by several datasets: an area has its outline from one and its people from another, each with a
licence of its own. Every value that a source gave says so (``providedBy``), so a dataset's rows are the entities of
which it gave something, with what it gave of them; what models, people and other sources said is left out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sympolis.acquisition.identity import urn
from sympolis.acquisition.mapping import EntityMapping, attribute_names
from sympolis.context.query import AllOf, AnyOf, Comparison, Query, Term, TypeIs
from sympolis.context.store import Series
from sympolis.context.terms import Terms
from sympolis.domain import errors
from sympolis.domain.entity import Attribute, Entity
from sympolis.domain.records import evolve

PROVIDED_BY = "providedBy"


@dataclass(frozen=True, slots=True, kw_only=True)
class Own:
    """What belongs to one dataset. All names are expanded; ``attributes`` are those that its mapping can give."""

    source: str
    """The id of the ``Source`` entity that its values point to."""
    mark: str
    """The name of the sub-attribute that says so."""
    entity_type: str
    attributes: tuple[str, ...]

    def entities(self, condition: Any = None, limit: int = 1000) -> Query:
        """Selects all entities of its type: what is its own of them, ``part`` says."""
        return Query(types=TypeIs(self.entity_type), q=condition, limit=limit)

    def rows(self, condition: Any = None, limit: int = 20) -> Query:
        """Selects only entities of which it gave something; for the first few, as no index helps with it."""
        terms: list[Any] = [
            Term((name, self.mark), Comparison.EQUAL, self.source) for name in self.attributes
        ]
        given = terms[0] if len(terms) == 1 else AnyOf(tuple(terms))
        return self.entities(given if condition is None else AllOf((given, condition)), limit)

    def part(self, entity: Entity) -> Entity | None:
        """The entity with the values that the dataset gave; None where it gave none."""
        kept = {
            name: own
            for name, found in entity.attributes.items()
            if (own := tuple(one for one in found if self.source in self._givers(one)))
        }
        return evolve(entity, attributes=kept) if kept else None

    def parts(self, entities: Sequence[Entity]) -> list[Entity]:
        """The same of each, without those of which it gave nothing."""
        return [own for one in entities if (own := self.part(one)) is not None]

    def with_something(self, entities: Sequence[Entity]) -> list[Entity]:
        """Those whole of which it gave something."""
        return [one for one in entities if self.part(one) is not None]

    def has(self, series: Series, entity: Entity) -> bool:
        """Whether a series is the dataset's: unless its newest value names another source.

        Single observations do not say where they came from: where several sources observe the same, the series is
        that one's which gave the newest value.
        """
        if series.name not in self.attributes:
            return False
        current = entity.attribute(series.name, series.dataset_id)
        givers = () if current is None else self._givers(current)
        return not givers or self.source in givers

    def chosen(self, names: Sequence[str], terms: Terms) -> tuple[str, ...]:
        """The expanded names (none: all that it gives). Raises ``NotFound`` for one that it does not give."""
        known = {terms.compact(name): name for name in self.attributes}
        for name in names:
            if terms.expand(name) not in self.attributes:
                hint = f"it gives {', '.join(sorted(known))}"
                raise errors.NotFound(f"the dataset has no attribute {name}", where="attrs", hint=hint)
        return tuple(map(terms.expand, names)) or self.attributes

    def _givers(self, value: Attribute) -> list[Any]:
        return [one.value for one in value.attributes.get(self.mark, ())]


def own_of(city: str, source: str, mapping: EntityMapping, terms: Terms) -> Own:
    """What belongs to the dataset of a source, by its mapping."""
    return Own(
        source=urn("Source", city, source),
        mark=terms.expand(PROVIDED_BY),
        entity_type=terms.expand(mapping.entity_type),
        attributes=tuple(map(terms.expand, attribute_names(mapping))),
    )
