"""What this twin offers, as a catalogue: put together when somebody asks, from what is running at that moment."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final, TypeVar

from sympolis.acquisition.identity import urn
from sympolis.acquisition.mapping import attribute_names
from sympolis.api.parts import ApiParts
from sympolis.api.reading import is_listed
from sympolis.api.vocabulary import city_terms
from sympolis.context.codec import LOCATION
from sympolis.context.gated import everything
from sympolis.context.query import Query, TypeIs
from sympolis.domain import errors
from sympolis.governance.catalogue.building import Twin, build_catalogue
from sympolis.governance.catalogue.licences import licence_of
from sympolis.governance.catalogue.model import Agent
from sympolis.governance.catalogue.packages import Packaged
from sympolis.governance.catalogue.terms import Terms
from sympolis.governance.interfaces import INTERFACES
from sympolis.governance.policy.assets import Asset, AssetKind
from sympolis.governance.policy.offers import offers_of
from sympolis.governance.roles.table import ANYONE

if TYPE_CHECKING:
    from sympolis.acquisition.coordinator import Coordinator
    from sympolis.api.parts import Governed
    from sympolis.city.schema import City
    from sympolis.governance.catalogue.model import Catalogue, DataService, Dataset, Model

Json = Mapping[str, Any]
T = TypeVar("T")

_RUN: Final = "scenarios.run"
_LOOK_BACK: Final = 20
_SAID: Final = ("owner", "licence", "standards")
"""What a plugin's manifest says that the catalogue repeats."""


class Offering:
    """Builds the catalogue of a city's twin, for the address under which a reader knows it."""

    def __init__(self, parts: ApiParts, city: City, coordinator: Coordinator) -> None:
        self._parts = parts
        self._city = city
        self._coordinator = coordinator
        self._terms = city_terms(parts)

    async def catalogue(self, base_url: str) -> Catalogue:
        """All of it that whoever asks may know of."""
        known = [told for one in self._coordinator.sources() if is_listed((told := one.to_json())["id"])]
        givers = Counter(one.planned.mapping.entity_type for one in self._coordinator.sources())
        sources = [
            {
                **one,
                "evaluations": self._evaluations(one["id"]),
                **self._openness(one["id"]),
                **(self._own(one["id"]) if givers[one["entity_type"]] > 1 else {}),
            }
            for one in known
        ]
        facts = self._city.facts
        twin = Twin(
            base_url=base_url,
            title=facts.title,
            description=facts.description,
            operator=facts.operator,
            contact=facts.contact,
            languages=facts.languages,
            bbox=facts.bbox,
            collections=frozenset(
                [kind for kind in {one["entity_type"] for one in sources} if await self._located(kind)]
            ),
            types={kind: self._terms.expand(kind) for kind in {one["entity_type"] for one in sources}},
            context=f"{base_url}/contexts/{self._city.id}.jsonld",
        )
        models = await self._models()
        services = await self._parts.desk.services() if self._parts.desk is not None else []
        terms = self._terms_of(sources, models, services)
        found = build_catalogue(twin, sources, models, services, terms=terms)
        return replace(found, assets=tuple(self.assets(base_url)))

    def assets(self, base_url: str) -> Iterator[Packaged]:
        """The packages that this twin publishes, in their newest version."""
        if self._parts.assets is None:
            return
        facts = self._city.facts
        publisher = Agent(name=facts.operator, page=facts.contact)
        for one in self._parts.assets.desk.newest():
            said = one.manifest
            place = f"{base_url}/api/assets/published/{said.id}"
            yield Packaged(
                iri=f"{base_url}/catalogue/assets/{said.id}",
                id=said.id,
                kind=str(said.kind),
                version=said.version,
                title=said.title,
                description=said.description,
                publisher=publisher,
                licence=said.licence,
                issued=one.at,
                page=place,
                download_url=f"{place}/versions/{said.version}/package",
                bytes=one.bytes,
                sha256=one.file.removesuffix(".zip"),
                keywords=said.keywords[:20],
            )

    def asset(self, base_url: str, asset: str) -> Packaged:
        """One of them. Raises ``NotFound``."""
        for one in self.assets(base_url):
            if one.id == asset:
                return one
        raise errors.NotFound("there is no such asset on offer", where="asset", hint="see /api/assets")

    async def _models(self) -> list[dict[str, Any]]:
        """The models of the city, with what their plugins say of themselves."""
        if self._parts.desk is None:
            return []
        from sympolis.plugins.loader import simulators  # only where there is something to simulate

        known = simulators()
        found = []
        for one in await self._parts.desk.models():
            manifest = known.manifest(one["simulator"]) if one["simulator"] in known else None
            said = {} if manifest is None else {name: getattr(manifest, name) for name in _SAID}
            found.append({**one, **said})
        return found

    def _terms_of(self, sources: Sequence[Json], models: Sequence[Json], services: Sequence[Json]) -> Terms:
        """On which terms all this may be had: by policies, release, licences and rights."""
        governed = self._parts.governed
        if governed is None:
            return Terms()
        documents, restricted = {}, set()
        for asset, open_to, licence in self._offered(governed, sources, models, services):
            policies = governed.gate.book.of(asset)
            attribution = bool(licence) and licence_of(licence).attribution
            documents[asset.iri] = offers_of(asset, policies, open_to=open_to, attribution=attribution)
            if policies:
                restricted.add(asset.iri)
        return Terms(documents, frozenset(restricted))

    def _offered(
        self,
        governed: Governed,
        sources: Sequence[Json],
        models: Sequence[Json],
        services: Sequence[Json],
    ) -> Iterator[tuple[Asset, Sequence[str] | None, str]]:
        """What may be offered, to which roles (None: everybody), under which licence."""
        for one in sources:
            if governed.lifecycle.is_released(one["id"]):
                yield Asset(one["id"]), None, one["licence"]
        for interface in INTERFACES:
            yield Asset(interface.id, kind=AssetKind.SERVICE), self._with_right(governed, interface.right), ""
        for one in services:
            roles = self._with_right(governed, _RUN)
            yield Asset(one["id"], kind=AssetKind.SERVICE), roles, ""
        for one in models:
            roles = self._with_right(governed, _RUN)
            yield Asset(one["id"], kind=AssetKind.MODEL), roles, one.get("licence", "")

    def _with_right(self, governed: Governed, right: str) -> Sequence[str] | None:
        """The roles that have a right; None where it is everybody's."""
        roles = governed.gate.roles
        if governed.mode != "required" or right in roles.granted(()):
            return None
        return sorted(name for name in roles.roles if name != ANYONE and right in roles.granted((name,)))

    def _openness(self, dataset: str) -> dict[str, Any]:
        """How far it is open: its stage, and whether policies speak of it; nothing where nobody says."""
        governed = self._parts.governed
        if governed is None:
            return {}
        asset = governed.gate.asset(dataset)
        policies = () if asset is None else governed.gate.book.of(asset)
        return {"stage": governed.lifecycle.stage(dataset), "restricted": bool(policies)}

    def _own(self, dataset: str) -> dict[str, Any]:
        """The query that selects what the dataset's source gave, where others give entities of its type, too."""
        names = attribute_names(self._coordinator.planned(dataset).mapping)
        source = urn("Source", self._city.id, dataset)
        given = "|".join(f'{name}.providedBy=="{source}"' for name in names)
        return {"own": {"q": given, "attrs": ",".join(names)}}

    def _evaluations(self, dataset: str) -> list[dict[str, Any]]:
        """Newest first, far enough back to find one of data that were taken."""
        return [one.to_json() for one in self._coordinator.evaluations(dataset, limit=_LOOK_BACK)]

    async def dataset(self, base_url: str, dataset_id: str) -> Dataset:
        """One dataset. Raises ``NotFound``."""
        found = (one for one in (await self.catalogue(base_url)).datasets if one.id == dataset_id)
        return _there(next(found, None), "dataset", dataset_id)

    async def service(self, base_url: str, service_id: str) -> DataService:
        """One interface. Raises ``NotFound``."""
        found = (one for one in (await self.catalogue(base_url)).services if one.id == service_id)
        return _there(next(found, None), "service", service_id)

    async def model(self, base_url: str, model_id: str) -> Model:
        """One model. Raises ``NotFound``."""
        found = (one for one in (await self.catalogue(base_url)).models if one.id == model_id)
        return _there(next(found, None), "model", model_id)

    async def _located(self, kind: str) -> bool:
        """Whether some entity of this type has a location."""
        wanted = Query(types=TypeIs(self._terms.expand(kind)), attributes=(LOCATION,), limit=1)
        with everything():
            return bool((await self._parts.broker.query(wanted)).entities)


def _there(found: T | None, kind: str, name: str) -> T:
    if found is None:
        raise errors.NotFound(f"there is no {kind} {name}", where=kind, hint="see /catalogue")
    return found
