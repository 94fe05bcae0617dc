"""Datasets in the words of other models: one dataset serves several vocabularies, and says what is lost."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sympolis.api.http import JSON, LD_JSON, Reply, Request, encode, json_reply
from sympolis.api.negotiation import preferred
from sympolis.api.parameters import LIMIT, OFFSET
from sympolis.api.reading import check_listed, is_listed
from sympolis.api.routing import Answer, Operation
from sympolis.api.schemas import OBJECT, several
from sympolis.context.query import Query, TypeIs
from sympolis.domain import errors
from sympolis.domain.reading import did_you_mean

if TYPE_CHECKING:
    from sympolis.acquisition.coordinator import Coordinator
    from sympolis.api.parts import ApiParts
    from sympolis.city.schema import City
    from sympolis.context.terms import Terms
    from sympolis.governance.mediator.model import Mediation

_OFFERS = (JSON, LD_JSON)


class MediationPages:
    """Handlers of ``/api/mediations`` and ``/api/datasets/{dataset}/as/{mediation}``."""

    def __init__(self, parts: ApiParts, city: City, coordinator: Coordinator, terms: Terms) -> None:
        from sympolis.city import describing

        self._parts, self._coordinator, self._terms = parts, coordinator, terms
        self._mediations = describing.mediations(city)
        self._make = describing.mediator

    async def list(self, request: Request) -> Reply:  # noqa: ARG002
        """Every mediation, with the datasets that it is for."""
        kinds = {
            one.planned.source.id: one.planned.mapping.entity_type
            for one in self._coordinator.sources()
            if is_listed(one.planned.source.id)
        }
        found = [
            {
                "id": one.id,
                "version": one.version,
                "title": one.title,
                "from": one.sources,
                "form": one.form,
                "datasets": [
                    f"/api/datasets/{name}/as/{one.id}" for name, kind in kinds.items() if one.fits(kind)
                ],
            }
            for one in self._mediations.values()
        ]
        return json_reply(found)

    async def get(self, request: Request) -> Reply:
        """One mediation with its rules."""
        import msgspec

        mediation = self._find(request.arguments["mediation"])
        return json_reply(msgspec.to_builtins(mediation))

    async def dataset(self, request: Request) -> Reply:
        """A page of a dataset's entities in other words."""
        from sympolis.governance.mediator.translating import Loss

        mediation = self._find(request.arguments["mediation"])
        check_listed(request.arguments["dataset"])
        kind = self._coordinator.planned(request.arguments["dataset"]).mapping.entity_type
        if not mediation.fits(kind):
            message = f"{mediation.id} is for {', '.join(mediation.sources)}, not for {kind}"
            raise errors.InvalidRequest(message, where="mediation", hint="see /api/mediations")
        wanted = Query(
            types=TypeIs(self._terms.expand(kind)),
            limit=LIMIT.of(request),
            offset=OFFSET.of(request),
            count=True,
        )
        page = await self._parts.broker.query(wanted)
        mediator, loss = self._make(mediation, self._terms.expand, self._terms.compact), Loss()
        found = [one for entity in page.entities for one in mediator.translate(entity, loss)]
        if preferred(request.header(b"accept"), _OFFERS) == LD_JSON:
            context = {"id": "@id", "type": "@type", **mediation.context}
            return Reply(body=encode({"@context": context, "@graph": found}), media=LD_JSON)
        about = {"mediation": mediation.id, "version": mediation.version, "total": page.total}
        return json_reply({**about, "entities": len(page.entities), "lost": loss.to_json(), "results": found})

    def _find(self, name: str) -> Mediation:
        if name not in self._mediations:
            hint = did_you_mean(name, self._mediations)
            raise errors.NotFound(f"there is no mediation {name!r}", where="mediation", hint=hint)
        return self._mediations[name]


def operations(parts: ApiParts, terms: Terms) -> tuple[Operation, ...]:
    """The routes of the mediator, where there is a city."""
    if parts.city is None or parts.coordinator is None:
        return ()
    pages, tag = MediationPages(parts, parts.city, parts.coordinator, terms), "Data models"

    def route(path: str, handle: Any, name: str, title: str, answer: Answer, **more: Any) -> Operation:
        return Operation(
            method="GET",
            path=path,
            handle=handle,
            name=name,
            title=title,
            tag=tag,
            answers={200: answer},
            **more,
        )

    texts = {"dataset": "A dataset's id.", "mediation": "A mediation's id, e.g. sosa."}
    return (
        route(
            "/api/mediations", pages.list, "listMediations", "In which other words data can be had",
            Answer("Mediations and their datasets.", {JSON: several(OBJECT)}),
        ),
        route(
            "/api/mediations/{mediation}", pages.get, "getMediation", "A mediation with its rules",
            Answer("Its declaration.", {JSON: OBJECT}), path_texts=texts,
        ),
        route(
            "/api/datasets/{dataset}/as/{mediation}", pages.dataset, "getDatasetAs",
            "A dataset in the words of another model",
            Answer("The objects, with what was lost; as JSON-LD without.", {JSON: OBJECT, LD_JSON: OBJECT}),
            parameters=(LIMIT, OFFSET), path_texts=texts,
        ),
    )  # fmt: skip
