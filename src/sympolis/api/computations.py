"""The services and models that partners may have computed here, as what agreements are made about.

Computing costs money and shows what a city's models can do: a service or a model is offered to partners only where a
policy says so. Its policy is negotiated about like a dataset's; what is called then is the twin's own OGC API -
Processes or Open Inference Protocol.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from sympolis.api.formats import CALLS
from sympolis.api.parts import ApiParts
from sympolis.api.process_ids import MODEL, SERVICE, run_of
from sympolis.context.gated import everything
from sympolis.dataspace.calling.served import ServedCalls
from sympolis.dataspace.contracts.offers import Offered
from sympolis.dataspace.delivery.contracted import ComputingReading
from sympolis.dataspace.dsp.credentials import Participant
from sympolis.dataspace.dsp.terms import write_offer
from sympolis.dataspace.dsp.vocabulary import INFERENCE, MODEL_PACKAGE, PROCESSES
from sympolis.domain import errors
from sympolis.governance.policy.assets import COLLECTIONS, Asset, AssetKind, asset_iri, asset_of
from sympolis.governance.policy.model import Rule, RuleKind
from sympolis.governance.policy.offers import offers_of
from sympolis.governance.policy.reading import read_policy

if TYPE_CHECKING:
    from sympolis.api.parts import Governed
    from sympolis.orchestration.desk import Desk

Json = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Computation:
    """A service or a model on offer. ``process`` is its id in OGC API - Processes; '' for a learned model alone."""

    id: str
    asset: Asset
    process: str
    models: frozenset[str]
    paths: Mapping[str, str]
    served: ServedCalls
    about: Json

    def reading(self, agreement: str) -> ComputingReading:
        """What it may read and run under an agreement."""
        own = frozenset({self.asset.id})
        services = own if self.asset.kind is AssetKind.SERVICE else frozenset[str]()
        return ComputingReading(agreement, services, self.models)

    def admits(self, arguments: Mapping[str, str], agreement: str) -> bool:
        """Whether a path's arguments lead to this process, this model, or a job that was begun under the agreement."""
        if arguments.get("processID", self.process) != self.process:
            return False
        if arguments.get("model", self.asset.id) != self.asset.id:
            return False
        run = arguments.get("jobId", arguments.get("id"))
        return run is None or self.served.is_of(run_of(run), agreement)


class Computations:
    """See the module."""

    def __init__(self, parts: ApiParts) -> None:
        self._desk: Desk | None = parts.desk
        self._governed: Governed | None = parts.governed
        self._served = None if parts.federation is None else ServedCalls(parts.federation.records)
        self._known: dict[str, Computation] = {}

    def known(self, iri: str) -> Computation | None:
        """One that was looked at before."""
        return self._known.get(iri)

    async def look(self, iri: str) -> Computation | None:
        """What an IRI names here, whether or not it is offered."""
        asset = asset_of(iri)
        if asset is None or asset.kind is AssetKind.DATASET:
            return None
        with everything():
            found = await self._made(asset)
        if found is not None:
            self._known[iri] = found
        return found

    async def datasets(self, participant: Participant) -> list[Offered]:
        """What a participant may have computed, as it is offered to them."""
        found = [await self.find(participant, asset.iri) for asset in self._assets()]
        return [one for one in found if one is not None]

    async def find(self, participant: Participant, iri: str) -> Offered | None:
        """One of these."""
        asset = asset_of(iri)
        offers = () if asset is None else tuple(self._offers(asset, participant))
        one = await self.look(iri) if offers else None
        if one is None:
            return None
        title = one.about["title"]
        return Offered(id=iri, title=title, offers=offers, formats=tuple(one.paths), about=_words(one))

    # --- parts

    def _assets(self) -> Sequence[Asset]:
        """Services and models that policies speak of, one by one or all of a kind."""
        if self._governed is None or self._desk is None:
            return ()
        named = set(self._governed.gate.book.named())
        if COLLECTIONS[AssetKind.SERVICE] in named:
            named |= {asset_iri(AssetKind.SERVICE, one.id) for one, _ in self._desk.services_needing()}
        if COLLECTIONS[AssetKind.MODEL] in named:
            names = {*self._desk.model_ids(), *self._desk.learned.names()}
            named |= {asset_iri(AssetKind.MODEL, name) for name in names}
        found = (asset_of(iri) for iri in sorted(named))
        return [one for one in found if one is not None and one.kind is not AssetKind.DATASET]

    def _offers(self, asset: Asset, participant: Participant) -> Iterator[Mapping[str, Any]]:
        if self._governed is None:
            return
        groups = participant.member_of | {participant.id}
        policies = self._governed.gate.book.of(asset)
        for document in offers_of(asset, policies, open_to=()):
            policy = read_policy(document, where=asset.iri)
            rules = [rule for rule in policy.rules if concerns(rule, groups)]
            if any(rule.kind is RuleKind.PERMISSION for rule in rules):
                try:
                    yield write_offer(asset.iri, rules)
                except (
                    errors.BadRequestData
                ):  # terms that the protocol has no words for are no offer to anybody
                    continue

    async def _made(self, asset: Asset) -> Computation | None:
        if self._desk is None or self._served is None:
            return None
        process, about = await self._described(asset)
        learned = self._learned(asset)
        names = {
            **({PROCESSES: process} if process else {}),
            **(dict.fromkeys((INFERENCE, MODEL_PACKAGE), asset.id) if learned else {}),
        }
        if not names:
            return None
        words = {"process": quote(process, safe=""), "model": quote(asset.id, safe="")}
        paths = {way.name: way.start.format(**words) for way in CALLS if way.name in names}
        models = frozenset({asset.id}) if asset.kind is AssetKind.MODEL else frozenset(about["models"])
        return Computation(asset.iri, asset, process, models, paths, self._served, about or learned)

    async def _described(self, asset: Asset) -> tuple[str, Json]:
        """The process of an asset and what is said of it; nothing for what is no process."""
        assert self._desk is not None
        try:
            if asset.kind is AssetKind.SERVICE:
                service = await self._desk.service(asset.id)
                text = service["question"]
                models = [step["model"] for step in service["chain"]]
                about = {"title": service["title"], "description": text, "models": models}
                return SERVICE + asset.id, about
            model = await self._desk.model(asset.id)
        except errors.NotFound:
            return "", {"models": ()} if asset.kind is AssetKind.SERVICE else {}
        return MODEL + asset.id, {"title": model["title"], "description": model.get("description", {})}

    def _learned(self, asset: Asset) -> Json:
        """What is said of the learned model that answers by this name; nothing where none does."""
        assert self._desk is not None
        if asset.kind is not AssetKind.MODEL:
            return {}
        try:
            card = self._desk.learned.asked(asset.id, keeper=False).card
        except (errors.NotFound, errors.Conflict):
            return {}
        return {"title": card.title, "description": card.description, "licence": card.licence}


def concerns(rule: Rule, groups: frozenset[str]) -> bool:
    """Whether a rule is for somebody of these groups. A prohibition that is, goes with every offer."""
    return not rule.assignees or any(one.iri in groups for one in rule.assignees)


def _words(one: Computation) -> dict[str, Any]:
    """What the catalogue says of it, in terms of DCAT and Dublin Core."""
    found: dict[str, Any] = {
        "dct:title": _texts(one.about["title"]),
        "dct:description": _texts(one.about["description"]),
        "dct:identifier": one.asset.id,
        "dct:type": str(one.asset.kind),
    }
    if one.about.get("licence"):
        found["dct:license"] = one.about["licence"]
    return found


def _texts(texts: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"@value": text, "@language": language} for language, text in sorted(texts.items())]
