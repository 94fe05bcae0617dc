"""Makes an entity fit a need: is it one of those wanted, what may stand in for what it lacks, and in which unit.

What a model declares in ``Need`` is done here once, for the values it is given and for the report whether it runs here,
so that the two cannot disagree.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from sympolis.acquisition import units
from sympolis.domain import errors
from sympolis.domain.entity import Attribute, Entity
from sympolis.plugins.simulator import Need

Convert = Callable[[float], float]


def wanted(entity: Entity, need: Need, expand: Callable[[str], str]) -> bool:
    """Whether the entity has the values that ``need.where`` asks for."""
    return all(entity.value(expand(name)) == value for name, value in need.where.items())


def substitutes(need: Need) -> list[Need]:
    """The same need asking for what may stand in (``Need.instead``), best first."""
    return [
        replace(need, where={**need.where, name: value})
        for name, values in need.instead.items()
        for value in values
    ]


def substituted(entity: Entity, need: Need, expand: Callable[[str], str]) -> dict[str, str]:
    """Attribute of ``need.where`` → the value that stands in for the wanted one; empty where nothing does."""
    found = {name: entity.value(expand(name)) for name in need.where}
    return {name: str(found[name]) for name, value in need.where.items() if found[name] != value}


def standing_in(entity: Entity, need: Need, name: str, expand: Callable[[str], str]) -> str | None:
    """The attribute that gives ``name``: itself, else the first proxy the entity has; None where there is neither."""
    for candidate in (name, *need.proxies.get(name, ())):
        if entity.attributes.get(expand(candidate)):
            return candidate
    return None


def simplify(entity: Entity, need: Need, expand: Callable[[str], str]) -> dict[str, Any]:
    """The entity's keyValues as ``plugins.simulator.Inputs`` promises them. Raises ``ModelFailed`` for a wrong unit."""
    simple: dict[str, Any] = {"id": entity.id, "type": need.type}
    proxies: dict[str, str] = {}
    for name in need.attributes:
        used = standing_in(entity, need, name, expand)
        if used is None:
            continue
        simple[name] = _value(_default(entity, expand(used)), need, name)
        if used != name:
            proxies[name] = used
    proxies |= substituted(entity, need, expand)
    return {**simple, "proxies": proxies} if proxies else simple


def stand_ins(needs: Sequence[Need], inputs: Mapping[str, Sequence[Mapping[str, Any]]]) -> list[str]:
    """In words, everything among ``inputs`` that stands in for something else: it belongs beside every figure."""
    found: Counter[tuple[str, str, str]] = Counter()
    for need in needs:
        for simple in inputs.get(need.name, ()):
            for name, used in simple.get("proxies", {}).items():
                found[used, str(need.where.get(name, name)), need.type] += 1
    return [
        f"{used} stands in for {name} of {count} {kind} entities"
        for (used, name, kind), count in sorted(found.items())
    ]


def converter(need: Need, name: str, unit_code: str | None) -> Convert | None:
    """From values in ``unit_code`` to those the model wants; None where nothing is to be done.

    A value that says no unit is taken to be in the wanted one. Raises ``ModelFailed`` for another quantity.
    """
    try:
        return units.converter(need.units.get(name), unit_code)
    except units.UnitMistake as wrong:
        raise errors.ModelFailed(
            f"{name} of {need.type}: {wrong.message}",
            where=f"needs: {need.name}",
            hint="mend the unit in the mapping that brings it",
        ) from wrong


def converted(value: Any, convert: Convert | None) -> Any:
    """The number (or list of numbers) in the wanted unit; anything else as it is."""
    if convert is None:
        return value
    if isinstance(value, list):
        return [converted(item, convert) for item in value]
    return convert(value) if isinstance(value, int | float) and not isinstance(value, bool) else value


def refuse_gaps(need: Need, found: Sequence[Mapping[str, Any]]) -> None:
    """Raises ``ModelFailed`` where fewer entities than the model's share carry an attribute it cannot do without."""
    for name in need.attributes if need.coverage else ():
        carried = sum(name in simple for simple in found)
        if carried < need.coverage * len(found):
            raise errors.ModelFailed(
                f"{carried} of {len(found)} {need.type} entities have {name}, the model needs {need.coverage:.0%}",
                where=f"needs: {need.name}",
                hint="map the attribute, or one that may stand in for it",
            )


def _default(entity: Entity, iri: str) -> Attribute:
    return entity.attribute(iri) or entity.attributes[iri][0]


def _value(instance: Attribute, need: Need, name: str) -> Any:
    return converted(instance.value, converter(need, name, instance.unit_code))


def age_attributes(need: Need) -> tuple[str, ...]:
    """Attributes that date an entity's values where they are not observed: a coverage says until when it holds."""
    return ("validTo", "validFrom") if need.grid else ()


def facts(entity: Entity, compact: Callable[[str], str]) -> Mapping[str, Any]:
    """Every attribute's value by short name."""
    return {compact(iri): _default(entity, iri).value for iri in entity.attributes}
