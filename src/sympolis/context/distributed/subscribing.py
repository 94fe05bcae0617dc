"""Subscriptions that other brokers help to serve (clauses 5.8.1.4, 5.8.2.4, 5.8.5.4, 5.8.6).

A source that may have what a subscription is about gets a copy, reduced to what is registered of it, whose
notifications come here; each of them is told on to the subscriber. As registrations come, change and go, copies do.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import Coroutine, Mapping
from dataclasses import replace
from functools import partial
from typing import Any
from urllib.parse import quote, unquote
from uuid import uuid4

import msgspec

from sympolis.context.distributed.asking import Answer
from sympolis.context.distributed.reading import Asked, reduced_selectors, registered_names
from sympolis.context.distributed.relays import Relay, RelayBooks, SharedRelayBooks
from sympolis.context.distributed.service import Distribution
from sympolis.context.distributed.wording import Journey, Speech
from sympolis.context.hearing import Hearing
from sympolis.context.query import Query, Selector
from sympolis.context.registrations.matching import Wanted, matches
from sympolis.context.registrations.registration import Mode, Registration
from sympolis.context.subscriptions import document as documents
from sympolis.context.subscriptions.service import Subscriptions
from sympolis.context.subscriptions.subscription import Record, Subscription
from sympolis.context.terms import Contexts, Terms
from sympolis.domain.errors import BadRequestData, NotFound, SympolisError

log = logging.getLogger(__name__)

PATH = "/api/federation/notifications"
"""Below it, under a key that only the source knows, notifications of copies arrive."""
_OWN = ("id", "status", "csf", "localOnly", "splitEntities", "jsonldContext", "createdAt", "modifiedAt")
"""What a copy does not have: it is what concerns this broker alone."""


class RemoteSubscriptions:
    """Keeps copies of subscriptions at sources. ``open`` it after the registrations and the subscriptions."""

    def __init__(
        self,
        distribution: Distribution,
        subscriptions: Subscriptions,
        contexts: Contexts,
        books: RelayBooks,
        *,
        address: str = "",
    ) -> None:
        self._distribution = distribution
        self._subscriptions = subscriptions
        self._contexts = contexts
        self._books = books
        self._address = address
        self._relays: dict[str, Relay] = {}
        self._hearing: Hearing | None = None
        self._asked: set[str] = set()
        """Keys of copies that a source is being asked for: they are kept when it has agreed."""
        self._tasks: set[asyncio.Task[None]] = set()

    def open(self) -> None:
        """Read what is kept."""
        self._relays = {one.key: one for one in self._books.relays()}
        if isinstance(self._books, SharedRelayBooks):
            self._hearing = Hearing(self._books.watch_relays, partial(self._refresh, self._books))
        self._distribution.registrations.listen(self)

    async def close(self) -> None:
        """Stop; copies stay where they are."""
        if self._hearing is not None:
            await self._hearing.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def concerns(self, tenant: str) -> bool:
        """Whether any source may get copies of a tenant's subscriptions, or has some."""
        return self._distribution.of(tenant) is not None or bool(self._relays)

    # --- subscriptions that come, change and go

    async def created(self, found: Subscription, journey: Journey, address: str) -> None:
        """Pass a new subscription on; ``address`` is where this broker is reached."""
        self._address = self._address or address
        matching = await self._matching(found, journey)
        await asyncio.gather(*(self._create(found, one, journey) for one in matching))

    async def updated(self, found: Subscription, journey: Journey, address: str) -> None:
        """Bring copies up to date: some sources may be concerned now, and some no longer."""
        self._address = self._address or address
        known = self._of(journey.tenant, found.id)
        matching = {one.id: one for one in await self._matching(found, journey)}
        work: list[Coroutine[Any, Any, None]] = []
        for name, one in matching.items():
            relay = known.get(name)
            work.append(
                self._create(found, one, journey)
                if relay is None
                else self._update(found, one, relay, journey)
            )
        work += [self._delete(relay, journey) for name, relay in known.items() if name not in matching]
        await asyncio.gather(*work)

    async def deleted(self, subscription_id: str, journey: Journey) -> None:
        """End all copies."""
        relays = self._of(journey.tenant, subscription_id).values()
        await asyncio.gather(*(self._delete(relay, journey) for relay in relays))

    async def changed(self, tenant: str, before: Registration | None, after: Registration | None) -> None:
        """See ``registrations.service.Listener``."""
        task = asyncio.create_task(self._follow(tenant, before, after))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _follow(self, tenant: str, before: Registration | None, after: Registration | None) -> None:
        journey = Journey(tenant, {}, self._distribution.alias(tenant))
        for found in await self._all(tenant):
            relay = self._of(tenant, found.id).get((before or after or _NOBODY).id)
            meant = after is not None and _is_meant(found, after)
            if relay is None and meant and after is not None and self._address:
                await self._create(found, after, journey)
            elif relay is not None and meant and after is not None:
                await self._update(found, after, relay, journey)
            elif relay is not None:
                await self._delete(relay, journey, before)

    # --- what sources tell

    async def heard(self, key: str, body: Any) -> None:
        """Tell a source's notification on (clause 5.8.6). Raises ``NotFound`` for a key that nobody was given."""
        relay = self._relays.get(key) or await self._look_up(key)
        if relay is None:
            raise NotFound("nobody waits for notifications here", where="key")
        data = body.get("data") if isinstance(body, Mapping) else None
        if isinstance(data, Mapping):
            data = data.get("features")
        if not isinstance(data, list) or not all(_is_named(one) for one in data):
            raise BadRequestData("expected a Notification", where="data")
        told = [(one["id"], msgspec.json.encode(one)) for one in data]
        await self._subscriptions.relay(relay.subscription, told, tenant=relay.tenant)

    # --- what other processes agree with sources

    async def _look_up(self, key: str) -> Relay | None:
        """A copy that another process has just made."""
        if isinstance(self._books, SharedRelayBooks):
            return await asyncio.to_thread(self._books.relay, key)
        return None

    async def _refresh(self, books: SharedRelayBooks, key: str | None) -> None:
        """Know one relay as it is kept, or all of them."""
        if key is None:
            names = set(self._relays)
            found = {one.key: one for one in await asyncio.to_thread(books.relays)}
            names.update(found)
        else:
            one = await asyncio.to_thread(books.relay, key)
            found, names = {} if one is None else {key: one}, {key}
        for name in names - self._asked:
            if name in found:
                self._relays[name] = found[name]
            else:
                self._relays.pop(name, None)

    # --- copies

    async def _create(self, found: Subscription, registration: Registration, journey: Journey) -> None:
        if not registration.supports("createSubscription"):
            return
        relay = Relay(
            secrets.token_urlsafe(24),
            journey.tenant,
            found.id,
            registration.id,
            f"urn:ngsi-ld:Subscription:{uuid4()}",
        )
        self._relays[relay.key] = relay
        self._asked.add(relay.key)
        try:
            answer = await self._send(found, registration, journey, "POST", "/subscriptions", relay)
            if answer is None or not answer.good:
                self._relays.pop(relay.key, None)
                return
            name = unquote(answer.headers.get("location", "").rstrip("/").rpartition("/")[2])
            kept = self._relays[relay.key] = replace(relay, remote=name or relay.remote)
            await asyncio.to_thread(self._books.keep_relay, kept)
        finally:
            self._asked.discard(relay.key)

    async def _update(
        self, found: Subscription, registration: Registration, relay: Relay, journey: Journey
    ) -> None:
        if not registration.supports("updateSubscription"):
            return
        path = f"/subscriptions/{quote(relay.remote, safe=':')}"
        answer = await self._send(found, registration, journey, "PATCH", path, relay)
        if answer is not None and answer.status == 404:  # the source has lost it
            self._relays.pop(relay.key, None)
            await asyncio.to_thread(self._books.drop_relay, relay.key)
            await self._create(found, registration, journey)

    async def _delete(self, relay: Relay, journey: Journey, known: Registration | None = None) -> None:
        self._relays.pop(relay.key, None)
        await asyncio.to_thread(self._books.drop_relay, relay.key)
        index = self._distribution.of(relay.tenant)
        registration = known or (None if index is None else index.get(relay.registration))
        if registration is not None and registration.supports("deleteSubscription"):
            speech = Speech(self._contexts.core())
            path = f"/subscriptions/{quote(relay.remote, safe=':')}"
            await self._distribution.ask(journey, registration, speech, "DELETE", path)

    async def _send(
        self,
        found: Subscription,
        registration: Registration,
        journey: Journey,
        method: str,
        path: str,
        relay: Relay,
    ) -> Answer | None:
        try:
            terms = await self._contexts.resolve(found.context)
        except SympolisError:
            terms = self._contexts.core()
        speech = await self._distribution.speech(registration, terms)
        if found.q is not None and speech.terms is not terms:
            log.warning("a subscription's q cannot be put in a source's words", extra={"action": "forward"})
            return None
        uri = f"{self._address}{PATH}/{relay.key}"
        copy = reduced(found, registration, speech.terms, uri=uri)
        if method == "POST":
            copy["id"] = relay.remote
        return await self._distribution.ask(journey, registration, speech, method, path, document=copy)

    # --- whom it concerns

    async def _matching(self, found: Subscription, journey: Journey) -> list[Registration]:
        index = self._distribution.of(journey.tenant)
        if index is None or found.document.get("localOnly"):
            return []
        candidates = index.candidates(_wanted(found).selectors)
        usable = self._distribution.usable(one for one in candidates if _is_meant(found, one))
        travelled = await self._distribution.travelled(journey, usable)
        return [one for one in self._distribution.usable(usable) if not travelled.met(one)]

    def _of(self, tenant: str, subscription_id: str) -> dict[str, Relay]:
        return {
            one.registration: one
            for one in self._relays.values()
            if (one.tenant, one.subscription) == (tenant, subscription_id)
        }

    async def _all(self, tenant: str) -> list[Subscription]:
        try:
            _, found = await self._subscriptions.page(limit=1_000_000, offset=0, tenant=tenant)
        except SympolisError:
            return []
        return [one for one, _ in found]


class _Nobody:
    id = ""


_NOBODY: Any = _Nobody()


def _is_meant(found: Subscription, registration: Registration) -> bool:
    if found.document.get("localOnly") or registration.mode is Mode.AUXILIARY:
        return False
    return matches(registration, _wanted(found))


def _wanted(found: Subscription) -> Wanted:
    notified = frozenset(found.document.get("notification", {}).get("attributes", ()))
    return Wanted(
        selectors=tuple(Selector(one.types, one.ids, one.id_pattern) for one in found.selectors),
        attributes=found.watched | notified if found.watched and notified else found.watched,
        datasets=found.datasets,
        geo=found.geo,
        scopes=found.scope,
    )


def reduced(found: Subscription, registration: Registration, terms: Terms, *, uri: str) -> dict[str, Any]:
    """The subscription as a source gets it: about no more than is registered, notified at ``uri``."""
    shown = documents.render(found, Record(), terms, now=found.created_at)
    copy = {name: value for name, value in shown.items() if name not in _OWN}
    entities = _entities(found, registration, terms)
    if entities:
        copy["entities"] = entities
    names = registered_names(registration)
    if names is not None:
        watched = (found.watched & names) or names
        copy["watchedAttributes"] = sorted(terms.compact(name) for name in watched)
    accept = found.endpoint.accept
    notification = {name: value for name, value in copy["notification"].items() if name != "endpoint"}
    copy["notification"] = {**notification, "endpoint": {"uri": uri, "accept": accept}}
    if "timeInterval" in copy:
        copy.pop("watchedAttributes", None)
    return copy


def _entities(found: Subscription, registration: Registration, terms: Terms) -> list[dict[str, Any]]:
    selectors = tuple(Selector(one.types, one.ids, one.id_pattern) for one in found.selectors)
    asked = Asked(query=Query(selectors=selectors or (Selector(),)), terms=terms)
    return [one for one in reduced_selectors(registration, asked, terms) if one["type"] != "*" or selectors]


def _is_named(value: Any) -> bool:
    return isinstance(value, Mapping) and isinstance(value.get("id"), str)
