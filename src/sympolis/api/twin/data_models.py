"""Data models under stable addresses: JSON Schema, SHACL shapes, JSON-LD @context, and a page for people."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any

from sympolis.api.http import JSON, LD_JSON, Reply, Request, json_reply, tagged_reply, weak_tag
from sympolis.api.negotiation import preferred
from sympolis.api.parameters import Parameter
from sympolis.api.routing import Answer, Operation
from sympolis.api.schemas import OBJECT, TEXT, several

if TYPE_CHECKING:
    from sympolis.acquisition.coordinator import Coordinator
    from sympolis.governance.datamodels.model import DataModel
    from sympolis.governance.datamodels.registry import Registry

HTML, TURTLE, SCHEMA = "text/html", "text/turtle", "application/schema+json"
PATH = "/api/data-models"
_OFFERS = (JSON, HTML, SCHEMA, LD_JSON, TURTLE)
_SHORT = {"json": JSON, "html": HTML, "schema": SCHEMA, "jsonld": LD_JSON, "ttl": TURTLE}
FORMAT = Parameter(
    name="f", text="The form, instead of the Accept header.", choices=tuple(_SHORT), example="html"
)
_VARIES = ((b"vary", b"accept"),)


class DataModelPages:
    """Handlers of ``/api/data-models``."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry

    async def list(self, request: Request) -> Reply:
        """Every version of every model."""
        return json_reply([_brief(model, request.base_url) for model in self._registry.all()])

    async def get(self, request: Request) -> Reply:
        """One model in the form that is wanted; the newest version where none is named."""
        model = self._registry.get(request.arguments["name"], request.arguments.get("version", ""))
        short = FORMAT.raw(request)
        media = preferred(request.header(b"accept"), _OFFERS) if short is None else _SHORT[short]
        return _FORMS[media](model, request)

    async def schema(self, request: Request) -> Reply:
        """The JSON Schema."""
        return _schema(self._model(request), request)

    async def shapes(self, request: Request) -> Reply:
        """The SHACL shapes."""
        return _shapes(self._model(request), request)

    async def context(self, request: Request) -> Reply:
        """The JSON-LD @context."""
        return _context(self._model(request), request)

    def _model(self, request: Request) -> DataModel:
        return self._registry.get(request.arguments["name"], request.arguments["version"])


class Conformances:
    """Handler of ``/api/datasets/{dataset}/conformance``."""

    def __init__(self, coordinator: Coordinator) -> None:
        self._coordinator = coordinator

    async def get(self, request: Request) -> Reply:
        """The dataset's data model and what of its rows did not conform when they were last read."""
        door: Any = self._coordinator.planned(request.arguments["dataset"]).door
        none: dict[str, Any] = {"model": None, "version": None, "action": None, "judged": 0, "findings": []}
        return json_reply(none if door is None else door.to_json())


def _address(model: DataModel, base_url: str) -> str:
    return f"{base_url}{PATH}/{model.name}/{model.version}"


def _brief(model: DataModel, base_url: str) -> dict[str, Any]:
    address = _address(model, base_url)
    return {
        "name": model.name,
        "version": model.version,
        "title": model.title,
        "type": model.iri,
        "attributes": len(model.attributes),
        "page": address,
        "schema": f"{address}/schema.json",
        "shapes": f"{address}/shapes.ttl",
        "context": f"{address}/context.jsonld",
    }


def _full(model: DataModel, request: Request) -> Reply:
    from sympolis.governance.datamodels.model import expected

    attributes = [
        {
            "name": name,
            "iri": model.attribute_iri(name),
            "type": one.type,
            "unit": one.unit,
            "minimum": one.minimum,
            "maximum": one.maximum,
            "values": one.values,
            "required": one.required,
            "expected": expected(one),
            "description": one.description,
        }
        for name, one in model.attributes.items()
    ]
    return tagged_reply({**_brief(model, request.base_url), "closed": model.closed, "attributes": attributes})


def _schema(model: DataModel, request: Request) -> Reply:
    from sympolis.governance.datamodels.forms import json_schema

    return tagged_reply(json_schema(model, f"{_address(model, request.base_url)}/schema.json"), media=SCHEMA)


def _context(model: DataModel, _: Request) -> Reply:
    from sympolis.governance.datamodels.forms import context

    return tagged_reply(context(model), media=LD_JSON)


def _shapes(model: DataModel, request: Request) -> Reply:
    from sympolis.governance.datamodels.forms import shapes

    body = shapes(model, f"{_address(model, request.base_url)}/shapes.ttl").encode()
    return Reply(body=body, media=TURTLE, etag=weak_tag(body))


def _page(model: DataModel, request: Request) -> Reply:
    from sympolis.governance.datamodels.model import expected

    title = escape(f"{model.name} {model.version}")
    rows = "".join(
        f"<tr><td><code>{escape(name)}</code></td><td>{escape(expected(one))}</td>"
        f"<td>{'yes' if one.required else ''}</td><td>{escape(one.description.get('en', ''))}</td>"
        f"<td><code>{escape(model.attribute_iri(name))}</code></td></tr>"
        for name, one in model.attributes.items()
    )
    links = "".join(
        f'<li><a href="{escape(_address(model, request.base_url))}/{file}">{text}</a></li>'
        for file, text in (
            ("schema.json", "JSON Schema"),
            ("shapes.ttl", "SHACL shapes"),
            ("context.jsonld", "JSON-LD @context"),
        )
    )
    head = "<tr><th>attribute</th><th>expected</th><th>required</th><th>meaning</th><th>stands for</th></tr>"
    body = (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{title}</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<link rel="stylesheet" href="/catalogue/style.css"></head><body><main>'
        f"<h1>{title}</h1><p>{escape(model.title.get('en', ''))} · <code>{escape(model.iri)}</code></p>"
        f"<ul>{links}</ul><table>{head}{rows}</table></main></body></html>"
    )
    return Reply(body=body.encode(), media=f"{HTML}; charset=utf-8", headers=_VARIES)


_FORMS = {JSON: _full, HTML: _page, SCHEMA: _schema, LD_JSON: _context, TURTLE: _shapes}


def operations(registry: Registry | None, coordinator: Coordinator | None) -> tuple[Operation, ...]:
    """The routes of the data models."""
    if registry is None:
        return ()
    pages, tag = DataModelPages(registry), "Data models"
    texts = {"name": "A data model's name: the entity type.", "version": "Its version."}
    any_form = {
        200: Answer("The model.", {JSON: OBJECT, HTML: TEXT, SCHEMA: OBJECT, LD_JSON: OBJECT, TURTLE: TEXT})
    }

    def route(path: str, handle: Any, name: str, title: str, answers: Any, **more: Any) -> Operation:
        return Operation(
            method="GET", path=path, handle=handle, name=name, title=title, tag=tag, answers=answers, **more
        )

    one = PATH + "/{name}/{version}"
    found = (
        route(PATH, pages.list, "listDataModels", "Data models", {200: Answer("Them.", {JSON: several(OBJECT)})}),
        route(
            PATH + "/{name}", pages.get, "getNewestDataModel", "The newest version of a data model", any_form,
            parameters=(FORMAT,), path_texts=texts,
        ),
        route(
            one, pages.get, "getDataModel", "A data model in the form that is wanted", any_form,
            parameters=(FORMAT,), path_texts=texts,
        ),
        route(
            one + "/schema.json", pages.schema, "getDataModelSchema", "Its JSON Schema",
            {200: Answer("Draft 2020-12, of the simplified representation.", {SCHEMA: OBJECT})}, path_texts=texts,
        ),
        route(
            one + "/shapes.ttl", pages.shapes, "getDataModelShapes", "Its SHACL shapes",
            {200: Answer("Of the normalised representation, read as RDF.", {TURTLE: TEXT})}, path_texts=texts,
        ),
        route(
            one + "/context.jsonld", pages.context, "getDataModelContext", "Its @context",
            {200: Answer("To be used before the NGSI-LD core context.", {LD_JSON: OBJECT})}, path_texts=texts,
        ),
    )  # fmt: skip
    if coordinator is None:
        return found
    conformance = route(
        "/api/datasets/{dataset}/conformance", Conformances(coordinator).get, "getConformanceOfDataset",
        "How a dataset keeps to its data model",
        {200: Answer("Counts by attribute, with examples and what to do.", {JSON: OBJECT})},
        path_texts={"dataset": "A dataset's id."},
    )  # fmt: skip
    return (*found, conformance)
