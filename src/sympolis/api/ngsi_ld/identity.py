"""Who this broker is, for other brokers (GS CIM 009, clause 5.15)."""

from __future__ import annotations

import socket
from collections.abc import Callable
from datetime import UTC, datetime
from uuid import NAMESPACE_URL, uuid5

from sympolis import __version__
from sympolis.api.http import JSON, LD_JSON, Reply, Request, encode
from sympolis.api.negotiation import preferred
from sympolis.api.ngsi_ld.answers import PLAIN_MEDIA, ROOT, tenant_headers, tenant_of
from sympolis.api.ngsi_ld.linking import context_headers, context_list
from sympolis.api.parts import ApiParts
from sympolis.api.routing import Answer, Operation
from sympolis.api.schemas import OBJECT, TEXT, TIME, Schema, reference, structure
from sympolis.context.instants import format_instant
from sympolis.context.terms import core_terms

SCHEMAS: dict[str, Schema] = {
    "ContextSourceIdentity": structure(
        {
            "id": TEXT,
            "type": {"const": "ContextSourceIdentity"},
            "contextSourceAlias": TEXT,
            "contextSourceUptime": TEXT,
            "contextSourceTimeAt": TIME,
            "contextSourceExtras": OBJECT,
        },
        required=("id", "type", "contextSourceAlias", "contextSourceUptime", "contextSourceTimeAt"),
    )
}


class Identity:
    """Handler of ``/info/sourceIdentity``."""

    def __init__(
        self,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        alias: Callable[[str], str] | None = None,
    ) -> None:
        self._now = now
        self._since = now()
        self._alias = alias

    async def tell(self, request: Request) -> Reply:
        """Retrieve Context Source Identity Information, clause 5.15.1."""
        tenant, media = tenant_of(request), preferred(request.header(b"accept"), PLAIN_MEDIA)
        now = self._now()
        alias = _alias(request.base_url, tenant) if self._alias is None else self._alias(tenant)
        document: dict[str, object] = {
            "id": f"urn:ngsi-ld:ContextSourceIdentity:{alias}",
            "type": "ContextSourceIdentity",
            "contextSourceAlias": alias,
            "contextSourceUptime": _duration((now - self._since).total_seconds()),
            "contextSourceTimeAt": format_instant(now),
            "contextSourceExtras": {"software": "Sympolis", "version": __version__},
        }
        if media == LD_JSON:
            document["@context"] = context_list(core_terms())
        headers = (*tenant_headers(tenant), *context_headers(core_terms(), media))
        return Reply(body=encode(document), media=media, headers=headers)


def _alias(address: str, tenant: str) -> str:
    """For a broker that shares nothing: the same after a restart, another for any other (clause 4.3.6.4)."""
    return f"sympolis-{uuid5(NAMESPACE_URL, f'{socket.gethostname()} {address} {tenant}').hex[:16]}"


def _duration(seconds: float) -> str:
    """An ISO 8601 duration of whole seconds; none is negative, whatever the clock does."""
    return f"PT{max(int(seconds), 0)}S"


def operations(parts: ApiParts) -> tuple[Operation, ...]:
    """The route of this handler."""
    alias = None if parts.distribution is None else parts.distribution.alias
    answer = reference("ContextSourceIdentity")
    return (
        Operation(
            method="GET",
            path=f"{ROOT}/info/sourceIdentity",
            handle=Identity(alias=alias).tell,
            name="retrieveSourceIdentity",
            title="Tell who this broker is",
            tag="NGSI-LD",
            clause="5.15.1",
            answers={200: Answer("The identity.", {JSON: answer, LD_JSON: answer})},
        ),
    )
