"""Where a request works, before its handler knows of it: tenants, snapshots, and nothing that has ended.

Every operation of the standard is wrapped here (``Scope.around``). A request that names neither a tenant nor a
snapshot, while nothing is due to end, goes straight through. Clauses 4.14, 4.22, 5.5.10, 5.5.15, 6.3.14, 6.3.22.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

import msgspec

from sympolis.api.http import JSON, LD_JSON, Handler, Headers, Parameters, Reply, Request, Stream
from sympolis.api.ngsi_ld.answers import ROOT, SNAPSHOT, TENANT, owner_of, tenant_of
from sympolis.api.ngsi_ld.linking import MERGE_PATCH
from sympolis.api.routing import Operation
from sympolis.context.distributed.subscribing import PATH as RELAYED
from sympolis.context.dumps.port import Dumping
from sympolis.context.parsing import check_uri
from sympolis.context.places import exists, found_place, is_internal
from sympolis.context.snapshots.service import Snapshots
from sympolis.context.store import Store
from sympolis.context.transient import EXPIRES_AT, Transients, ends_in
from sympolis.domain import errors

CREATING: Final = frozenset(
    {
        "createEntity",
        "createBatch",
        "upsertBatch",
        "upsertTemporal",
        "createSubscription",
        "createCSource",
        "createCSourceSubscription",
    }
)
"""Operations that make a tenant exist (clause 5.5.10); an upsert creates information like the others do."""
_WITHOUT_TENANTS: Final = (f"{ROOT}/jsonldContexts", f"{ROOT}/info")
_OF_SNAPSHOTS: Final = f"{ROOT}/snapshots"
_OF_SOURCES: Final = (f"{ROOT}/csourceRegistrations", f"{ROOT}/csourceSubscriptions")
_WRITTEN: Final = (f"{ROOT}/entities", f"{ROOT}/entityOperations")
_BODIES: Final = frozenset({JSON, LD_JSON, MERGE_PATCH})
_MENTIONED, _ESCAPED = EXPIRES_AT.encode(), b"\\u"


class Scope:
    """Wraps operations. ``most_tenants`` may exist at once."""

    def __init__(
        self, store: Store, snapshots: Snapshots, transients: Transients, *, most_tenants: int
    ) -> None:
        self._store = store
        self._snapshots = snapshots
        self._transients = transients
        self._most_tenants = most_tenants
        self._known: set[str] = {""}

    def around(self, operation: Operation) -> Operation:
        """The operation, within its scope.

        What another broker tells names a tenant of that broker: where it belongs here, the key in its path says.
        """
        if operation.path.startswith(RELAYED):
            return operation
        return replace(operation, handle=self._handler(operation))

    def _handler(self, operation: Operation) -> Handler:
        inner = self._noting(operation.handle) if _writes(operation) else operation.handle
        transients, scoped = self._transients, self._scoped

        def handle(request: Request) -> Any:
            headers = request.headers
            if TENANT not in headers and SNAPSHOT not in headers and not transients.due():
                return inner(request)
            return scoped(operation, inner, request)

        return handle

    async def _scoped(self, operation: Operation, inner: Handler, request: Request) -> Reply | Stream:
        tenant = owner_of(request)
        if self._transients.due():
            await self._transients.sweep()
        if operation.path.startswith(_WITHOUT_TENANTS):
            return await inner(request)
        creates = operation.name in CREATING
        await self._check_tenant(tenant, creates=creates)
        named = request.header(SNAPSHOT)
        if named is not None and not operation.path.startswith(_OF_SNAPSHOTS):
            return await self._in_snapshot(operation, inner, request, tenant, named)
        reply = await inner(request)
        if creates and tenant not in self._known and isinstance(reply, Reply) and reply.status < 300:
            await found_place(self._store, tenant)
        return reply

    # --- tenants

    async def _check_tenant(self, tenant: str, *, creates: bool) -> None:
        """Raise ``NonexistentTenant``, or ``Forbidden`` where there are as many as there may be."""
        if tenant in self._known:
            return
        if await exists(self._store, tenant):
            self._known.add(tenant)
        elif not creates:
            raise errors.NonexistentTenant(f"there is no tenant {tenant!r}", where="NGSILD-Tenant")
        elif isinstance(self._store, Dumping):
            tenants = [one for one in await self._store.tenants() if not is_internal(one)]
            if len(tenants) >= self._most_tenants:
                raise errors.Forbidden(
                    f"there are {len(tenants)} tenants, and may not be more", where="NGSILD-Tenant"
                )

    # --- snapshots

    async def _in_snapshot(
        self, operation: Operation, inner: Handler, request: Request, tenant: str, named: str
    ) -> Reply | Stream:
        """The operation on a snapshot: always local, and said so in the answer (clauses 5.5.15, 6.3.22)."""
        if operation.path.startswith(_OF_SOURCES):
            raise errors.OperationNotSupported("a snapshot has no context sources", where="NGSILD-Snapshot")
        await self._snapshots.use(check_uri(named, "NGSILD-Snapshot"), tenant=tenant)
        request.parameters = Parameters({**request.parameters, "local": "true"})
        reply = await inner(request)
        if isinstance(reply, Stream):
            return reply
        headers: Headers = ((SNAPSHOT, named.encode()),)
        if tenant:
            headers = (*headers, (TENANT, tenant.encode()))
        return msgspec.structs.replace(reply, headers=(*reply.headers, *headers))

    # --- ends

    def _noting(self, inner: Handler) -> Handler:
        async def handle(request: Request) -> Reply | Stream:
            if request.media_type in _BODIES and b"content-length" in request.headers:
                body = await request.body()
                if _MENTIONED in body or _ESCAPED in body:
                    await self._note(request, body)
            return await inner(request)

        return handle

    async def _note(self, request: Request, body: bytes) -> None:
        """Have what may end here remembered before it is written; what is wrong with the body is for the handler."""
        try:
            document = msgspec.json.decode(body)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return
        ends = ends_in(document, request.arguments.get("entityId"), tenant_of(request))
        if ends:
            await self._transients.note(ends)


def echoed(request: Request) -> Headers:
    """The headers that say where a request works, for errors to repeat (clauses 5.5.10, 6.3.22)."""
    found = ((name, request.headers.get(name)) for name in (TENANT, SNAPSHOT))
    return tuple((name, value) for name, value in found if value is not None)


def _writes(operation: Operation) -> bool:
    """Whether the operation's body says what entities are to be."""
    writes = operation.method in ("POST", "PUT", "PATCH") and operation.path.startswith(_WRITTEN)
    return writes and operation.name != "queryBatch"
