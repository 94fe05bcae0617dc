"""The snapshots of all tenants: made, kept, used, let go of (clauses 5.5.15 and 5.16).

What is known of a snapshot is in the store, beside what is in it; the process holds a copy. A snapshot that was being
made when the process ended has failed: its queries can be asked again by making another one.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Final
from uuid import uuid4

import msgspec

from sympolis.context import merge
from sympolis.context.instants import format_instant
from sympolis.context.places import SHELF, clear, found_place, remember, snapshot_place
from sympolis.context.query import HistoryQuery, Query, TypeIs
from sympolis.context.snapshots import snapshot as resource
from sympolis.context.snapshots.capture import Capture, Taken
from sympolis.context.snapshots.snapshot import Lifetimes, Result, Snapshot, Status
from sympolis.context.store import Store, Write
from sympolis.context.subscriptions.notice import JSON, Notice
from sympolis.context.subscriptions.sending import Notifier, Time, WallTime
from sympolis.domain.entity import Attribute, AttributeKind, Entity
from sympolis.domain.errors import AlreadyExists, DeliveryFailed, DeliveryRefused, NonexistentTenant, NotFound

log = logging.getLogger(__name__)

_KEPT: Final = "urn:sympolis:snapshot"
_CONTENT: Final = "urn:sympolis:content"
_TEMPORAL_DETAILS: Final = ("snapshotTemporalQueriesDetails", "temporalSnapshotQueriesDetails")
"""What 5.2.41 calls the details of temporal queries, and what 5.3.4 calls them in notifications."""
_AT_ONCE: Final = 100
_ATTEMPTS: Final = 5

Wanted = Mapping[str, Sequence[Taken | HistoryQuery]]
"""What is to be taken, by the member of the snapshot that asked for it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SnapshotBounds:
    """How many snapshots there may be, and how long they live."""

    snapshots: int = 100
    lifetimes: Lifetimes = field(default_factory=Lifetimes)
    made_at_once: int = 2


class Snapshots:
    """See the module. Without a ``notifier`` nobody is told of anything.

    ``leaving`` is called with the place of a snapshot that is about to be deleted.
    """

    def __init__(
        self,
        store: Store,
        capture: Capture,
        *,
        notifier: Notifier | None = None,
        time: Time | None = None,
        bounds: SnapshotBounds | None = None,
        leaving: Callable[[str], Awaitable[None]] | None = None,
    ) -> None:
        self._store = store
        self._capture = capture
        self._notifier = notifier
        self._time = time or WallTime()
        self._bounds = bounds or SnapshotBounds()
        self._leaving = leaving
        self._known: dict[tuple[str, str], Snapshot] = {}
        self._open = False
        self._opening = asyncio.Lock()
        self._making = asyncio.Semaphore(self._bounds.made_at_once)
        self._tasks: dict[asyncio.Task[None], str] = {}

    async def open(self) -> None:
        """Read what is kept; called by whatever comes first."""
        async with self._opening:
            if self._open:
                return
            for found in await self._read():
                remember(snapshot_place(found.tenant, found.id), found.tenant, found.id)
                self._known[found.tenant, found.id] = found
                if found.status is Status.PREPARING:
                    await self._keep(found.finished(_interrupted(found), self._time.now()))
            self._open = True

    async def close(self) -> None:
        """Stop making what is being made."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._notifier is not None:
            await self._notifier.close()

    async def settled(self) -> None:
        """Wait until nothing is being made and everyone has been told."""
        while self._tasks:
            await asyncio.gather(*self._tasks, return_exceptions=True)

    # --- operations

    async def create(
        self, snapshot_id: str | None, asked: Mapping[str, Any], wanted: Wanted, *, tenant: str = ""
    ) -> Snapshot:
        """Create Snapshot (clause 5.16.1). Raises ``AlreadyExists`` or ``BadRequestData``."""
        found, place = await self._begin(snapshot_id, asked, tenant)
        self._start(self._fill(found, wanted, place), place)
        return found

    async def clone(
        self, snapshot_id: str, clone_id: str | None, asked: Mapping[str, Any], *, tenant: str = ""
    ) -> Snapshot:
        """Clone Snapshot (clause 5.16.2). Raises ``NotFound``, ``AlreadyExists`` or ``BadRequestData``."""
        model = await self.get(snapshot_id, tenant=tenant)
        queries = {
            name: model.asked[name]
            for name in (resource.QUERIES, resource.TEMPORAL_QUERIES)
            if name in model.asked
        }
        found, place = await self._begin(clone_id, {**queries, **asked}, tenant)
        self._start(self._copy(model, found, place), place)
        return found

    async def get(self, snapshot_id: str, *, tenant: str = "") -> Snapshot:
        """Retrieve Snapshot Status (clause 5.16.3). Raises ``NotFound``."""
        await self._tidy()
        found = self._known.get((tenant, snapshot_id))
        if found is None:
            raise NotFound(f"there is no snapshot {snapshot_id}", where="snapshotId")
        return found

    async def use(self, snapshot_id: str, *, tenant: str = "") -> None:
        """Know that an operation goes to this snapshot (clause 5.5.15). Raises ``NotFound``."""
        found = await self.get(snapshot_id, tenant=tenant)
        self._known[tenant, snapshot_id] = replace(found, used_at=self._time.now())

    async def update(self, snapshot_id: str, document: Mapping[str, Any], *, tenant: str = "") -> Snapshot:
        """Update Snapshot Status (clause 5.16.4). Raises ``NotFound`` or ``BadRequestData``."""
        present = await self.get(snapshot_id, tenant=tenant)
        asked, now = resource.read_fragment(present, document), self._time.now()
        expires = present.expires_at
        if asked.get("snapshotLifetime") != present.asked.get("snapshotLifetime"):
            expires = self._bounds.lifetimes.end(asked, present.created_at, now)
        found = replace(present, asked=asked, expires_at=expires, modified_at=now)
        await self._keep(found)
        self._tell(found)
        return found

    async def delete(self, snapshot_id: str, *, tenant: str = "") -> None:
        """Delete Snapshot (clause 5.16.5). Raises ``NotFound``."""
        await self._let_go(await self.get(snapshot_id, tenant=tenant))

    async def list_all(self, *, tenant: str = "") -> list[Snapshot]:
        """All snapshots of a tenant, for selecting those to purge (clause 5.16.7)."""
        await self._tidy()
        return [found for (owner, _), found in self._known.items() if owner == tenant]

    # --- making

    async def _begin(
        self, snapshot_id: str | None, asked: Mapping[str, Any], tenant: str
    ) -> tuple[Snapshot, str]:
        await self._tidy()
        now, wanted = self._time.now(), snapshot_id or f"urn:ngsi-ld:Snapshot:{uuid4()}"
        if (tenant, wanted) in self._known:
            raise AlreadyExists(f"snapshot {wanted} exists already", where="id")
        ends = self._bounds.lifetimes.end(asked, now, now)
        found = Snapshot(
            id=wanted, tenant=tenant, asked=asked, created_at=now, modified_at=now, expires_at=ends
        )
        place = snapshot_place(tenant, wanted)
        remember(place, tenant, wanted)
        self._known[tenant, wanted] = found
        await self._make_room()
        await clear(self._store, place)
        await found_place(self._store, place)
        await self._keep(found)
        return found, place

    async def _fill(self, found: Snapshot, wanted: Wanted, place: str) -> None:
        results = {
            name: tuple([await self._capture.run(one, found.tenant, place) for one in asked])
            for name, asked in wanted.items()
        }
        await self._finish(found, results)

    async def _copy(self, model: Snapshot, found: Snapshot, place: str) -> None:
        await self._made(snapshot_place(model.tenant, model.id))
        await self._capture.everything(snapshot_place(model.tenant, model.id), place)
        current = self._known.get((model.tenant, model.id), model)
        await self._finish(found, current.results)

    async def _made(self, place: str) -> None:
        """Wait until the snapshot at this place is no longer being made."""
        making = [task for task, of in self._tasks.items() if of == place]
        await asyncio.gather(*making, return_exceptions=True)

    async def _finish(self, found: Snapshot, results: Mapping[str, tuple[Result, ...]]) -> None:
        current = self._known.get((found.tenant, found.id))
        if current is None or current.created_at != found.created_at:  # it was deleted meanwhile
            return
        made = current.finished(results, self._time.now())
        await self._keep(made)
        self._tell(made)

    def _start(self, work: Any, place: str) -> None:
        task = asyncio.create_task(self._guarded(work))
        self._tasks[task] = place
        task.add_done_callback(lambda ended: self._tasks.pop(ended, None))

    async def _guarded(self, work: Any) -> None:
        try:
            async with self._making:
                await work
        except Exception:
            log.exception("a snapshot could not be made or told of", extra={"action": "snapshot"})
        finally:
            work.close()

    # --- keeping

    async def _read(self) -> list[Snapshot]:
        query, found = Query(types=TypeIs(_KEPT), limit=_AT_ONCE), list[Snapshot]()
        with suppress(NonexistentTenant):
            while page := (await self._store.query(replace(query, offset=len(found)), tenant=SHELF)).entities:
                found += [resource.from_kept(msgspec.json.decode(entity.value(_CONTENT))) for entity in page]
        return found

    async def _keep(self, found: Snapshot) -> None:
        self._known[found.tenant, found.id] = found
        content = msgspec.json.encode(resource.to_kept(found)).decode()
        attribute = Attribute(AttributeKind.PROPERTY, content)
        entity = Entity(_kept_id(found), (_KEPT,), {_CONTENT: (attribute,)})
        await self._store.write(
            [Write(entity.id, merge.upsert_replace(entity), recorded=False)], tenant=SHELF
        )

    async def _let_go(self, found: Snapshot) -> None:
        """Forget a snapshot, then let go of what is in it: a crash in between leaves nothing that can be seen."""
        self._known.pop((found.tenant, found.id), None)
        await self._store.write(
            [Write(_kept_id(found), lambda _before, _at: None, recorded=False)], tenant=SHELF
        )
        place = snapshot_place(found.tenant, found.id)
        if self._leaving is not None:
            await self._leaving(place)
        await clear(self._store, place)

    async def _tidy(self) -> None:
        """Let go of what has expired."""
        if not self._open:
            await self.open()
        now = self._time.now()
        for found in [one for one in self._known.values() if one.expires_at <= now]:
            await self._let_go(found)
            self._tell(found)

    async def _make_room(self) -> None:
        """Let go of the least important ones where there are too many (clause 5.5.15)."""
        while len(self._known) > self._bounds.snapshots:
            first = min(self._known.values(), key=_importance)
            await self._let_go(first)
            self._tell(replace(first, expires_at=self._time.now()))

    # --- telling

    def _tell(self, found: Snapshot) -> None:
        """Send a SnapshotNotification (clauses 5.3.4, 5.16.6), in the background."""
        endpoint = found.endpoint
        if endpoint is None or self._notifier is None:
            return
        body = msgspec.json.encode(_notification(found, self._time.now()))
        headers = (*endpoint.receiver_info, *_headers(found))
        task = asyncio.create_task(self._deliver(Notice(endpoint, JSON, headers, body)))
        self._tasks[task] = ""
        task.add_done_callback(lambda ended: self._tasks.pop(ended, None))

    async def _deliver(self, notice: Notice) -> None:
        assert self._notifier is not None
        for attempt in range(_ATTEMPTS):
            try:
                await self._notifier.send(notice)
                return
            except DeliveryRefused as refused:
                log.info("a notification was refused: %s", refused, extra={"action": "snapshot"})
                return
            except DeliveryFailed as failed:
                log.info("a notification did not arrive: %s", failed, extra={"action": "snapshot"})
                await self._time.sleep(2.0**attempt)


def _importance(found: Snapshot) -> tuple[int, datetime, datetime]:
    """The smallest goes first: by priority, then by when it was last used or made."""
    return found.priority, found.used_at or found.created_at, found.expires_at


def _interrupted(found: Snapshot) -> dict[str, tuple[Result, ...]]:
    problem = {
        "type": "https://uri.etsi.org/ngsi-ld/errors/InternalError",
        "title": "Interrupted",
        "detail": "the broker ended while the snapshot was being made",
    }
    return {
        name: tuple(Result(Status.FAILURE, problem) for _ in found.asked[name])
        for name in (resource.QUERIES, resource.TEMPORAL_QUERIES)
        if name in found.asked
    }


def _kept_id(found: Snapshot) -> str:
    name = repr((found.tenant, found.id)).encode()
    return f"urn:sympolis:snapshot:{hashlib.blake2b(name, digest_size=16).hexdigest()}"


def _headers(found: Snapshot) -> Iterable[tuple[str, str]]:
    if found.tenant:
        yield "NGSILD-Tenant", found.tenant


def _notification(found: Snapshot, now: datetime) -> dict[str, Any]:
    document = {
        "id": f"urn:ngsi-ld:SnapshotNotification:{uuid4()}",
        "type": "SnapshotNotification",
        "snapshotId": found.id,
        "snapshotStatus": found.status.value,
        "notifiedAt": format_instant(now),
        "expiresAt": format_instant(found.expires_at),
        **found.details(),
    }
    own, told = _TEMPORAL_DETAILS
    if own in document:
        document[told] = document.pop(own)
    return document
