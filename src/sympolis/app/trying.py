"""Would a service of one city run on another's data? Asked before anybody installs, serves or agrees on anything.

The other city's own sources are read through its own pipeline (samples, mappings, quality gate) into a broker in
memory: only those that bring what the service's models need, or what could stand in for it. What is found is judged by
the rules by which every twin judges its own services (``orchestration.service_desk``), and three things more: types
that carry what is needed under another name, values that exist on a finer level, and what the licences ask for.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Final

from sympolis.acquisition.coordinator import Coordinator
from sympolis.acquisition.ledger import MemoryLedger
from sympolis.acquisition.mapping import attribute_names
from sympolis.city import acquiring, modelling
from sympolis.city.package import City
from sympolis.context.broker import Broker
from sympolis.context.query import Query, TypeIs
from sympolis.context.terms import Contexts, Terms
from sympolis.domain import errors
from sympolis.domain.reading import did_you_mean
from sympolis.governance.catalogue.licences import LICENCES
from sympolis.orchestration.adapting import ADAPTED, CANNOT, RUNS, Remark, remark
from sympolis.orchestration.compatibility import Compatibility, Supply
from sympolis.orchestration.naming import named
from sympolis.orchestration.service import ServiceSetup
from sympolis.orchestration.service_desk import Finding, Noted, finding, judged
from sympolis.plugins import loader
from sympolis.plugins.simulator import Need, Simulator
from sympolis.stores.memory import MemoryStore

GENERIC: Final = frozenset({"name", "location", "timeZone"})
"""Attributes that nearly everything has: sharing them says nothing about two types being the same."""
_OBSERVATIONS: Final = "observations"
_ALIKE: Final = {
    "it": "chiede di condividere allo stesso modo ciò che se ne deriva",
    "de": "verlangt, Abgeleitetes unter gleichen Bedingungen zu teilen",
    "en": "asks to share alike what is derived from it",
}
_UNKNOWN: Final = {
    "it": "non è nota qui: va letta prima dell'uso",
    "de": "ist hier nicht bekannt: Sie ist vor der Nutzung zu lesen",
    "en": "is not known here: it has to be read before use",
}


@dataclass(frozen=True, slots=True)
class _Ground:
    """The other city in memory: its package, a broker and what has been read into it."""

    city: City
    broker: Broker
    terms: Terms
    coordinator: Coordinator
    read: dict[str, str]
    """Source id → what became of it."""

    async def bring(self, wanted: Mapping[str, set[str]]) -> None:
        """Read every source that brings one of these attributes (by entity type); no other is needed, or judged."""
        useful = [
            (source.id, mapping)
            for source in self.city.sources.values()
            if (mapping := self.city.mappings[source.mapping])
            and wanted.get(mapping.entity_type, set()) & set(attribute_names(mapping))
        ]
        made = {one.entity_type for _, one in useful if one.mode != _OBSERVATIONS}
        observed = {one.entity_type for _, one in useful} - made
        for source_id in (*self._makers(observed), *(source_id for source_id, _ in useful)):
            if source_id not in self.read:
                self.read[source_id] = str((await self.coordinator.run(source_id)).state)

    def _makers(self, types: set[str]) -> Iterator[str]:
        """The sources that make the entities which others only observe: without them the observations are of nobody."""
        for source in self.city.sources.values():
            mapping = self.city.mappings[source.mapping]
            if mapping.entity_type in types and mapping.mode != _OBSERVATIONS:
                yield source.id

    async def count(self, entity_type: str) -> int:
        """How many entities of a type there are."""
        query = Query(types=TypeIs(self.terms.expand(entity_type)), limit=1, count=True)
        return (await self.broker.query(query)).total or 0

    def offers(self) -> dict[str, set[str]]:
        """Entity type → attributes that some source of the city brings, as its mappings declare."""
        found: dict[str, set[str]] = {}
        for mapping in self.city.mappings.values():
            found.setdefault(mapping.entity_type, set()).update(attribute_names(mapping))
        return found


async def try_service(home: City, service_id: str, other: City) -> dict[str, Any]:
    """Whether the service of ``home`` runs on the data of ``other``: verdict, reasons, adaptations, effort, licences.

    Nothing is written anywhere. Raises ``NotFound`` where ``home`` has no such service.
    """
    service = _service(home, service_id)
    simulators, missing = _simulators(home, service)
    ground = await _laid(other)
    needs = [need for simulator in simulators.values() for need in simulator.needs if not need.linked]
    await ground.bring(_wanted(needs))
    compatibility = Compatibility(ground.broker, ground.terms, lambda: datetime.now(UTC))
    supplies = {model: await compatibility.of(simulator) for model, simulator in simulators.items()}
    found = _unplugged(missing) if missing else judged(service, supplies, simulators.__getitem__)
    found = await _mended(found, ground)
    return {
        "service": service.id,
        "city": home.id,
        "on": other.id,
        **finding(_reworded(found, [*_licences(ground)])),
        "effort_days": _effort(found),
        "licences": _licence_table(ground),
        "sources": dict(ground.read),
    }


def _service(home: City, service_id: str) -> ServiceSetup:
    services = {service.id: service for service in modelling.services(home)}
    if service_id not in services:
        hint = did_you_mean(service_id, services)
        raise errors.NotFound(f"{home.id} has no service {service_id!r}", where="service", hint=hint)
    return services[service_id]


def _simulators(home: City, service: ServiceSetup) -> tuple[dict[str, type[Simulator]], list[str]]:
    """The simulators of the service's models, and those that no plugin gives."""
    known, plans = loader.simulators(), {setup.id: setup for setup in modelling.models(home)}
    wanted = {step.model: plans[step.model].simulator for step in service.steps}
    found = {
        model: named(known[simulator], plans[model].types, f"model {model}")
        for model, simulator in wanted.items()
        if simulator in known
    }
    return found, [simulator for simulator in wanted.values() if simulator not in known]


def _wanted(needs: Iterable[Need]) -> dict[str, set[str]]:
    """Entity type → the attributes that the models ask for, and what may stand in for them."""
    found: dict[str, set[str]] = {}
    for need in needs:
        stand_ins = {name for several in need.proxies.values() for name in several}
        found.setdefault(need.type, set()).update(need.attributes, need.where, stand_ins)
    return found


async def _laid(city: City) -> _Ground:
    broker, terms = Broker(MemoryStore()), await Contexts().resolve(city.context["@context"])
    coordinator = acquiring.coordinator(
        city, broker, terms, connectors=loader.connectors(), ledger=MemoryLedger()
    )
    return _Ground(city, broker, terms, coordinator, {})


def _unplugged(missing: Sequence[str]) -> Finding:
    problems = tuple(("", remark("plugin", "", simulator=one)) for one in missing)
    return Finding(CANNOT, problems, (), {})


# --- what could be made to fit ------------------------------------------------------------------------------------


async def _mended(found: Finding, ground: _Ground) -> Finding:
    """Problems and gaps that the other city has the data for become adaptations."""
    supplies = {(model, one.need.name): one for model, all in found.supplies.items() for one in all}
    problems: list[Noted] = []
    adaptations: list[Noted] = []
    for model, one in found.problems:
        mended = await _mapped(supplies.get((model, one.need)), one, ground)
        (adaptations if mended else problems).append((model, mended or one))
    for model, one in found.adaptations:
        adaptations.append((model, await _summed(supplies.get((model, one.need)), one, ground) or one))
    verdict = CANNOT if problems else ADAPTED if adaptations else RUNS
    return replace(found, verdict=verdict, problems=tuple(problems), adaptations=tuple(adaptations))


async def _mapped(supply: Supply | None, problem: Remark, ground: _Ground) -> Remark | None:
    """Another type that carries all that the need asks for, in sufficient number."""
    if supply is None or problem.kind != "few":
        return None
    for other in _alike(supply.need, ground.offers()):
        await ground.bring({other: set(supply.need.attributes)})
        if await ground.count(other) >= supply.need.minimum:
            return remark("mapping", supply.need.name, other=other, type=supply.need.type)
    return None


def _alike(need: Need, offers: Mapping[str, set[str]]) -> Iterator[str]:
    wanted = set(need.attributes) - set(need.optional)
    telling = wanted - GENERIC
    for other in sorted(offers):
        if other != need.type and telling and wanted <= offers[other]:
            yield other


async def _summed(supply: Supply | None, gap: Remark, ground: _Ground) -> Remark | None:
    """A finer type that has the attribute which a need's entities lack."""
    if supply is None or gap.kind != "gap" or gap.attribute in GENERIC:
        return None
    for other, attributes in sorted(ground.offers().items()):
        if other != supply.need.type and {gap.attribute, "location"} <= attributes:
            await ground.bring({other: {gap.attribute, "location"}})
            if await ground.count(other) > supply.found:
                names = {"name": gap.attribute, "other": other, "type": supply.need.type}
                return remark("aggregation", supply.need.name, **names)
    return None


# --- licences and effort ------------------------------------------------------------------------------------------


def _licences(ground: _Ground) -> Iterator[Noted]:
    for source in ground.read:
        code = ground.city.sources[source].licence
        known = LICENCES.get(code)
        if known is None or known.share_alike:
            duty = _ALIKE if known else _UNKNOWN
            yield "", remark("licence", "", licence=code, source=source, duty=duty)


def _licence_table(ground: _Ground) -> list[dict[str, Any]]:
    found = []
    for source in ground.read:
        code = ground.city.sources[source].licence
        known = LICENCES.get(code)
        duties = {"attribution": known.attribution, "share_alike": known.share_alike} if known else {}
        found.append({"source": source, "licence": code, "known": known is not None, **duties})
    return found


def _reworded(found: Finding, licences: Sequence[Noted]) -> Finding:
    """The finding with what licences ask for: a duty, never a reason why a model could not run."""
    return replace(found, adaptations=(*found.adaptations, *licences))


def _effort(found: Finding) -> list[float] | None:
    """Working days from, to; None where something is missing that nobody has."""
    if found.problems:
        return None
    days = [one.days for _, one in found.adaptations if one.days]
    return [sum(low for low, _ in days), sum(high for _, high in days)]
