"""The routes that give a dataset of the catalogue, or its history, as a file."""

from __future__ import annotations

from typing import Any, Final

from sympolis.api.exporting import reading
from sympolis.api.exporting.files import FileMaker
from sympolis.api.exporting.formats import FORMATS
from sympolis.api.http import Request, Stream
from sympolis.api.offering import Offering
from sympolis.api.parameters import ListParameter, Parameter, TimeParameter
from sympolis.api.parts import ApiParts
from sympolis.api.routing import Answer, Operation
from sympolis.api.vocabulary import city_terms
from sympolis.context import qlanguage
from sympolis.context.query import Query, TypeIs
from sympolis.context.terms import Terms
from sympolis.domain import errors
from sympolis.governance.catalogue.model import Dataset

F: Final = Parameter(name="f", text="The kind of file.", choices=tuple(FORMATS), example="parquet")
Q: Final = Parameter(
    name="q", text="Only entities that this selects: NGSI-LD's query language.", max_length=4096
)
ATTRS: Final = ListParameter(name="attrs", text="Only these attributes.", max_items=50)
START: Final = TimeParameter(name="start", text="From this time on.")
END: Final = TimeParameter(name="end", text="Before this time.")
_LONGEST_S: Final = 900.0
_BINARY: Final = {
    one.media.partition(";")[0]: {"type": "string", "format": "binary"} for one in FORMATS.values()
}


class Downloads:
    """Handlers of downloads."""

    def __init__(self, parts: ApiParts, offering: Offering) -> None:
        self._broker = parts.broker
        self._terms = city_terms(parts)
        self._offering = offering
        self._maker = FileMaker()

    async def dataset(self, request: Request) -> Stream:
        """The dataset's entities in their present state."""
        dataset = await self._offering.dataset(request.base_url, request.arguments["dataset"])
        form = FORMATS[F.raw(request) or "parquet"]
        query = _selection(request, dataset, self._terms)
        facts = await self._facts(dataset, query)
        pages = reading.features(self._broker, query, self._terms)
        return await self._maker.make(pages, form, name=dataset.id, facts=facts)

    async def history(self, request: Request) -> Stream:
        """What was observed of the dataset's entities, as Parquet."""
        dataset = await self._offering.dataset(request.base_url, request.arguments["dataset"])
        query = _selection(request, dataset, self._terms)
        names = tuple(map(self._terms.expand, ATTRS.of(request)))
        span = (START.of(request), END.of(request))
        if span[0] is not None and span[1] is not None and span[0] >= span[1]:
            raise errors.InvalidRequest("the span ends before it starts", where="end")
        facts = {**(await self._facts(dataset, query)), "kind": "history"}
        rows = reading.history(self._broker, query, span, names, self._terms)
        return await self._maker.make(rows, FORMATS["parquet"], name=f"{dataset.id}-history", facts=facts)

    async def _facts(self, dataset: Dataset, query: Query) -> dict[str, Any]:
        names = ("title", "licence", "attribution", "version", "modified")
        return {
            "dataset": dataset.id,
            "units": await reading.units(self._broker, query, self._terms),
            "lineage": {
                **{name: getattr(dataset, name) for name in names},
                "owner": dataset.creator.name,
                "page": dataset.iri,
            },
        }


def _selection(request: Request, dataset: Dataset, terms: Terms) -> Query:
    text = Q.raw(request)
    q: Any = None if text is None else qlanguage.parse(text, terms)
    return Query(types=TypeIs(terms.expand(dataset.entity_type)), q=q)


def operations(parts: ApiParts) -> tuple[Operation, ...]:
    """The routes; none without a catalogue."""
    if parts.city is None or parts.coordinator is None:
        return ()
    downloads = Downloads(parts, Offering(parts, parts.city, parts.coordinator))
    path = "/api/datasets/{dataset}"
    texts = {"dataset": "A dataset's id."}
    return (
        Operation(
            method="GET",
            path=f"{path}/download",
            handle=downloads.dataset,
            name="downloadDataset",
            title="A dataset as a file",
            tag="Datasets",
            text="GeoParquet 1.1, an Arrow stream, or CSV; units and lineage are in the file's metadata.",
            parameters=(F, Q),
            path_texts=texts,
            timeout_s=_LONGEST_S,
            answers={200: Answer("The file.", _BINARY)},
        ),
        Operation(
            method="GET",
            path=f"{path}/history.parquet",
            handle=downloads.history,
            name="downloadHistory",
            title="A dataset's history as a file",
            tag="Datasets",
            text="Parquet with one row per observation: entity, attribute, dataset, time, value or text, unit.",
            parameters=(ATTRS, START, END, Q),
            path_texts=texts,
            timeout_s=_LONGEST_S,
            answers={200: Answer("The file.", {FORMATS["parquet"].media: _BINARY[FORMATS["parquet"].media]})},
        ),
    )
