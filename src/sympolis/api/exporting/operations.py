"""The routes that give a dataset of the catalogue, or its history, as a file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from sympolis.api.exporting import reading
from sympolis.api.exporting.belonging import Own
from sympolis.api.exporting.dataset_rows import DatasetRows
from sympolis.api.exporting.files import FileMaker
from sympolis.api.exporting.formats import DATASET_FORMATS, FORMATS
from sympolis.api.http import GEO_JSON, Reply, Request, Stream, json_reply
from sympolis.api.offering import Offering
from sympolis.api.parameters import IntegerParameter, ListParameter, Parameter, TimeParameter
from sympolis.api.parts import ApiParts
from sympolis.api.routing import Answer, Operation
from sympolis.api.schemas import OBJECT, TEXT, several, structure
from sympolis.api.vocabulary import city_terms
from sympolis.context import qlanguage
from sympolis.domain import errors
from sympolis.governance.catalogue.model import Dataset

if TYPE_CHECKING:
    from sympolis.acquisition.coordinator import Coordinator
    from sympolis.city.schema import City

F: Final = Parameter(name="f", text="The kind of file.", choices=tuple(DATASET_FORMATS), example="parquet")
Q: Final = Parameter(
    name="q", text="Only entities that this selects: NGSI-LD's query language.", max_length=4096
)
ATTRS: Final = ListParameter(name="attrs", text="Only these attributes.", max_items=50)
START: Final = TimeParameter(name="start", text="From this time on.")
END: Final = TimeParameter(name="end", text="Before this time.")
FIRST: Final = IntegerParameter(name="limit", text="How many rows at most.", low=1, high=100, default=10)
_LONGEST_S: Final = 900.0
_BINARY: Final = {
    one.media.partition(";")[0]: {"type": "string", "format": "binary"} for one in DATASET_FORMATS.values()
}


_PREVIEW: Final = structure(
    {
        "type": {"const": "FeatureCollection"},
        "dataset": TEXT,
        "units": OBJECT,
        "lineage": OBJECT,
        "features": several(OBJECT),
    },
    required=("type", "dataset", "features"),
)


class Downloads:
    """Handlers of downloads. A dataset's rows are those that its source gave (see ``belonging``)."""

    def __init__(self, parts: ApiParts, city: City, coordinator: Coordinator) -> None:
        self._broker = parts.broker
        self._terms = city_terms(parts)
        self._rows = DatasetRows(parts, city, coordinator)
        self._offering = Offering(parts, city, coordinator)
        self._maker = FileMaker()

    async def dataset(self, request: Request) -> Stream:
        """The dataset's rows in their present state."""
        dataset, own = await self._asked(request)
        form = DATASET_FORMATS[F.raw(request) or "parquet"]
        condition = self._condition(request)
        facts = await self._facts(dataset, own)
        pages = reading.rows(self._broker, own, condition, self._terms)
        return await self._maker.make(pages, form, name=dataset.id, facts=facts)

    async def preview(self, request: Request) -> Reply:
        """The first of the dataset's rows, with units and lineage, as a FeatureCollection."""
        dataset, own = await self._asked(request)
        facts = await self._facts(dataset, own)
        features, _ = await self._rows.first(dataset.id, FIRST.of(request), self._condition(request))
        return json_reply({"type": "FeatureCollection", **facts, "features": features})

    async def history(self, request: Request) -> Stream:
        """What the dataset's source observed, as Parquet."""
        dataset, own = await self._asked(request)
        condition, span = self._condition(request), (START.of(request), END.of(request))
        names = own.chosen(ATTRS.of(request), self._terms)
        if span[0] is not None and span[1] is not None and span[0] >= span[1]:
            raise errors.InvalidRequest("the span ends before it starts", where="end")
        facts = {**(await self._facts(dataset, own)), "kind": "history"}
        rows = reading.history(self._broker, own, condition, span, names, self._terms)
        return await self._maker.make(rows, FORMATS["parquet"], name=f"{dataset.id}-history", facts=facts)

    async def _asked(self, request: Request) -> tuple[Dataset, Own]:
        """The dataset that is asked for. Raises ``NotFound``."""
        dataset = await self._offering.dataset(request.base_url, request.arguments["dataset"])
        return dataset, self._rows.own(dataset.id)

    def _condition(self, request: Request) -> Any:
        text = Q.raw(request)
        return None if text is None else qlanguage.parse(text, self._terms)

    async def _facts(self, dataset: Dataset, own: Own) -> dict[str, Any]:
        names = ("title", "licence", "attribution", "version", "modified")
        return {
            "dataset": dataset.id,
            "units": await reading.units_of(self._broker, own, self._terms),
            "lineage": {
                **{name: getattr(dataset, name) for name in names},
                "owner": dataset.creator.name,
                "page": dataset.iri,
            },
        }


def operations(parts: ApiParts) -> tuple[Operation, ...]:
    """The routes; none without a catalogue."""
    if parts.city is None or parts.coordinator is None:
        return ()
    downloads = Downloads(parts, parts.city, parts.coordinator)
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
            text="GeoParquet 1.1, an Arrow stream, GeoJSON or CSV, of the values that the dataset's own source gave; "
            "units and lineage are in the file's metadata.",
            parameters=(F, Q),
            path_texts=texts,
            timeout_s=_LONGEST_S,
            answers={200: Answer("The file.", _BINARY)},
        ),
        Operation(
            method="GET",
            path=f"{path}/preview",
            handle=downloads.preview,
            name="previewDataset",
            title="The first rows of a dataset",
            tag="Datasets",
            text="GeoJSON features with the values that the dataset's own source gave; geometry is null where it "
            "gives none.",
            parameters=(FIRST, Q),
            path_texts=texts,
            answers={200: Answer("The rows.", {GEO_JSON: _PREVIEW})},
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
