"""What this twin offers to other twins, and where each dataset is had in each format: from the catalogue as it stands.

Nobody types an offer (``governance.policy.offers``). A participant sees a dataset where a rule is for everybody, for
them, or for a group that they have shown to belong to.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

from sympolis.api.computations import Computation, Computations, concerns
from sympolis.api.formats import FORMATS
from sympolis.api.offering import Offering
from sympolis.api.parts import ApiParts
from sympolis.api.vocabulary import city_terms
from sympolis.context.gated import everything
from sympolis.dataspace.contracts.offers import Offered
from sympolis.dataspace.contracts.transfers import DERIVE
from sympolis.dataspace.delivery.contracted import ContractReading
from sympolis.dataspace.dsp.credentials import Participant
from sympolis.dataspace.dsp.terms import write_offer
from sympolis.dataspace.dsp.vocabulary import COMPUTE
from sympolis.domain.errors import BadRequestData
from sympolis.governance.policy.assets import dataset_iri
from sympolis.governance.policy.gate import READ
from sympolis.governance.policy.model import Policy, Rule, RuleKind
from sympolis.governance.policy.reading import read_policy
from sympolis.governance.policy.vocabulary import action_lineage

if TYPE_CHECKING:
    from sympolis.acquisition.coordinator import Coordinator
    from sympolis.city.schema import City
    from sympolis.governance.catalogue.model import Dataset

_FRESH_S: Final = 1.0


@dataclass(frozen=True, slots=True)
class Holding:
    """One dataset: its id, the types of its entities (expanded), those of all others, and where its formats begin."""

    id: str
    types: frozenset[str]
    others: frozenset[str]
    paths: Mapping[str, str]

    def reading(self, agreement: str) -> ContractReading:
        """What may be read of it under an agreement."""
        return ContractReading(agreement, self.id, self.types, self.others)

    def admits(self, arguments: Mapping[str, str], agreement: str) -> bool:  # noqa: ARG002
        """Whether a path's arguments lead to this dataset."""
        return arguments.get("dataset", self.id) == self.id


@dataclass(frozen=True, slots=True)
class _Look:
    until: float
    datasets: tuple[tuple[Dataset, Holding, tuple[Policy, ...]], ...]


class Holdings:
    """See the module; it is ``dataspace.contracts.offers.Offers`` and ``transfers.Endpoints``."""

    def __init__(self, parts: ApiParts, city: City, coordinator: Coordinator) -> None:
        self._offering = Offering(parts, city, coordinator)
        self._terms = city_terms(parts)
        self._computations = Computations(parts)
        self._look: _Look | None = None
        self._looking = asyncio.Lock()
        self._known: dict[str, Holding] = {}

    async def datasets(self, participant: Participant) -> Sequence[Offered]:
        """See ``Offers``."""
        found = [
            _offered(one, holding, policies, participant) for one, holding, policies in await self._looked()
        ]
        return [one for one in found if one is not None] + await self._computations.datasets(participant)

    async def find(self, participant: Participant, dataset: str) -> Offered | None:
        """See ``Offers``."""
        for one, holding, policies in await self._looked():
            if dataset_iri(one.id) == dataset:
                return _offered(one, holding, policies, participant)
        return await self._computations.find(participant, dataset)

    async def look(self, dataset: str) -> None:
        """See ``Endpoints``."""
        if dataset not in self._known and self._computations.known(dataset) is None:
            await self.holding(dataset)

    def path(self, dataset: str, format: str) -> str | None:
        """See ``Endpoints``: of what has been offered since the server started."""
        holding = self._known.get(dataset) or self._computations.known(dataset)
        return None if holding is None else holding.paths.get(format)

    async def holding(self, dataset: str) -> Holding | Computation | None:
        """What is known of a dataset, a service or a model by its IRI, whether or not it is offered any more."""
        if (found := await self._computations.look(dataset)) is not None:
            return found
        if dataset not in self._known:
            await self._looked()
        return self._known.get(dataset)

    async def _looked(self) -> tuple[tuple[Dataset, Holding, tuple[Policy, ...]], ...]:
        """All datasets with their offers, at most a second old: a policy that changes changes offers at once."""
        async with self._looking:
            if self._look is None or self._look.until < time.monotonic():
                with everything():
                    catalogue = await self._offering.catalogue("")
                found = tuple(self._read(one, catalogue.datasets) for one in catalogue.datasets)
                self._known |= {dataset_iri(one.id): holding for one, holding, _ in found}
                self._look = _Look(time.monotonic() + _FRESH_S, found)
            return self._look.datasets

    def _read(self, one: Dataset, all_of: Sequence[Dataset]) -> tuple[Dataset, Holding, tuple[Policy, ...]]:
        own = frozenset({self._terms.expand(one.entity_type)})
        others = frozenset(self._terms.expand(other.entity_type) for other in all_of) - own
        located = any("/ogc/" in way.access_url for way in one.distributions)
        words = {
            "dataset": quote(one.id, safe=""),
            "kind": quote(one.entity_type, safe=""),
            "iri": quote(self._terms.expand(one.entity_type), safe=""),
        }
        paths = {way.name: way.start.format(**words) for way in FORMATS if located or not way.located}
        policies = tuple(read_policy(offer.document, where=offer.iri) for offer in one.offers)
        return one, Holding(one.id, own, others, paths), policies


def _offered(
    one: Dataset, holding: Holding, policies: Sequence[Policy], participant: Participant
) -> Offered | None:
    """The dataset as a participant may have it; None where nothing of it is for them."""
    iri = dataset_iri(one.id)
    groups = participant.member_of | {participant.id}
    offers, permitted = [], []
    for policy in policies:
        rules = [rule for rule in policy.rules if concerns(rule, groups)]
        if any(rule.kind is RuleKind.PERMISSION for rule in rules):
            try:
                offers.append(write_offer(iri, rules))
            except BadRequestData:  # terms that the protocol has no words for are no offer to anybody
                continue
            permitted += [rule for rule in rules if rule.kind is RuleKind.PERMISSION]
    formats = _formats(holding, permitted)
    if not offers or not formats:
        return None
    return Offered(id=iri, title=one.title, offers=tuple(offers), formats=formats, about=_about(one))


def _formats(holding: Holding, permitted: Sequence[Rule]) -> tuple[str, ...]:
    """The ways that some permission leads to: data are read, or something is made of them where they are."""
    wanted = {name: DERIVE if name == COMPUTE else READ for name in holding.paths}
    return tuple(name for name, action in wanted.items() if any(_permits(rule, action) for rule in permitted))


def _permits(rule: Rule, action: str) -> bool:
    lineage = action_lineage(action)
    return not rule.actions or any(one.iri in lineage for one in rule.actions)


def _about(one: Dataset) -> dict[str, Any]:
    """What the catalogue says of it, in terms of DCAT and Dublin Core."""
    found: dict[str, Any] = {
        "dct:title": _texts(one.title),
        "dct:description": _texts(one.description),
        "dct:identifier": one.id,
        "dct:creator": one.creator.name,
        "dct:license": one.licence,
        "dct:type": one.entity_type,
    }
    if one.keywords:
        found["dcat:keyword"] = list(one.keywords)
    if one.modified is not None:
        found["dct:modified"] = one.modified.isoformat()
    return found


def _texts(texts: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"@value": text, "@language": language} for language, text in sorted(texts.items())]
