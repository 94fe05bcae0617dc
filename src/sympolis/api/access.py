"""Who asks, and whether they may: asked once for every request, before its handler and around it.

Only a server that requires identity has this (``ApiParts.access``). A handler then runs on behalf of somebody
(``context.gated``), and what was kept from them, done by them or read under a policy is written into the audit log.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from dataclasses import dataclass
from typing import Final, Protocol

import msgspec

from sympolis.api.http import Parameters, Reply, Request, Stream
from sympolis.api.negotiation import language_of
from sympolis.api.rights import BETWEEN_TWINS, PARTICIPATING, RIGHTS, SELF_PROVEN
from sympolis.api.routing import Operation
from sympolis.api.services import SERVICES
from sympolis.context.gated import read_as
from sympolis.domain import errors
from sympolis.governance.audit.record import Act, Event
from sympolis.governance.identity.subject import OPERATOR, STRANGER, Proof, Subject
from sympolis.governance.policy.gate import DATA_READ, Circumstances, Gate
from sympolis.governance.policy.reader import PolicyReader
from sympolis.governance.policy.vocabulary import expand, short
from sympolis.governance.roles.table import EVERYTHING, PUBLIC, RoleTable

_WHO_AM_I: Final = "getMe"
"""Public, and yet a program that asks it with a key that does not hold wants to know just that. A browser whose session
has ended is a stranger's: its page offers to sign in."""
_SHOWN: Final = (b"authorization", b"x-api-key")
"""Where programs show keys and tokens."""
PURPOSE: Final = b"sympolis-purpose"
PLACE: Final = b"sympolis-place"
_LONGEST: Final = 1000
_MOST_PURPOSES: Final = 8
_ADMINISTERING: Final = frozenset({"policies.write", "users.manage"})
_READING: Final = frozenset({"GET", "HEAD", "OPTIONS"})
_QUERIES: Final = frozenset(
    {
        "queryBatch",
        "queryTemporalByPost",
        "createEntityMapQueryEntityByPost",
        "createEntityMapQueryTemporalByPost",
        "checkScenario",
        "hearNotification",
        "getToken",
        "signIn",
        "signOut",
    }
)
"""Operations by POST that change nothing of anybody's, or that write their own entries."""


class Identifies(Protocol):
    """Says who sends a request."""

    async def identify(self, request: Request) -> Subject:
        """The subject; a stranger where the request says nothing. Raises ``Unauthenticated`` for what does not hold."""
        ...


class Notes(Protocol):
    """Takes what belongs into the audit log."""

    def note(self, event: Event) -> None:
        """Write it down soon."""
        ...

    async def keep(self, event: Event) -> None:
        """Write it down before going on."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """See the module."""

    identities: Identifies
    gate: Gate
    audit: Notes
    is_shared: Callable[[Request], bool] = lambda _: False
    """Whether other brokers might be asked for what the request asks for."""

    alias: Callable[[str], str] | None = None
    """What stands for an account beside what was said in participation projects."""

    @property
    def roles(self) -> RoleTable:
        """Who may do what."""
        return self.gate.roles

    async def answer(
        self, request: Request, operation: Operation, handle: Callable[[], Awaitable[Reply | Stream]]
    ) -> Reply | Stream:
        """The handler's answer, for whoever sent the request and as far as they may."""
        right = RIGHTS.get(operation.name, EVERYTHING)
        subject = OPERATOR if request.local else await self._identified(request, operation, right)
        request.subject = subject
        language = language_of(request.header(b"accept-language"))
        reader = PolicyReader(self.gate, subject, circumstances(request, subject), language)
        read_as(reader)
        try:
            rights = self.roles.granted(subject.roles)
            check(subject, right, rights)
            _check_page(request, subject)
            if (service := SERVICES.get(operation.name)) is not None:
                reader.use("service", service)
            if DATA_READ not in rights and self.is_shared(
                request
            ):  # others' data are asked for by our own people
                request.parameters = Parameters({**request.parameters, "local": "true"})
            reply = await handle()
        except (errors.Forbidden, errors.Unauthenticated) as refused:
            self.audit.note(
                self._event(Act.DENIED, request, operation, subject, reader, reason=refused.message)
            )
            raise
        await self._note(request, operation, subject, reader)
        if isinstance(reply, Stream):
            return msgspec.structs.replace(reply, chunks=_on_behalf(reply.chunks, reader))
        reply = _with_duties(reply, reader)
        return _for_one(reply) if right != PUBLIC else reply

    async def _identified(self, request: Request, operation: Operation, right: str) -> Subject:
        if operation.name == "getToken" or operation.name in SELF_PROVEN:  # they say it in their own way
            return STRANGER
        try:
            return await self.identities.identify(request)
        except errors.Unauthenticated as refused:
            event = Event(
                Act.DENIED, "", operation.name, _target(request), request.id, reason=refused.message
            )
            self.audit.note(event)
            shown = any(request.header(name) is not None for name in _SHOWN)
            if right == PUBLIC and not (operation.name == _WHO_AM_I and shown):
                return STRANGER
            raise

    async def _note(
        self, request: Request, operation: Operation, subject: Subject, reader: PolicyReader
    ) -> None:
        if operation.name in BETWEEN_TWINS:
            return
        if request.method not in _READING and operation.name not in _QUERIES:
            act = Act.ADMINISTERED if RIGHTS.get(operation.name) in _ADMINISTERING else Act.DONE
            await self.audit.keep(self._event(act, request, operation, subject, reader))
        elif reader.denied:
            self.audit.note(self._event(Act.DENIED, request, operation, subject, reader))
        elif reader.touched:
            self.audit.note(self._event(Act.READ, request, operation, subject, reader))

    def _event(
        self,
        act: Act,
        request: Request,
        operation: Operation,
        subject: Subject,
        reader: PolicyReader,
        *,
        reason: str = "",
    ) -> Event:
        found = _event(act, request, operation, subject, reader, reason=reason)
        if subject.id and self.alias is not None and operation.name in PARTICIPATING:
            return msgspec.structs.replace(found, subject=self.alias(subject.id), via="")
        return found


def check(subject: Subject, right: str, rights: frozenset[str]) -> None:
    """Raise ``Unauthenticated`` (a stranger) or ``Forbidden`` (somebody known) where the right is missing."""
    if right == PUBLIC or right in rights or (right == EVERYTHING and EVERYTHING in rights):
        return
    if not subject.known:
        raise errors.Unauthenticated(
            f"this needs the right {right}: say who you are",
            where="Authorization",
            hint="sign in, or send a key: Authorization: Bearer syk_… (commands: SYMPOLIS_KEY=syk_…)",
        )
    raise errors.Forbidden(
        f"none of your roles has the right {right}", where="roles", hint="an administrator can give you one"
    )


def circumstances(request: Request, subject: Subject) -> Circumstances:
    """What the request says about purpose and place. Raises ``Forbidden`` for a purpose that the key is not for."""
    stated = tuple(expand(one.strip()) for one in _said(request, PURPOSE).split(",") if one.strip())
    if len(stated) > _MOST_PURPOSES:
        raise errors.InvalidRequest(f"at most {_MOST_PURPOSES} purposes", where="Sympolis-Purpose")
    if subject.purposes and (others := sorted(set(stated) - set(subject.purposes))):
        raise errors.Forbidden(f"this key is not for the purpose {others[0]}", where="Sympolis-Purpose")
    return Circumstances(stated or subject.purposes, _said(request, PLACE).strip())


def _said(request: Request, name: bytes) -> str:
    text = request.header(name) or ""
    if len(text) > _LONGEST:
        raise errors.InvalidRequest(f"more than {_LONGEST} characters", where=name.decode())
    return text


def _check_page(request: Request, subject: Subject) -> None:
    """A browser sends its cookie whoever made the page: what it writes must say that the page is ours.

    ``guards.Doorkeeper`` has refused what says that it is another's.
    """
    says_where_from = b"origin" in request.headers or b"sec-fetch-site" in request.headers
    if subject.proof is Proof.SESSION and request.method not in _READING and not says_where_from:
        raise errors.Forbidden("a signed-in page must send its origin", where="Origin")


def _event(
    act: Act,
    request: Request,
    operation: Operation,
    subject: Subject,
    reader: PolicyReader,
    *,
    reason: str = "",
) -> Event:
    datasets = tuple(sorted({**reader.touched, **reader.denied}))
    return Event(act, subject.id, operation.name, _target(request), request.id, datasets, subject.via, reason)


def _target(request: Request) -> str:
    """The path alone: queries hold what people look for, bodies what they write."""
    return request.path[:_LONGEST]


def _for_one(reply: Reply) -> Reply:
    """No cache on the way may give to others what this reader was allowed to see."""
    if "private" in reply.cache or "no-store" in reply.cache:
        return reply
    lasting = reply.cache.replace("public", "").strip(", ")
    return msgspec.structs.replace(reply, cache=f"private, {lasting}" if lasting else "private")


async def _on_behalf(
    chunks: AsyncGenerator[bytes, None], reader: PolicyReader
) -> AsyncGenerator[bytes, None]:
    """A stream is poured in a task of its own, which has to know for whom."""
    read_as(reader)
    async with aclosing(chunks):
        async for chunk in chunks:
            yield chunk


def _with_duties(reply: Reply, reader: PolicyReader) -> Reply:
    """What whoever reads still has to do, as their policies say: its action and what it is about."""
    duties = [
        f"{';'.join(short(action.iri) for action in duty.actions) or short(duty.uid)}; "
        f"{verdict.asset.kind}={verdict.asset.id}"
        for _, verdict in sorted(reader.touched.items())
        if verdict.decision is not None
        for duty in verdict.decision.duties
    ]
    if not duties:
        return reply
    headers = (*reply.headers, (b"sympolis-duties", ", ".join(duties).encode("ascii", "replace")))
    return msgspec.structs.replace(reply, headers=headers)
