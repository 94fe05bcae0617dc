"""The routes of ``/catalogue`` and the documents they give (DCAT-AP 3.0.1)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sympolis.api.dcat import page, things_page
from sympolis.api.dcat.preview_table import preview_table
from sympolis.api.dcat.things import THING_PARAMETERS, Things
from sympolis.api.exporting.dataset_rows import DatasetRows
from sympolis.api.http import Reply, Request, weak_tag
from sympolis.api.negotiation import preferred
from sympolis.api.offering import Offering
from sympolis.api.parameters import LIMIT, OFFSET, Parameter
from sympolis.api.parts import ApiParts
from sympolis.api.routing import Answer, Operation
from sympolis.api.schemas import OBJECT, TEXT
from sympolis.domain import errors
from sympolis.governance.catalogue.search import search, search_all

if TYPE_CHECKING:
    from rdflib import Graph

TURTLE, LD_JSON, RDF_XML, HTML = "text/turtle", "application/ld+json", "application/rdf+xml", "text/html"
_OFFERS = (TURTLE, LD_JSON, RDF_XML, HTML)
_SHORT = {"ttl": TURTLE, "jsonld": LD_JSON, "rdf": RDF_XML, "html": HTML}
_TAG = "Catalogue"
_SHOWN = 5
"""Rows of a dataset on its page."""

WORDS = Parameter(name="q", text="Words to be found, in any language (page only).", max_length=200)
LANGUAGE = Parameter(name="lang", text="Language of the page.", choices=page.LANGUAGES)
FORMAT = Parameter(
    name="f", text="The representation, instead of the Accept header.", choices=tuple(_SHORT), example="ttl"
)


class CataloguePages:
    """Handlers of ``/catalogue``."""

    def __init__(self, offering: Offering, rows: DatasetRows) -> None:
        self._offering = offering
        self._rows = rows

    async def _preview(self, dataset: str, language: str) -> str:
        """The first rows; nothing for whoever may know of the dataset and not read it."""
        try:
            features, units = await self._rows.first(dataset, _SHOWN)
        except (errors.Forbidden, errors.Unauthenticated):
            return ""
        return preview_table(features, units, language)

    async def catalogue(self, request: Request) -> Reply:
        """The whole catalogue (DCAT-AP 3.0.1, section 4)."""
        media = _wanted(request)
        catalogue = await self._offering.catalogue(request.base_url)
        if media == HTML:
            words = WORDS.raw(request) or ""
            language = _language(request)
            others = things_page.things_list(search_all(catalogue, words).things, language)
            found = search(catalogue.datasets, words)
            return _page(page.catalogue_page(catalogue, found, words, language, things=others))
        from sympolis.governance.catalogue.graph import catalogue_graph

        return _graph(catalogue_graph(catalogue), media)

    async def dataset(self, request: Request) -> Reply:
        """One dataset with its distributions."""
        media = _wanted(request)
        dataset = await self._offering.dataset(request.base_url, request.arguments["dataset"])
        if media == HTML:
            language = _language(request)
            return _page(page.dataset_page(dataset, language, await self._preview(dataset.id, language)))
        from sympolis.governance.catalogue.graph import dataset_graph

        return _graph(dataset_graph(dataset), media)

    async def service(self, request: Request) -> Reply:
        """One interface."""
        media = _wanted(request)
        service = await self._offering.service(request.base_url, request.arguments["service"])
        if media == HTML:
            return _page(things_page.service_page(service, _language(request)))
        from sympolis.governance.catalogue.graph import service_graph

        return _graph(service_graph(service), media)

    async def model(self, request: Request) -> Reply:
        """One model."""
        media = _wanted(request)
        model = await self._offering.model(request.base_url, request.arguments["model"])
        if media == HTML:
            return _page(things_page.model_page(model, _language(request)))
        from sympolis.governance.catalogue.graph import model_graph

        return _graph(model_graph(model), media)

    async def asset(self, request: Request) -> Reply:
        """One asset on offer; for people there is the page *Assets*."""
        short = FORMAT.raw(request)
        offers = (TURTLE, LD_JSON, RDF_XML)
        media = preferred(request.header(b"accept"), offers) if short in (None, "html") else _SHORT[short]
        asset = self._offering.asset(request.base_url, request.arguments["asset"])
        from sympolis.governance.catalogue.packages import package_graph

        return _graph(package_graph(asset), media)

    async def style(self, request: Request) -> Reply:  # noqa: ARG002
        """The pages' style sheet."""
        body = page.STYLE.encode()
        return Reply(body=body, media="text/css; charset=utf-8", etag=weak_tag(body))


def operations(parts: ApiParts) -> tuple[Operation, ...]:
    """The routes of the catalogue; none without a city."""
    if parts.city is None or parts.coordinator is None:
        return ()
    offering = Offering(parts, parts.city, parts.coordinator)
    pages = CataloguePages(offering, DatasetRows(parts, parts.city, parts.coordinator))
    content = {TURTLE: TEXT, LD_JSON: OBJECT, RDF_XML: TEXT, HTML: TEXT}
    answers = {200: Answer("The description.", content)}
    return (
        Operation(
            method="GET",
            path="/catalogue",
            handle=pages.catalogue,
            name="getCatalogue",
            title="Everything this twin offers, as DCAT-AP",
            tag=_TAG,
            parameters=(WORDS, LANGUAGE, FORMAT),
            answers=answers,
        ),
        Operation(
            method="GET",
            path="/catalogue/datasets/{dataset}",
            handle=pages.dataset,
            name="getCatalogueDataset",
            title="One dataset, as DCAT-AP",
            tag=_TAG,
            parameters=(LANGUAGE, FORMAT),
            answers=answers,
            path_texts={"dataset": "The dataset's id; it is that of its source."},
        ),
        Operation(
            method="GET",
            path="/catalogue/services/{service}",
            handle=pages.service,
            name="getCatalogueService",
            title="One interface with its offers, as DCAT-AP",
            tag=_TAG,
            parameters=(LANGUAGE, FORMAT),
            answers=answers,
            path_texts={"service": "The interface's id, e.g. ogc."},
        ),
        Operation(
            method="GET",
            path="/catalogue/models/{model}",
            handle=pages.model,
            name="getCatalogueModel",
            title="One model with what it needs, gives and allows, as DCAT-AP",
            tag=_TAG,
            parameters=(LANGUAGE, FORMAT),
            answers=answers,
            path_texts={"model": "The model's id; see /api/models."},
        ),
        Operation(
            method="GET",
            path="/catalogue/assets/{asset}",
            handle=pages.asset,
            name="getCatalogueAsset",
            title="One asset on offer, as DCAT-AP",
            tag=_TAG,
            parameters=(FORMAT,),
            answers={200: Answer("The description.", {TURTLE: TEXT, LD_JSON: OBJECT, RDF_XML: TEXT})},
            path_texts={"asset": "An asset's id; see /api/assets."},
        ),
        Operation(
            method="GET",
            path="/api/catalogue",
            handle=Things(offering).list,
            name="searchCatalogue",
            title="Find datasets, interfaces and models",
            tag=_TAG,
            text="`facets` counts the values of each facet among all that fit.",
            parameters=(*THING_PARAMETERS, LIMIT, OFFSET),
            answers={200: Answer("What fits, best first.", {"application/json": OBJECT})},
        ),
        Operation(
            method="GET",
            path="/catalogue/style.css",
            handle=pages.style,
            name="getCatalogueStyle",
            title="Style of the pages",
            tag=_TAG,
            answers={200: Answer("The style sheet.", {"text/css": TEXT}), 304: Answer("Unchanged.")},
        ),
    )


def _wanted(request: Request) -> str:
    short = FORMAT.raw(request)
    return preferred(request.header(b"accept"), _OFFERS) if short is None else _SHORT[short]


def _language(request: Request) -> str:
    """The page's language: the one asked for, else the first that the browser likes and we have."""
    asked = LANGUAGE.raw(request)
    if asked is not None:
        return asked
    liked = (
        part.partition(";")[0].strip()[:2] for part in (request.header(b"accept-language") or "").split(",")
    )
    return next((language for language in liked if language in page.LANGUAGES), "en")


def _page(text: str) -> Reply:
    return Reply(body=text.encode(), media="text/html; charset=utf-8", headers=_VARIES)


def _graph(graph: Graph, media: str) -> Reply:
    from sympolis.governance.catalogue.graph import serialise

    body = serialise(graph, media)
    return Reply(body=body, media=f"{media}; charset=utf-8" if media == TURTLE else media, headers=_VARIES)


_VARIES = ((b"vary", b"accept, accept-language"),)
