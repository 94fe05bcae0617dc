"""The OpenAPI 3.1 document and a readable page of it, both made from the operations that the router serves."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from html import escape
from typing import Any

from sympolis import __version__
from sympolis.api.errors import row_of
from sympolis.api.http import JSON, PROBLEM_JSON, Reply, Request, encode, weak_tag
from sympolis.api.rights import RIGHTS
from sympolis.api.routing import Answer, Operation
from sympolis.api.schemas import PROBLEM, Schema, reference
from sympolis.domain import errors
from sympolis.governance.roles.table import PUBLIC

OPENAPI_JSON = "application/vnd.oai.openapi+json;version=3.1"
_NAME = re.compile(r"{(\w+)}")
_NGSI_LD, _INFERENCE = "/ngsi-ld/", "/v2"


def document(operations: Iterable[Operation], schemas: Mapping[str, Schema]) -> dict[str, Any]:
    """The OpenAPI 3.1 description of these operations; ``schemas`` are the components they refer to."""
    paths: dict[str, dict[str, Any]] = {}
    for operation in operations:
        paths.setdefault(operation.path, {})[operation.method.lower()] = _operation(operation)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Sympolis",
            "version": __version__,
            "description": "Everything a twin answers: NGSI-LD, OGC API Features and the twin's own API.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "/"}],
        "paths": paths,
        "components": {"schemas": {"Problem": PROBLEM, **schemas}},
    }


class Reference:
    """Serves the document and the page. ``operations`` is set once all routes are known, these included."""

    def __init__(self, schemas: Mapping[str, Schema]) -> None:
        self._schemas = schemas
        self._kept: dict[str, Reply] = {}
        self.operations: tuple[Operation, ...] = ()

    async def openapi(self, request: Request) -> Reply:  # noqa: ARG002
        """The OpenAPI document."""
        if "json" not in self._kept:
            self._kept["json"] = _kept(encode(document(self.operations, self._schemas)), OPENAPI_JSON)
        return self._kept["json"]

    async def page(self, request: Request) -> Reply:  # noqa: ARG002
        """The same for people, without any script."""
        if "html" not in self._kept:
            self._kept["html"] = _kept(_page(self.operations).encode(), "text/html; charset=utf-8")
        return self._kept["html"]

    async def error(self, request: Request) -> Reply:
        """What a kind of error means: where the ``type`` of a problem leads."""
        kind = getattr(errors, request.arguments["name"], None)
        if not (isinstance(kind, type) and issubclass(kind, errors.SympolisError)):
            raise errors.NotFound("there is no such kind of error", where="name")
        return _kept(_error_page(kind).encode(), "text/html; charset=utf-8")

    async def style(self, request: Request) -> Reply:  # noqa: ARG002
        """The page's style sheet: a file of its own, because the content policy allows no inline style."""
        return _kept(_STYLE.encode(), "text/css; charset=utf-8")

    def routes(self) -> tuple[Operation, ...]:
        """The routes of this module."""
        return (
            _route(
                "/openapi.json", self.openapi, "getOpenApi", "This interface as OpenAPI 3.1", OPENAPI_JSON
            ),
            _route("/docs", self.page, "getReference", "This interface as a page", "text/html"),
            _route(
                "/docs/errors/{name}",
                self.error,
                "getErrorReference",
                "What a kind of error means",
                "text/html",
            ),
            _route("/docs/style.css", self.style, "getReferenceStyle", "Style of the page", "text/css"),
        )


def _route(path: str, handle: Any, name: str, title: str, media: str) -> Operation:
    schema: Schema = {"type": "object"} if "json" in media else {"type": "string"}
    answers = {200: Answer("The document.", {media: schema}), 304: Answer("Unchanged.")}
    return Operation(
        method="GET",
        path=path,
        handle=handle,
        name=name,
        title=title,
        tag="Documentation",
        answers=answers,
        path_texts={"name": "The last part of a problem's `type`."},
    )


def _kept(body: bytes, media: str) -> Reply:
    return Reply(body=body, media=media, etag=weak_tag(body))


def _operation(operation: Operation) -> dict[str, Any]:
    described: dict[str, Any] = {
        "operationId": operation.name,
        "summary": operation.title,
        "tags": [operation.tag],
        "parameters": [*_path_parameters(operation), *map(_query_parameter, operation.parameters)],
        "responses": _responses(operation),
    }
    if text := _text(operation):
        described["description"] = text
    if operation.body is not None:
        example = {} if operation.body.example is None else {"example": operation.body.example}
        described["requestBody"] = {
            "required": operation.body.required,
            "content": {
                media: {"schema": operation.body.schema, **example} for media in operation.body.media
            },
        }
    return described


def _text(operation: Operation) -> str:
    parts = [operation.text, f"ETSI GS CIM 009, clause {operation.clause}." if operation.clause else ""]
    if (right := RIGHTS.get(operation.name, PUBLIC)) != PUBLIC:
        parts.append(f"Where identity is required, this needs the right `{right}`.")
    if operation.later:
        parts.append(f"Known and not offered yet: {', '.join(operation.later)}.")
    return " ".join(part for part in parts if part)


def _path_parameters(operation: Operation) -> list[dict[str, Any]]:
    return [
        {
            "name": name,
            "in": "path",
            "required": True,
            "description": operation.path_texts.get(name, ""),
            "schema": {"type": "string", "minLength": 1},
        }
        for name in _NAME.findall(operation.path)
    ]


def _query_parameter(parameter: Any) -> dict[str, Any]:
    described = {
        "name": parameter.name,
        "in": "query",
        "description": parameter.text,
        "required": parameter.required,
        "schema": parameter.schema(),
    }
    if parameter.example is not None:
        described["example"] = parameter.example
    return described


def _responses(operation: Operation) -> dict[str, Any]:
    responses = {str(status): _response(answer) for status, answer in operation.answers.items()}
    ngsi_ld = operation.path.startswith(_NGSI_LD)
    if ngsi_ld and operation.body is not None:
        responses |= {
            "411": {"description": "Length required."},
            "415": {"description": "Unsupported media type."},
        }
    trouble = {
        "description": "A problem, with its reason.",
        "content": {media: {"schema": reference("Problem")} for media in _troubles(operation.path)},
    }
    return {**responses, "4XX": trouble, "5XX": trouble}


def _troubles(path: str) -> tuple[str, ...]:
    """The media types in which a path tells of trouble; the Open Inference Protocol has JSON of its own."""
    if path.startswith(_INFERENCE):
        return (JSON, PROBLEM_JSON)
    return (JSON if path.startswith(_NGSI_LD) else PROBLEM_JSON,)


def _response(answer: Answer) -> dict[str, Any]:
    described: dict[str, Any] = {"description": answer.text}
    if answer.content is not None:
        described["content"] = {media: {"schema": schema} for media, schema in answer.content.items()}
    return described


def _error_page(kind: type[errors.SympolisError]) -> str:
    meaning = escape(" ".join((kind.__doc__ or "").split()))
    status = row_of(kind).status
    return _frame(
        kind.title,
        f"<header><h1>{escape(kind.title)}</h1></header><main><p>{meaning}</p>"
        f"<p>Answered with status <code>{status}</code>. The members <code>where</code> and <code>hint</code> of the "
        'problem say what is concerned and what to do.</p><p><a href="/docs">All operations</a></p></main>',
    )


def _frame(title: str, body: str) -> str:
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<title>{escape(title)}</title><link rel="stylesheet" href="/docs/style.css"></head><body>{body}</body></html>'
    )


def _page(operations: Iterable[Operation]) -> str:
    tags: dict[str, list[Operation]] = {}
    for operation in operations:
        tags.setdefault(operation.tag, []).append(operation)
    sections = "".join(
        f'<section><h2 id="{escape(tag)}">{escape(tag)}</h2>{"".join(map(_article, found))}</section>'
        for tag, found in tags.items()
    )
    links = " · ".join(f'<a href="#{escape(tag)}">{escape(tag)}</a>' for tag in tags)
    return _frame(
        "Sympolis API",
        f"<header><h1>Sympolis API <small>{__version__}</small></h1><p>Machine-readable: "
        f'<a href="/openapi.json">/openapi.json</a></p><nav aria-label="Sections">{links}</nav></header>'
        f"<main>{sections}</main>",
    )


def _article(operation: Operation) -> str:
    parameters = "".join(
        f"<tr><td><code>{escape(one.name)}</code></td><td>{_prose(one.text)}</td></tr>"
        for one in operation.parameters
    )
    table = f"<table><tr><th>Parameter</th><th>Meaning</th></tr>{parameters}</table>" if parameters else ""
    answers = "".join(
        f"<li><code>{status}</code> {_prose(answer.text)}</li>"
        for status, answer in operation.answers.items()
    )
    return (
        f'<article id="{operation.name}"><h3><span class="method">{operation.method}</span> '
        f"<code>{escape(operation.path)}</code></h3><p>{escape(operation.title)}. {_prose(_text(operation))}</p>"
        f"{table}<ul>{answers}</ul></article>"
    )


def _prose(text: str) -> str:
    """Text as HTML; what stands between backticks is code, as in the OpenAPI document, which is Markdown."""
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", escape(text))


_STYLE = """:root{color-scheme:light dark;font:16px/1.5 system-ui,sans-serif}
body{max-width:60rem;margin:0 auto;padding:1.5rem}
h1 small{font-weight:400;opacity:.7}h2{margin-top:2.5rem;border-bottom:1px solid currentColor}
h3{margin:1.5rem 0 .25rem}.method{display:inline-block;min-width:4.5rem}
table{border-collapse:collapse;width:100%}td,th{text-align:left;vertical-align:top;padding:.2rem .75rem .2rem 0}
code{font-family:ui-monospace,monospace;overflow-wrap:anywhere}ul{padding-left:1.25rem}
"""
