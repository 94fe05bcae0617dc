"""Data under contract: the twin's own interfaces, behind a token, an agreement and its policy.

``/dsp/data/{transfer}`` stands before the paths that everybody knows: ``/dsp/data/{transfer}/ldes/Tree`` is that stream
for whoever holds the token of that transfer, with links that lead on under the same address. Every request is asked
anew: is the token theirs and not over, does the transfer run, does the agreement allow this for the purpose and
the place that they state, now. What is sent goes through the same handlers and the same gate as all data, narrowed to
the one dataset; it is metered, and noted in the audit log.
"""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from contextvars import copy_context
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import unquote

import msgspec

from sympolis.api import certificates
from sympolis.api.computations import Computation
from sympolis.api.formats import BY_NAME
from sympolis.api.holdings import Holding, Holdings
from sympolis.api.http import Message, Reply, Request, Stream, json_reply
from sympolis.api.parameters import IntegerParameter
from sympolis.api.process_ids import run_of
from sympolis.api.ranges import Copy, PutAside, part_of, wanted_range
from sympolis.api.routing import Operation, Router
from sympolis.context.gated import Reading, read_as
from sympolis.dataspace.contracts.book import Use
from sympolis.dataspace.contracts.desk import ContractDesk
from sympolis.dataspace.delivery.tokens import fits
from sympolis.dataspace.dsp.credentials import Participant
from sympolis.dataspace.dsp.machines import Act as Doing
from sympolis.dataspace.dsp.processes import Agreement, Transfer
from sympolis.dataspace.dsp.vocabulary import Side, TransferState
from sympolis.domain import errors
from sympolis.governance.audit.record import Act, Event
from sympolis.governance.policy.decision import Decision
from sympolis.governance.policy.gate import Circumstances
from sympolis.governance.policy.vocabulary import expand, short

PURPOSE: Final = b"sympolis-purpose"
PLACE: Final = b"sympolis-place"
AFTER: Final = IntegerParameter(name="after", text="Uses with larger numbers.", high=2**53)
LIMIT: Final = IntegerParameter(name="limit", text="How many at most.", low=1, high=1000, default=100)
_MOST_PURPOSES: Final = 8
_LONGEST: Final = 1000
_LOOK_EVERY_S: Final = 0.25
"""While something long is sent, this often it is asked whether it may go on."""
_PASSED_ON: Final = frozenset(
    {
        *(b"accept", b"accept-language", b"host", b"if-none-match", b"link", b"user-agent"),
        *(b"content-type", b"content-length", b"prefer"),
    }
)
_COMPUTES: Final = frozenset({"execute", "inferModel", "getSignedModel"})
"""What counts as a use of a service or a model: having it compute, or taking it along."""
_MOST_ASKED: Final = 4 << 20
"""Bytes that a call may bring."""
_PREFIX: Final = re.compile(r"/dsp/data/[^/]+")


@dataclass(frozen=True, slots=True)
class _Asked:
    """One request that may be answered."""

    transfer: Transfer
    agreement: Agreement
    holding: Holding | Computation
    operation: Operation
    inner: Request
    circumstances: Circumstances
    target: str


class ContractedData:
    """Handlers of ``/dsp/data``. ``router`` finds the interfaces' own operations, over a gated store."""

    def __init__(self, desk: ContractDesk, holdings: Holdings, router: Router, aside: PutAside) -> None:
        self._desk = desk
        self._holdings = holdings
        self._router = router
        self._aside = aside

    async def read(self, request: Request) -> Reply | Stream:
        """Data of the transfer's dataset, by one of its format's operations."""
        asked = await self._asked(request)
        try:
            reply = await self._within(request, asked)
            await self._desk.book.durable()
            return reply
        except (errors.Forbidden, errors.Unauthenticated) as refused:
            self.denied(request, asked.transfer, refused)
            raise

    # --- whether

    async def _asked(self, request: Request) -> _Asked:
        transfer = self.admitted(request)
        agreement = self._desk.book.find(Agreement, transfer.agreement)
        holding = await self._holdings.holding(transfer.dataset)
        if agreement is None or holding is None:
            raise errors.NotFound(
                "the dataset of this transfer is not there any more", where=transfer.dataset
            )
        inner = await _inner(request)
        found = self._router.find(request.method, inner.path)
        way = BY_NAME.get(transfer.format)
        if found is None or way is None or found[0].name not in way.operations:
            raise errors.NotFound(
                f"a transfer as {transfer.format} does not lead there",
                where="path",
                hint="see the data address",
            )
        operation, inner.arguments = found
        if not holding.admits(inner.arguments, agreement.id):
            raise errors.NotFound("the agreement is about something else", where="path")
        operation.check_parameters(inner)
        target = inner.path + (f"?{inner.query_string.decode('latin-1')}" if inner.query_string else "")
        return _Asked(transfer, agreement, holding, operation, inner, circumstances(request), target)

    def admitted(self, request: Request) -> Transfer:
        """The transfer, if the token is for it and holds, and data flow. Raises ``Unauthenticated``, ``Forbidden``."""
        transfer = self._desk.book.find(Transfer, request.arguments["transfer"])
        given = request.header(b"authorization")
        if transfer is None or transfer.side is not Side.PROVIDER or not fits(given, transfer.token):
            self.denied(request, transfer, "not the token of this transfer")
            raise errors.Unauthenticated("this is not the token of this transfer", where="Authorization")
        if transfer.token_until is None or transfer.token_until <= self._desk.clock():
            self.denied(request, transfer, "the token has ended")
            raise errors.Unauthenticated(
                "the token has ended", where="Authorization", hint="ask for another at renewalEndpoint"
            )
        self._check_flows(transfer)
        return transfer

    def _check_flows(self, transfer: Transfer) -> None:
        """What we have decided holds at once, whether or not the partner has heard of it."""
        ours = None if transfer.pending is None else transfer.pending.act
        flows = transfer.state == TransferState.STARTED or ours is Doing.START
        if not flows or ours not in (None, Doing.START):
            now = transfer.state if ours in (None, Doing.START) else f"about to {ours}"
            raise errors.Forbidden(f"the transfer is {now}", where="state")

    def _check_goes_on(self, asked: _Asked) -> None:
        """Raise ``Forbidden`` where what was allowed at the beginning is not allowed any more."""
        transfer = self._desk.book.find(Transfer, asked.transfer.id)
        agreement = self._desk.book.find(Agreement, asked.agreement.id)
        if transfer is None or agreement is None:
            raise errors.Forbidden("the transfer is gone", where="state")
        self._check_flows(transfer)
        self._desk.enforcement.check_goes_on(agreement, asked.circumstances)

    # --- what

    async def _within(self, request: Request, asked: _Asked) -> Reply | Stream:
        part = request.header(b"range")
        if part is not None and isinstance(asked.holding, Holding):
            return await self._part(request, asked, part)
        decision = self._decided(asked)
        reply = await self._own(asked)
        if isinstance(asked.holding, Computation) and isinstance(reply, Reply):
            return self._computed(request, asked, reply, decision)
        return self._sent(request, asked, reply, decision)

    def _decided(self, asked: _Asked) -> Decision | None:
        """A use of data is each request; of a service or a model, what has something computed."""
        if isinstance(asked.holding, Computation) and asked.operation.name not in _COMPUTES:
            self._desk.enforcement.check_goes_on(asked.agreement, asked.circumstances)
            return None
        return self._desk.enforcement.use(asked.agreement, asked.circumstances)

    def _computed(
        self, request: Request, asked: _Asked, reply: Reply, decision: Decision | None
    ) -> Reply | Stream:
        """The answer of a service or a model; what was begun for this agreement is remembered, refusals not metered."""
        assert isinstance(asked.holding, Computation)
        if reply.status >= 400:
            return reply
        if asked.operation.name == "execute" and reply.status == 201:
            job = str(msgspec.json.decode(reply.body)["jobID"])
            asked.holding.served.note(run_of(job), asked.agreement, asked.transfer, request.id)
        return self._sent(request, asked, reply, decision)

    async def _part(self, request: Request, asked: _Asked, header: str) -> Reply | Stream:
        """A part; of a copy that whoever asks has had a part of before, it is no other use."""
        copy = self._aside.find(asked.transfer.id, asked.target)
        going_on = copy is not None and request.header(b"if-range") == copy.tag
        decision: Decision | None = None
        if copy is None or not going_on:
            decision = self._desk.enforcement.use(asked.agreement, asked.circumstances)
            reply = await self._own(asked)
            if reply.status != 200:
                return self._sent(request, asked, reply, decision)
            copy = await self._aside.keep(asked.transfer.id, asked.target, reply)
        else:
            self._check_goes_on(asked)
        return self._sent(request, asked, self._parted(request, copy, header, going_on=going_on), decision)

    def _parted(self, request: Request, copy: Copy, header: str, *, going_on: bool) -> Stream:
        if request.header(b"if-range") is not None and not going_on:
            return part_of(copy, None)  # another whole than the one they have a part of
        return part_of(copy, wanted_range(header, copy.size))

    async def _own(self, asked: _Asked) -> Reply | Stream:
        """What the interface itself answers, for somebody who may see this dataset and nothing else.

        In a task of its own: on whose behalf it reads must not stay with the connection.
        """
        reading = asked.holding.reading(asked.agreement.id)
        context = copy_context()
        context.run(read_as, reading)
        work = asyncio.get_running_loop().create_task(asked.operation.handle(asked.inner), context=context)
        try:
            reply: Reply | Stream = await work
        except asyncio.CancelledError:
            work.cancel()
            raise
        if isinstance(reply, Stream):
            return msgspec.structs.replace(reply, chunks=_on_behalf(reply.chunks, reading))
        return reply

    # --- how much

    def _sent(
        self, request: Request, asked: _Asked, reply: Reply | Stream, decision: Decision | None
    ) -> Reply | Stream:
        """The answer, metered; what it sends is noted before, and again when it is known how much it was."""
        headers = (*reply.headers, (b"sympolis-agreement", asked.agreement.id.encode("ascii", "replace")))
        if decision is not None and decision.duties:
            told = ", ".join(short(action.iri) for duty in decision.duties for action in duty.actions)
            headers = (*headers, (b"sympolis-duties", told.encode("ascii", "replace")))
        if isinstance(reply, Reply):
            self._meter(request, asked, reply.status, len(reply.body))
            return msgspec.structs.replace(reply, headers=headers, cache="private, no-store")
        use = self._meter(request, asked, reply.status, 0)
        return msgspec.structs.replace(reply, chunks=self._watched(reply.chunks, asked, use), headers=headers)

    async def _watched(
        self, chunks: AsyncGenerator[bytes, None], asked: _Asked, use: Use
    ) -> AsyncGenerator[bytes, None]:
        """Chunks, for as long as they may be sent."""
        sent, looked, why = 0, time.monotonic(), "broke off"
        try:
            async with aclosing(chunks):
                async for chunk in chunks:
                    if time.monotonic() - looked > _LOOK_EVERY_S:
                        looked = time.monotonic()
                        self._check_goes_on(asked)
                    sent += len(chunk)
                    yield chunk
            why = ""
        except errors.Forbidden as refused:
            why = refused.message
            raise
        finally:
            self._desk.book.finish(msgspec.structs.replace(use, bytes=sent, reason=why))

    def _meter(self, request: Request, asked: _Asked, status: int, size: int) -> Use:
        use = Use(
            at=self._desk.clock(),
            side=Side.PROVIDER,
            transfer=asked.transfer.id,
            agreement=asked.agreement.id,
            partner=asked.transfer.partner,
            dataset=asked.transfer.dataset,
            request=request.id,
            target=asked.target[:_LONGEST],
            status=status,
            bytes=size,
            purposes=asked.circumstances.purposes,
        )
        number = self._desk.book.use(use)
        self._note(Act.READ, request, asked.transfer, f"status {status}")
        return msgspec.structs.replace(use, number=number)

    def denied(self, request: Request, transfer: Transfer | None, why: object) -> None:
        """Note that somebody was refused."""
        self._note(Act.DENIED, request, transfer, str(why)[:200])

    def _note(self, act: Act, request: Request, transfer: Transfer | None, reason: str) -> None:
        partner, dataset, agreement = (
            ("", (), "") if transfer is None else (transfer.partner, (transfer.dataset,), transfer.agreement)
        )
        self._desk.note(
            Event(act, partner, "readData", request.path[:_LONGEST], request.id, dataset, agreement, reason)
        )

    # --- beside

    async def renew(self, request: Request) -> Reply:
        """Another token for a transfer that runs, for the partner: by their own proof, not by the old one."""
        caller = await self._caller(request)
        await self._desk.transfers.prepare(request.arguments["transfer"])
        address = self._desk.transfers.renew(request.arguments["transfer"], caller)
        await self._desk.book.durable()
        return json_reply(address)

    async def _caller(self, request: Request) -> Participant:
        said, shown = request.header(b"authorization"), certificates.shown(request)
        return await self._desk.credentials.identify(said, shown)

    async def usage(self, request: Request) -> Reply:
        """What we have noted of a transfer's uses, for the partner to compare."""
        caller = await self._caller(request)
        transfer = self._desk.transfers.get(request.arguments["transfer"], caller)
        found = self._desk.book.uses(after=AFTER.of(request), limit=LIMIT.of(request), transfer=transfer.id)
        return json_reply({"transfer": transfer.id, "uses": [_told(one) for one in found]})


def circumstances(request: Request) -> Circumstances:
    """What a request states of its purpose and place. Raises ``InvalidRequest``."""
    purposes = request.header(PURPOSE) or ""
    place = request.header(PLACE) or ""
    if max(len(purposes), len(place)) > _LONGEST:
        raise errors.InvalidRequest(f"more than {_LONGEST} characters", where="Sympolis-Purpose")
    stated = tuple(expand(one.strip()) for one in purposes.split(",") if one.strip())
    if len(stated) > _MOST_PURPOSES:
        raise errors.InvalidRequest(f"at most {_MOST_PURPOSES} purposes", where="Sympolis-Purpose")
    return Circumstances(stated, place.strip())


def _told(use: Use) -> Mapping[str, Any]:
    names = ("number", "at", "request", "target", "status", "bytes", "purposes", "reason")
    return {name: getattr(use, name) for name in names}


async def _inner(request: Request) -> Request:
    """The request as the interface itself would get it: without the part of the path that says for which transfer."""
    prefix = _PREFIX.match(request.path)
    assert prefix is not None
    path = request.path[prefix.end() :] or "/"
    scope = {
        **request.scope,
        "path": unquote(path),
        "raw_path": path.encode("latin-1"),
        "root_path": prefix[0],
        "headers": [(name, value) for name, value in request.scope["headers"] if name in _PASSED_ON],
        "state": {},
    }
    body = await request.body() if request.method == "POST" else b""
    if len(body) > _MOST_ASKED:
        raise errors.PayloadTooLarge(f"more than {_MOST_ASKED:,} bytes", where="body")

    async def receive() -> Message:
        return {"type": "http.request", "body": body, "more_body": False}

    return Request(scope, receive, id=request.id, max_body_bytes=_MOST_ASKED)


async def _on_behalf(chunks: AsyncGenerator[bytes, None], reading: Reading) -> AsyncGenerator[bytes, None]:
    """A stream is poured in a task of its own, which has to know for whom."""
    read_as(reading)
    async with aclosing(chunks):
        async for chunk in chunks:
            yield chunk
