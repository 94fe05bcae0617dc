"""The answers that NGSI-LD operations share: tenants, pages, batch results."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

from sympolis.api.errors import problem
from sympolis.api.http import JSON, LD_JSON, Headers, Reply, Request, json_reply
from sympolis.api.ngsi_ld.reading import LIMIT, OFFSET
from sympolis.context.places import is_internal, snapshot_place
from sympolis.domain import errors

ROOT = "/ngsi-ld/v1"
PLAIN_MEDIA = (JSON, LD_JSON)

TENANT = b"ngsild-tenant"
SNAPSHOT = b"ngsild-snapshot"

_TENANT = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")
_OFFSET = re.compile(r"(^|&)offset=[^&]*")
_QUOTED = re.compile(r"[A-Za-z0-9/?&=%:,;~!*'()@$+._-]*")
_PLAIN_ID = re.compile(r"[A-Za-z0-9:._~-]*")
"""Texts that quoting would leave as they are; most of them."""


def tenant_of(request: Request) -> str:
    """Where in the store a request works: a tenant ('' for the default one), or a snapshot of it.

    Clauses 6.3.14 and 6.3.22. Raises ``BadRequestData``.
    """
    tenant = owner_of(request)
    snapshot = request.header(SNAPSHOT)
    return tenant if snapshot is None else snapshot_place(tenant, snapshot)


def owner_of(request: Request) -> str:
    """The tenant that a request names, whatever else it names. Raises ``BadRequestData``."""
    name = request.header(TENANT)
    if name is None:
        return ""
    if not _TENANT.fullmatch(name):
        raise errors.BadRequestData(
            "expected up to 64 letters, digits, dots, dashes and underscores, a letter or a digit first",
            where="NGSILD-Tenant",
        )
    return name


def tenant_headers(tenant: str) -> Headers:
    """The tenant, echoed; of a snapshot, ``scoping`` says where it is."""
    return ((TENANT, tenant.encode()),) if tenant and not is_internal(tenant) else ()


def page_links(request: Request, media: str, *, more: bool) -> Headers:
    """Link headers to the next and the previous page (clause 6.3.10)."""
    limit, offset = LIMIT.of(request), OFFSET.of(request)
    links: list[tuple[bytes, bytes]] = []
    if more and limit:
        links.append((b"link", _page_link(request, offset + limit, "next", media)))
    if offset:
        links.append((b"link", _page_link(request, max(0, offset - limit), "prev", media)))
    return tuple(links)


def _page_link(request: Request, offset: int, relation: str, media: str) -> bytes:
    query = request.query_string.decode("latin-1").strip("&")
    if OFFSET.name in query:
        query = _OFFSET.sub("", query).strip("&")
    query = f"{query}&offset={offset}" if query else f"offset={offset}"
    target = f"{request.path}?{query}"
    if not _QUOTED.fullmatch(target):
        target = quote(target, safe="/?&=%:,;~!*'()@$+")
    return f'<{target}>; rel="{relation}"; type="{media}"'.encode()


def created_at(entity_id: str, headers: Headers) -> Reply:
    """201 with the new entity's address."""
    segment = entity_id if _PLAIN_ID.fullmatch(entity_id) else quote(entity_id, safe=":")
    location = f"{ROOT}/entities/{segment}".encode()
    return Reply(status=201, headers=((b"Location", location), *headers))


def batch_result(
    success: Sequence[str],
    failures: Sequence[tuple[str, Exception]],
    headers: Headers,
    elsewhere: Sequence[Mapping[str, Any]] = (),
) -> Reply:
    """207 with what went through and what did not (clause 5.2.16); always plain JSON, without a Link.

    ``elsewhere`` are the errors that other brokers tell.
    """
    document = {
        "success": list(dict.fromkeys(success)),
        "errors": [
            *({"entityId": one, "error": problem(error, ngsi_ld=True)} for one, error in failures),
            *elsewhere,
        ],
    }
    return json_reply(document, status=207, headers=headers)
