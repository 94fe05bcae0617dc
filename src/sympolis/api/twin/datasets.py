"""The catalogue for programs: datasets with facets, and one in full with ways to use it."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from sympolis.api.http import Reply, Request, json_reply
from sympolis.api.offering import Offering
from sympolis.api.parameters import LIMIT, OFFSET, Parameter
from sympolis.governance.catalogue.licences import licence_of
from sympolis.governance.catalogue.model import Dataset
from sympolis.governance.catalogue.search import FACETS, search
from sympolis.governance.catalogue.snippets import snippets_of

WORDS = Parameter(name="q", text="Words that a dataset must have, in any language.", max_length=200)
CHOSEN = tuple(
    Parameter(name=name, text=f"Only datasets with this {name}.", max_length=200) for name in FACETS
)
LIST_PARAMETERS = (WORDS, *CHOSEN, LIMIT, OFFSET)


class Datasets:
    """Handlers of ``/api/datasets``."""

    def __init__(self, offering: Offering) -> None:
        self._offering = offering

    async def list(self, request: Request) -> Reply:
        """The datasets that fit, best first, with the facets of all of them."""
        catalogue = await self._offering.catalogue(request.base_url)
        chosen = {one.name: value for one in CHOSEN if (value := one.raw(request)) is not None}
        found = search(catalogue.datasets, WORDS.raw(request) or "", chosen=chosen)
        first = OFFSET.of(request)
        page = found.datasets[first : first + LIMIT.of(request)]
        return json_reply(
            {"total": len(found.datasets), "facets": found.facets, "datasets": [_brief(one) for one in page]}
        )

    async def get(self, request: Request) -> Reply:
        """One dataset in full."""
        dataset = await self._offering.dataset(request.base_url, request.arguments["dataset"])
        return json_reply(_full(dataset))


def _brief(dataset: Dataset) -> dict[str, Any]:
    quality = dataset.quality
    return {
        "id": dataset.id,
        "title": dataset.title,
        "description": dataset.description,
        "owner": dataset.creator.name,
        "licence": dataset.licence,
        "status": dataset.status,
        "stage": dataset.stage,
        "entity_type": dataset.entity_type,
        "modified": dataset.modified,
        "newest_observation": dataset.newest_observation,
        "accepted_share": None if quality is None else quality.accepted,
        "page": dataset.iri,
    }


def _full(dataset: Dataset) -> dict[str, Any]:
    return {
        **_brief(dataset),
        "publisher": dataset.publisher.name,
        "attribution": dataset.attribution,
        "licence_url": licence_of(dataset.licence).iri,
        "landing_page": dataset.landing_page,
        "frequency": dataset.frequency,
        "version": dataset.version,
        "source": dataset.id,
        "distributions": [asdict(one) for one in dataset.distributions],
        "snippets": [asdict(one) for one in snippets_of(dataset)],
    }
