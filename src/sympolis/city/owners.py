"""Who answers for which entities of a city: the owners that its sources name."""

from __future__ import annotations

from sympolis.city.schema import City
from sympolis.orchestration.worklist import Owner


def owners(city: City) -> dict[str, Owner]:
    """By entity type, the owner of the first source that brings it."""
    found: dict[str, Owner] = {}
    for source in city.sources.values():
        mapping = city.mappings[source.mapping]
        found.setdefault(mapping.entity_type, Owner(source.owner, source.id, source.title))
    return found
