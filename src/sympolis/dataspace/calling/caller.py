"""The consumer's side of a call: begun under an agreement, followed until it ends, its answer kept with its provenance.

A call is kept before anything is sent, and followed anew after a restart. Nothing is called without an agreement that
holds: which one, says whoever calls, or it is the newest on that service.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

import msgspec

from sympolis.dataspace.calling.call import Call, CallState, Came
from sympolis.dataspace.calling.channel import Channel
from sympolis.dataspace.calls import JSON, read_json
from sympolis.dataspace.contracts.desk import ContractDesk
from sympolis.dataspace.contracts.exchange import new_id
from sympolis.dataspace.dsp.processes import Agreement, Transfer
from sympolis.dataspace.dsp.vocabulary import INFERENCE, PROCESSES, Side, TransferState
from sympolis.dataspace.records import Records
from sympolis.domain import errors

log = logging.getLogger(__name__)

KIND: Final = "call"
MOST_BYTES: Final = 64 << 20
"""Of one answer."""
MOST_UNDER_WAY: Final = 100
WAITS_S: Final = (0.2, 0.5, 1.0, 2.0, 5.0)
"""Between two looks at a job; the last goes on."""
MOST_LOOKS: Final = 20_000
MOST_MISSED: Final = 20
"""Looks in a row that nobody answered: then the partner has vanished."""
_BEGIN_S: Final = 20.0
_OVER: Final = {"failed": CallState.FAILED, "dismissed": CallState.STOPPED}
_OPEN: Final = ("accepted", "running")
_SUFFIX: Final = {"application/geo+json": "geojson"}


class Calling:
    """See the module. ``folder`` keeps what came, ``sleep`` waits between two looks."""

    def __init__(
        self,
        desk: ContractDesk,
        records: Records,
        folder: Path,
        *,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._desk = desk
        self._records = records
        self._folder = folder
        self._sleep = sleep
        self._under_way: dict[str, asyncio.Task[None]] = {}

    # --- asking

    def all(self) -> list[Call]:
        """Every call, newest first."""
        return sorted(self._records.all(KIND, Call), key=lambda one: one.began, reverse=True)

    def get(self, call_id: str) -> Call:
        """One call. Raises ``NotFound``."""
        found = self._records.find(KIND, call_id, Call)
        if found is None:
            raise errors.NotFound("there is no such call", where=call_id)
        return found

    def answer(self, call: Call) -> bytes:
        """What came of a call, as it came. Raises ``Conflict`` as long as there is nothing."""
        if call.came is None:
            raise errors.Conflict(f"the call is {call.state}: {call.why}".rstrip(": "), where="state")
        return (self._folder / call.came.file).read_bytes()

    async def wait(self, call_id: str, timeout_s: float) -> Call:
        """The call once it is over, or as it is when the time is."""
        task = self._under_way.get(call_id)
        if task is not None:
            await asyncio.wait([task], timeout=timeout_s)
        return self.get(call_id)

    # --- calling

    async def call(
        self,
        partner: str,
        asset: str,
        inputs: Mapping[str, Any],
        *,
        agreement: str = "",
        purposes: tuple[str, ...] = (),
        place: str = "",
        by: str = "",
    ) -> Call:
        """Begin a call. Raises ``Conflict`` without an agreement that holds, or where too much is under way."""
        if len(self._under_way) >= MOST_UNDER_WAY:
            raise errors.Conflict(
                f"{MOST_UNDER_WAY} calls are under way already", hint="wait for some of them"
            )
        agreed = self._agreed(partner, asset, agreement)
        transfer = await self._transfer(agreed)
        at = self._desk.clock()
        call = Call(
            id=new_id(),
            began=at,
            changed=at,
            by=by,
            partner=partner,
            asset=asset,
            agreement=agreed.id,
            transfer=transfer.id,
            inputs=dict(inputs),
            purposes=purposes,
            place=place,
        )
        self._keep(call)
        self._follow_soon(call)
        return call

    async def stop(self, call_id: str) -> Call:
        """Stop a call that goes on, here and at the partner. Raises ``Conflict`` where it is over."""
        call = self.get(call_id)
        if call.state.is_over:
            raise errors.Conflict(f"the call is {call.state}", where="state")
        task = self._under_way.pop(call_id, None)
        if task is not None:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
        call = self.get(call_id)
        if call.state.is_over:
            return call
        if call.job:
            channel = self._channel(call)
            try:
                await channel.send("DELETE", _job(channel.endpoint, call.job))
            except errors.SympolisError as problem:
                log.info("a partner's job could not be stopped: %s", problem)
            call = msgspec.structs.replace(call, requests=(*call.requests, *channel.requests))
        return self._changed(call, state=CallState.STOPPED, why="stopped by us")

    def open(self) -> None:
        """Follow what was under way when the server ended; what had not been sent for sure is not sent again."""
        for one in self._records.all(KIND, Call):
            if one.state is CallState.RUNNING:
                self._follow_soon(one)
            elif one.state is CallState.BEGUN:
                self._changed(
                    one, state=CallState.FAILED, why="the server ended before the partner had answered"
                )

    async def settled(self) -> None:
        """Wait until nothing is under way."""
        while tasks := list(self._under_way.values()):
            await asyncio.wait(tasks)

    async def close(self) -> None:
        """Stop following; it goes on at the next start."""
        tasks = list(self._under_way.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    # --- the contract

    def _agreed(self, partner: str, asset: str, agreement: str) -> Agreement:
        if agreement:
            found = self._desk.transfers.agreement(agreement)
            fits = found.partner == partner and found.dataset == asset and found.side is Side.CONSUMER
            if not fits:
                raise errors.InvalidRequest("this agreement is about something else", where="agreement")
            if found.ended is not None:
                raise errors.Conflict(f"the agreement has ended: {found.why}", where="agreement")
            return found
        for one in self._desk.book.page(Agreement, partner=partner, limit=1000):
            if one.dataset == asset and one.side is Side.CONSUMER and one.ended is None:
                return one
        raise errors.Conflict(
            f"there is no agreement on {asset}",
            where="agreement",
            hint=f"sympolis federation negotiate {partner} {asset}",
        )

    async def channel(self, partner: str, asset: str, way: str, *, agreement: str = "") -> Channel:
        """To a partner's model in another way than by calling it. Raises ``Conflict`` without an agreement."""
        return Channel(self._desk, await self._transfer(self._agreed(partner, asset, agreement), way))

    async def _transfer(self, agreement: Agreement, way: str = "") -> Transfer:
        """A transfer that runs and leads to the service, begun where there is none. Raises ``Conflict``."""
        ways = (way,) if way else (PROCESSES, INFERENCE)
        for one in self._desk.book.page(Transfer, tie=agreement.id, limit=1000):
            if one.format in ways and _leads(one):
                return one
        way = way or await self._way(agreement)
        begun = self._desk.transfers.request(agreement.id, way)
        found = await self._desk.transfers.wait(begun.id, lambda one: _leads(one) or one.is_over, _BEGIN_S)
        if not _leads(found):
            raise errors.Conflict(f"the transfer is {found.state}: {found.why}", where=found.id)
        return found

    async def _way(self, agreement: Agreement) -> str:
        """The format by which the partner says that it can be called. Raises ``Conflict``."""
        told = await self._desk.market.dataset(agreement.partner, agreement.address, agreement.dataset)
        formats = {one.get("format") for one in told.get("distribution", ())}
        for way in (PROCESSES, INFERENCE):
            if way in formats:
                return way
        raise errors.Conflict("this cannot be called", where=agreement.dataset)

    # --- following

    def _follow_soon(self, call: Call) -> None:
        task = asyncio.ensure_future(self._follow(call))
        self._under_way[call.id] = task
        task.add_done_callback(lambda _: self._under_way.pop(call.id, None))

    async def _follow(self, call: Call) -> None:
        try:
            channel = self._channel(call)
        except errors.NotFound:
            self._changed(call, state=CallState.FAILED, why="the transfer is gone")
            return
        try:
            if channel.transfer.format == INFERENCE:
                await self._infer(call, channel)
            else:
                await self._process(call, channel)
        except (errors.SympolisError, OSError, KeyError, TypeError, ValueError, AttributeError) as problem:
            log.warning("a call failed: %s", problem, extra={"action": "call", "call": call.id})
            why = problem.message if isinstance(problem, errors.SympolisError) else str(problem)
            self._changed(self._metered(call, channel), state=CallState.FAILED, why=why[:500])

    async def _infer(self, call: Call, channel: Channel) -> None:
        url = f"{channel.endpoint}/infer"
        answer = await channel.send("POST", url, document=call.inputs, most_bytes=MOST_BYTES)
        said = read_json(answer.body, url)
        provenance = {name: said.get(name) for name in ("model_name", "model_version")}
        self._arrived(self._metered(call, channel), answer.body, "application/json", provenance)

    async def _process(self, call: Call, channel: Channel) -> None:
        if not call.job:
            call = await self._execute(call, channel)
        call = await self._until_over(call, channel)
        if call.state.is_over:
            return
        url = f"{_job(channel.endpoint, call.job)}/results"
        answer = await channel.send("GET", url, most_bytes=MOST_BYTES)
        found = read_json(answer.body, url)
        said = found.get("provenance") if isinstance(found, Mapping) else None
        media = answer.headers.get("content-type", "").partition(";")[0].strip()
        provenance = dict(said) if isinstance(said, dict) else {}
        provenance["lineage"] = await self._lineage(call, channel)
        self._arrived(self._metered(call, channel), answer.body, media, provenance)

    async def _lineage(self, call: Call, channel: Channel) -> Any:
        """Where the answer comes from, source by source; None where the partner does not say."""
        url = f"{channel.endpoint.rpartition('/ogc/')[0]}/api/lineage/{quote(call.job, safe='')}"
        try:
            answer = await channel.send("GET", url, headers=[("Accept", JSON)])
            return read_json(answer.body, url)
        except (errors.SourceFailed, errors.Forbidden) as problem:
            log.info("a partner does not say where its answer comes from: %s", problem)
            return None

    async def _execute(self, call: Call, channel: Channel) -> Call:
        url = f"{channel.endpoint}/execution"
        asked = {"inputs": call.inputs}
        answer = await channel.send("POST", url, document=asked, headers=[("Prefer", "respond-async")])
        job = read_json(answer.body, url).get("jobID")
        if not isinstance(job, str) or not job or len(job) > 200:
            raise errors.SourceFailed("the partner named no job", where=url)
        return self._changed(self._metered(call, channel), state=CallState.RUNNING, job=job)

    async def _until_over(self, call: Call, channel: Channel) -> Call:
        """The call once its job has ended. Raises ``SourceFailed`` where the partner has vanished."""
        url, missed = _job(channel.endpoint, call.job), 0
        for look in range(MOST_LOOKS):
            try:
                answer = await channel.send("GET", url)
                missed = 0
            except errors.SourceFailed:
                missed += 1
                if missed >= MOST_MISSED:
                    raise
                await self._sleep(WAITS_S[-1])
                continue
            said = read_json(answer.body, url)
            call = self._seen(self._metered(call, channel), said)
            if said["status"] not in _OPEN:
                return call
            await self._sleep(WAITS_S[min(look, len(WAITS_S) - 1)])
        raise errors.SourceFailed("the job goes on for ever", where=url)

    def _seen(self, call: Call, said: Mapping[str, Any]) -> Call:
        """The call as a partner's status info has it."""
        status = str(said["status"])
        if status not in (*_OPEN, "successful", *_OVER):
            raise errors.SourceFailed(f"the partner speaks of a job that is {status[:50]!r}", where="status")
        message = str(said.get("message") or "")[:500]
        progress = said.get("progress")
        return self._changed(
            call,
            state=_OVER.get(status, CallState.RUNNING),
            progress=progress if isinstance(progress, int) and 0 <= progress <= 100 else call.progress,
            why=message if status in _OVER else "",
        )

    # --- keeping

    def _channel(self, call: Call) -> Channel:
        transfer = self._desk.transfers.get(call.transfer)
        return Channel(self._desk, transfer, call.purposes, call.place)

    def _metered(self, call: Call, channel: Channel) -> Call:
        """The call with the names of what was metered since."""
        names = tuple(channel.requests)
        channel.requests.clear()
        return msgspec.structs.replace(call, requests=(*call.requests, *names))

    def _arrived(self, call: Call, body: bytes, media: str, provenance: dict[str, Any]) -> None:
        name = f"{call.id.removeprefix('urn:uuid:')}.{_SUFFIX.get(media, 'json')}"
        self._folder.mkdir(parents=True, exist_ok=True)
        part = self._folder / f".{name}.part"
        part.write_bytes(body)
        part.replace(self._folder / name)
        came = Came(
            file=name,
            media=media or "application/json",
            bytes=len(body),
            sha256=hashlib.sha256(body).hexdigest(),
            at=self._desk.clock(),
        )
        self._changed(call, state=CallState.DONE, progress=100, came=came, provenance=provenance, why="")

    def _changed(self, call: Call, **members: Any) -> Call:
        found = msgspec.structs.replace(call, changed=self._desk.clock(), **members)
        self._keep(found)
        return found

    def _keep(self, call: Call) -> None:
        self._records.keep(KIND, call.id, call)


def _leads(transfer: Transfer) -> bool:
    return transfer.state == TransferState.STARTED and transfer.data is not None


def _job(endpoint: str, job: str) -> str:
    """The address of a job, beside the process that it is a job of."""
    return f"{endpoint.rpartition('/processes/')[0]}/jobs/{quote(job, safe='')}"
