"""Distribution: what operations ask for when other brokers take part in them.

It joins the registrations, the way to ask their sources, and the knowledge of who this broker is, so that a request
that comes back is recognised (clauses 4.3.6.4, 6.3.18).
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

import msgspec

from sympolis.context.distributed.asking import Answer, Asker, Courier
from sympolis.context.distributed.planning import Travelled
from sympolis.context.distributed.wording import (
    Journey,
    Speech,
    linkable,
    outgoing,
    speech_for,
    wanted_context,
)
from sympolis.context.registrations.index import RegistrationIndex
from sympolis.context.registrations.registration import Registration
from sympolis.context.registrations.service import Registrations
from sympolis.context.terms import Contexts, Terms
from sympolis.domain.errors import BadRequestData, ContextNotAvailable

log = logging.getLogger(__name__)

_PROBE_S = 1.0
_AT_ONCE = 32
"""Requests to sources under way for one request."""


class Distribution:
    """Everything that one broker needs to share requests with others."""

    def __init__(
        self,
        registrations: Registrations,
        courier: Courier,
        contexts: Contexts,
        *,
        identity: str,
        timeout_s: float = 3.0,
        split_entities: bool = False,
    ) -> None:
        self.registrations = registrations
        self.contexts = contexts
        self.split_entities = split_entities
        """Whether parts of one entity may be in different sources, where a request does not say (clause 4.3.6.7)."""
        self._courier = courier
        self._asker = Asker(registrations, courier)
        self._identity = identity
        self._timeout_s = timeout_s
        self._aliases: dict[str, str] = {}
        self._probes: set[asyncio.Task[None]] = set()
        registrations.listen(self, everywhere=True)

    async def close(self) -> None:
        """Stop asking sources who they are."""
        for task in self._probes:
            task.cancel()
        await asyncio.gather(*self._probes, return_exceptions=True)

    def alias(self, tenant: str) -> str:
        """Who this broker is, for one tenant (clause 5.2.40)."""
        return f"{self._identity}.{tenant}" if tenant else self._identity

    def of(self, tenant: str) -> RegistrationIndex | None:
        """The tenant's registrations; None where everything is local."""
        return self.registrations.of(tenant)

    def usable(self, found: Iterable[Registration]) -> list[Registration]:
        """These registrations without those that are over, each with its alias as far as it is known."""
        now = self.registrations.now()
        return [self._named(one) for one in found if not one.expired(now)]

    async def travelled(self, journey: Journey, found: Iterable[Registration]) -> Travelled:
        """Where the request has been. Sources that did not say who they are are asked, if it has been anywhere."""
        own = self.alias(journey.tenant)
        if journey.via:
            unknown = [one for one in found if self._named(one).alias is None]
            await asyncio.gather(*(self._probe(one) for one in unknown[:_AT_ONCE]))
        return Travelled(journey.met | {own}, own in journey.met)

    async def speech(self, registration: Registration, terms: Terms) -> Speech:
        """How to speak to a source: by the @context that it wants, else by these terms, else by full names."""
        context = wanted_context(registration)
        if context is not None:
            try:
                terms = await self.contexts.resolve(context)
            except (ContextNotAvailable, BadRequestData):
                log.warning("the @context that a source wants cannot be had", extra={"action": "forward"})
        return speech_for(registration, terms if linkable(terms) else self.contexts.core())

    async def ask(
        self,
        journey: Journey,
        registration: Registration,
        speech: Speech,
        method: str,
        path: str,
        *,
        query: Iterable[tuple[str, str]] = (),
        document: Any = None,
    ) -> Answer:
        """Ask a source for something, or have it do something."""
        request = outgoing(
            journey,
            registration,
            speech,
            method,
            path,
            query=query,
            document=document,
            timeout_s=self._timeout_s,
        )
        return await self._asker.ask(journey.tenant, registration, request)

    # --- who sources are

    async def changed(self, _tenant: str, before: Registration | None, after: Registration | None) -> None:
        """See ``registrations.service.Listener``: a new source that did not say who it is, is asked."""
        if before is not None and (after is None or after.endpoint != before.endpoint):
            self._aliases.pop(before.id, None)
        if after is None or after.alias is not None or not _tells_who_it_is(after):
            return
        task = asyncio.create_task(self._probe(after))
        self._probes.add(task)
        task.add_done_callback(self._probes.discard)

    def _named(self, registration: Registration) -> Registration:
        alias = self._aliases.get(registration.id) if registration.alias is None else None
        return registration if alias is None else replace(registration, alias=alias)

    async def _probe(self, registration: Registration) -> None:
        """Ask a source who it is (clause 5.15.1); one that does not say stays unknown."""
        if not _tells_who_it_is(registration):
            return
        speech = Speech(self.contexts.core())
        request = outgoing(Journey(alias=self._identity), registration, speech, "GET", "/info/sourceIdentity")
        answer = await self._courier.carry(replace(request, timeout_s=_PROBE_S))
        alias = _alias_in(answer) if answer.good else None
        if alias is not None:
            self._aliases[registration.id] = alias


def _tells_who_it_is(registration: Registration) -> bool:
    return registration.supports("retrieveContextSourceIdentity")


def _alias_in(answer: Answer) -> str | None:
    try:
        document = msgspec.json.decode(answer.body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
    alias = document.get("contextSourceAlias") if isinstance(document, Mapping) else None
    return alias if isinstance(alias, str) and 0 < len(alias) <= 512 else None
