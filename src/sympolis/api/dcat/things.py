"""The catalogue for programs that search: everything that runs here, with facets, and on which terms it may be had."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any, Final

from sympolis.api.http import Reply, Request, json_reply
from sympolis.api.offering import Offering
from sympolis.api.parameters import LIMIT, OFFSET, Parameter
from sympolis.governance.catalogue.model import Model
from sympolis.governance.catalogue.search import THING_FACETS, Thing, search_all, thing_facet_of

WORDS: Final = Parameter(name="q", text="Words to be found, in any language.", max_length=200)
CHOSEN: Final = tuple(
    Parameter(name=name, text=f"Only things with this {name}.", max_length=200) for name in THING_FACETS
)
THING_PARAMETERS: Final = (WORDS, *CHOSEN)


class Things:
    """Handler of ``/api/catalogue``."""

    def __init__(self, offering: Offering) -> None:
        self._offering = offering

    async def list(self, request: Request) -> Reply:
        """The things that fit, best first, with the facets of all of them."""
        catalogue = await self._offering.catalogue(request.base_url)
        chosen = {one.name: value for one in CHOSEN if (value := one.raw(request)) is not None}
        found = search_all(catalogue, WORDS.raw(request) or "", chosen=chosen)
        first = OFFSET.of(request)
        shown = found.things[first : first + LIMIT.of(request)]
        return json_reply(
            {"total": len(found.things), "facets": found.facets, "things": [_told(one) for one in shown]}
        )


def _told(thing: Thing) -> dict[str, Any]:
    return {
        "id": thing.id,
        **{name: thing_facet_of(thing, name) or None for name in THING_FACETS},
        "title": thing.title,
        "description": thing.description,
        "page": thing.iri,
        "offers": [{"iri": one.iri, "words": one.words, "policy": one.document} for one in thing.offers],
        **(_of_model(thing) if isinstance(thing, Model) else {}),
    }


def _of_model(model: Model) -> dict[str, Any]:
    return {
        "version": model.version,
        "runs_here": model.runs_here,
        "needs": [asdict(one) for one in model.needs],
        "gives": model.gives,
        "calibrated": model.calibrated,
        "figures": [asdict(one) for one in model.figures],
    }
