"""What negotiations and transfers have in common: messages are taken once, kept before they are answered, and sent.

No lock is held while a message is on its way. A process is read, changed and kept in one go; where somebody else was
quicker, it is read again. What we send is kept first, so that a restart sends it again: twins know repeats when they
see them.
"""

from __future__ import annotations

import asyncio
import logging
import uuid
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from datetime import UTC, datetime
from typing import Any, Final, Generic, Protocol, TypeVar
from urllib.parse import quote, urlsplit

import msgspec

from sympolis.dataspace.calls import JSON, Answer, Calls
from sympolis.dataspace.contracts.book import ContractBook
from sympolis.dataspace.dsp.credentials import Credentials, Participant
from sympolis.dataspace.dsp.machines import Act
from sympolis.dataspace.dsp.processes import Negotiation, Process, Transfer, message_name
from sympolis.dataspace.dsp.vocabulary import CONTEXT, Side
from sympolis.domain import errors
from sympolis.governance.audit.record import Act as AuditAct
from sympolis.governance.audit.record import Event

log = logging.getLogger(__name__)

P = TypeVar("P", Negotiation, Transfer)

WAITS_S: Final = (0.5, 1.0, 2.0, 5.0, 10.0, 30.0, 60.0, 120.0)
"""After each of these, a message that did not arrive is sent again; after the last the partner has vanished."""
_PATIENCE_S: Final = 10.0
_MOST_BYTES: Final = 256 * 1024
_MOST_TRIES: Final = 5
_LONGEST: Final = 2048


class Change(Protocol[P]):
    """Makes the next version of a process; None where nothing changes."""

    def __call__(self, process: P, /) -> P | None: ...


def now() -> datetime:
    """The present instant."""
    return datetime.now(UTC)


def new_id() -> str:
    """A name that nobody else has."""
    return f"urn:uuid:{uuid.uuid4()}"


def message(kind: str, process: Process, **members: Any) -> dict[str, Any]:
    """A message about a process that both sides know."""
    return {
        "@context": [CONTEXT],
        "@id": new_id(),
        "@type": kind,
        "providerPid": process.provider_pid,
        "consumerPid": process.consumer_pid,
        **members,
    }


def check_address(address: str, where: str) -> str:
    """An address that messages can be sent to, without its trailing slash. Raises ``InvalidRequest``.

    Whether it may be called is said by the guard, when it is: a name may lead elsewhere the second time.
    """
    try:
        parts = urlsplit(address)
        sound = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        sound = False
    plain = address.isascii() and address.isprintable() and not set(address) & set(' ?#@<>"\\')
    if not sound or not plain or len(address) > _LONGEST:
        raise errors.InvalidRequest("expected an http or https address", where=where)
    return address.rstrip("/")


class Exchange(Generic[P]):
    """See the module. ``note`` writes the audit log; ``sleep`` waits between attempts."""

    KIND: type[P]
    NAME: str

    def __init__(
        self,
        book: ContractBook,
        calls: Calls,
        credentials: Credentials,
        *,
        note: Callable[[Event], None] = lambda _: None,
        clock: Callable[[], datetime] = now,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self.book = book
        self.credentials = credentials
        self._calls = calls
        self._note = note
        self._clock = clock
        self._sleep = sleep
        self._under_way: set[asyncio.Task[None]] = set()
        self._sending: set[str] = set()
        self._changes: dict[str, asyncio.Event] = {}
        """By process id, where somebody waits for its next change."""

    # --- asking

    def get(self, process_id: str, caller: Participant | None = None) -> P:
        """One process; to a caller only if it is with them. Raises ``NotFound``."""
        found = self.book.find(self.KIND, process_id)
        if found is None or (caller is not None and found.partner != caller.id):
            raise errors.NotFound(f"there is no such {self.NAME}", where=process_id)
        return found

    async def wait(self, process_id: str, until: Callable[[P], bool], timeout_s: float) -> P:
        """The process once ``until`` holds for it, or as it is when the time is over. Raises ``NotFound``."""
        try:
            async with asyncio.timeout(timeout_s):
                while not until(self.get(process_id)):
                    await self._changes.setdefault(process_id, asyncio.Event()).wait()
        except TimeoutError:
            pass
        return self.get(process_id)

    # --- taking messages

    async def take(self, process_id: str, caller: Participant, act: Act, document: dict[str, Any]) -> P:
        """Take a message about a process that there is. Raises ``NotFound``, ``InvalidRequest``."""
        process = self.get(process_id, caller)
        self._check_pids(process, document)
        prepared = await self._prepared(process, act, document, caller)

        def change(current: P) -> P | None:
            taken = current.receiving(act, document, at=self._clock())
            return None if taken is None else self._react(prepared(taken))

        taken = self._change(process_id, change, by=caller.id)
        await self.book.durable()
        return taken

    async def _prepared(
        self, process: P, act: Act, document: dict[str, Any], caller: Participant
    ) -> Callable[[P], P]:
        """What a message means for the process, once it may be taken. Raises what makes it unacceptable."""
        raise NotImplementedError

    def _react(self, process: P) -> P:
        """The process with our own next message on its way, where we have something to say."""
        raise NotImplementedError

    def _settled(self, process: P) -> None:
        """Something has just become true and is kept: whatever follows from it elsewhere."""

    def _check_pids(self, process: P, document: Mapping[str, Any]) -> None:
        for member, known in (("providerPid", process.provider_pid), ("consumerPid", process.consumer_pid)):
            if known and document.get(member, known) != known:
                raise errors.InvalidRequest(f"this {self.NAME} has another {member}", where=member)

    def check_bound(self, caller: Participant, most: int) -> None:
        """Raise ``QuotaExceeded`` where somebody has as many open as they may."""
        if self.book.count_open(self.KIND, caller.id) >= most:
            raise errors.QuotaExceeded(
                f"{most} {self.NAME}s are open", where="consumerPid", hint="end some of them"
            )

    # --- keeping

    def _begin(self, process: P) -> P | None:
        """Keep a new process; None where the partner has one by that name already."""
        if not self.book.add(process):
            return None
        self._told(None, process, process.partner)
        return process

    def _change(self, process_id: str, change: Change[P], *, by: str = "") -> P:
        """Read, change and keep in one go; again where another process of this server was quicker."""
        for _ in range(_MOST_TRIES):
            current = self.get(process_id)
            changed = change(current)
            if changed is None:
                return current
            kept = msgspec.structs.replace(changed, version=current.version + 1)
            if self.book.replace(kept):
                self._told(current, kept, by)
                return kept
        raise errors.Conflict(f"the {self.NAME} is changing all the time", where=process_id)

    def _told(self, before: P | None, after: P, by: str) -> None:
        for step in after.steps[0 if before is None else len(before.steps) :]:
            who = after.partner if step.by is not after.side else by or self.credentials.participant
            event = Event(
                AuditAct.DONE,
                who,
                f"{self.NAME}.{step.act}",
                after.id,
                step.message,
                (after.dataset,) if after.dataset else (),
                via=after.partner,
                reason=step.state,
            )
            self._note(event)
        self._settled(after)
        if after.pending is not None:
            self._send_soon(after.id)
        changed = self._changes.pop(after.id, None)
        if changed is not None:
            changed.set()

    # --- sending

    def resume(self) -> None:
        """Send what was on its way when the server ended."""
        for one in self.book.waiting(self.KIND):
            self._send_soon(one.id)

    async def close(self) -> None:
        """Stop sending; what has not arrived is sent at the next start."""
        tasks = list(self._under_way)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def settled(self) -> None:
        """Wait until nothing is on its way."""
        while tasks := list(self._under_way):
            await asyncio.wait(tasks)

    def _send_soon(self, process_id: str) -> None:
        if process_id not in self._sending:
            self._sending.add(process_id)
            self._later(self._send(process_id))

    def _later(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.ensure_future(work)
        self._under_way.add(task)
        task.add_done_callback(self._over)

    def _over(self, task: asyncio.Task[None]) -> None:
        self._under_way.discard(task)
        if not task.cancelled() and (problem := task.exception()) is not None:
            log.error("a %s stopped", self.NAME, exc_info=problem, extra={"action": "dsp"})

    async def _send(self, process_id: str) -> None:
        """Send what is on its way until it is acknowledged, refused or given up."""
        attempt = 0
        try:
            while (
                process := self.book.find(self.KIND, process_id)
            ) is not None and process.pending is not None:
                await self.book.durable()
                answer = await self._posted(process)
                if _is_passing(answer) and attempt < len(WAITS_S):
                    await self._sleep(WAITS_S[attempt])
                    attempt += 1
                else:
                    self._change(process_id, self._outcome(message_name(process.pending.body), answer))
                    attempt = 0
        finally:  # in the same breath as the last look: what is to be sent from here on begins anew
            self._sending.discard(process_id)

    def _outcome(self, name: str, answer: Answer | errors.SympolisError) -> Change[P]:
        """What becomes of the process by what was answered to the message of this name."""

        def change(process: P) -> P | None:
            if process.pending is None or message_name(process.pending.body) != name:
                return None  # it is not on its way any more
            if not isinstance(answer, Answer) or answer.status >= 500:
                return self._given_up(process, _why(answer))
            return (
                self._acked(process, answer) if answer.status < 300 else self._refused(process, _why(answer))
            )

        return change

    async def _posted(self, process: P) -> Answer | errors.SympolisError:
        assert process.pending is not None
        url = process.address + process.pending.path
        try:
            said = await self.credentials.authorization(process.partner, process.address)
            headers = [("Content-Type", JSON), ("Accept", JSON)]
            if said is not None:
                headers.append(("Authorization", said))
            return await self._calls(
                "POST",
                url,
                headers=headers,
                body=msgspec.json.encode(process.pending.body),
                timeout_s=_PATIENCE_S,
                most_bytes=_MOST_BYTES,
            )
        except errors.SympolisError as problem:
            log.info(
                "a message did not arrive", extra={"action": "dsp", "url": url, "reason": problem.message}
            )
            return problem

    def _acked(self, process: P, answer: Answer) -> P:
        return self._react(self._introduced(process, answer).acknowledged(at=self._clock()))

    def _introduced(self, process: P, answer: Answer) -> P:
        """With the partner's own id, which the answer to a first message has."""
        if process.peer:
            return process
        try:
            said = msgspec.json.decode(answer.body)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            said = None
        member = "providerPid" if process.side is Side.CONSUMER else "consumerPid"
        peer = said.get(member) if isinstance(said, dict) else None
        return msgspec.structs.replace(process, peer=peer[:_LONGEST]) if isinstance(peer, str) else process

    def _refused(self, process: P, why: str) -> P:
        """The partner does not take it: both sides see this differently, so it ends (section 7)."""
        assert process.pending is not None
        bare = msgspec.structs.replace(process, pending=None, why=why, changed=self._clock())
        if process.pending.act is Act.TERMINATE or not process.peer:
            return self._ended(bare, why)
        return self._terminating(bare, why)

    def _given_up(self, process: P, why: str) -> P:
        """It cannot be reached: it has ended for us, whatever they think."""
        return self._ended(msgspec.structs.replace(process, pending=None), why)

    def _ended(self, process: P, why: str) -> P:
        return msgspec.structs.replace(process, state="TERMINATED", why=why, changed=self._clock())

    def _terminating(self, process: P, why: str) -> P:
        """The process with our termination on its way."""
        body = message(
            f"{self._PREFIX}TerminationMessage", process, code="terminated", reason=[why or "no reason"]
        )
        path = f"{self._path(process)}/termination"
        sent = process.sending(Act.TERMINATE, path, body, at=self._clock())
        return msgspec.structs.replace(sent, why=why)

    _PREFIX: str

    def _path(self, process: P) -> str:
        """Where the partner has this process, below their address."""
        return f"/{self.NAME}s/{quote(process.peer, safe='')}"

    def terminate(self, process_id: str, why: str, *, by: str = "") -> P:
        """Break it off. Raises ``NotFound``, ``InvalidRequest`` where it has ended."""

        def change(current: P) -> P:
            if not current.peer:  # they do not know of it
                current.MACHINE.next(current.state or "REQUESTED", Act.TERMINATE, current.side)
                return self._ended(msgspec.structs.replace(current, pending=None), why)
            return self._terminating(current, why)

        return self._change(process_id, change, by=by)


def _is_passing(answer: Answer | errors.SympolisError) -> bool:
    """Whether it may be otherwise a little later. An address that our own guard refuses stays refused."""
    if isinstance(answer, Answer):
        return answer.status >= 500 or answer.status == 429
    return not isinstance(answer, errors.Forbidden) and not isinstance(answer.__cause__, errors.Forbidden)


def _why(answer: Answer | errors.SympolisError) -> str:
    """What the other side says, or what went wrong, in a line."""
    if isinstance(answer, errors.SympolisError):
        return f"the partner cannot be reached: {answer.message}"
    try:
        said = msgspec.json.decode(answer.body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        said = {}
    reason = said.get("reason") if isinstance(said, dict) else None
    text = "; ".join(str(one) for one in reason[:5]) if isinstance(reason, list) else ""
    plain = "".join(one for one in f"the partner answered {answer.status}: {text}" if one.isprintable())
    return plain[:500]
