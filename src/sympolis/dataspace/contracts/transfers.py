"""Transfer processes at work: as a provider who lets data out under an agreement, as a consumer who asks for them.

A provider starts what its agreement allows at this moment, with a token for this transfer alone. Suspending and
terminating take effect where they are kept: whoever gives data looks there at every request.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any, Final, Protocol

import msgspec

from sympolis.dataspace.calls import Answer
from sympolis.dataspace.contracts.exchange import WAITS_S, Exchange, check_address, message, new_id
from sympolis.dataspace.contracts.scripts import NO_SCRIPTS, Scripts
from sympolis.dataspace.delivery.tokens import new_token
from sympolis.dataspace.dsp import messages
from sympolis.dataspace.dsp.credentials import Participant
from sympolis.dataspace.dsp.machines import Act
from sympolis.dataspace.dsp.processes import Agreement, Sent, Transfer, Wanted, mark_of
from sympolis.dataspace.dsp.shapes import read
from sympolis.dataspace.dsp.vocabulary import (
    COMPUTE,
    CONTEXT,
    EDC,
    EDC_CONTEXT,
    HTTP_ENDPOINT,
    Side,
    TransferState,
)
from sympolis.domain import errors
from sympolis.governance.policy.vocabulary import ODRL

TOKEN_S: Final = 3600.0
"""How long a token holds; a consumer asks for the next one as itself."""
MOST_OPEN: Final = 1000
_MOST_TELLINGS: Final = 4
_STATE: Final = TransferState
DERIVE: Final = ODRL + "derive"
"""What computing on data that stay is, in ODRL."""
_SIMPLE: Final = {Act.SUSPEND: "suspension", Act.COMPLETE: "completion", Act.START: "start"}


class Allows(Protocol):
    """Says whether an agreement allows use now (``delivery.enforcement``)."""

    def why_not(self, agreement: Agreement, action: str = "") -> str:
        """Why not; '' where it does. ``action``: what is to be done, if not what is usual."""
        ...


class Endpoints(Protocol):
    """Where data of a dataset are had in a format, below a transfer's own address."""

    async def look(self, dataset: str) -> None:
        """Have at hand where it is had: after a restart, an agreement may be used before anybody asked for offers."""
        ...

    def path(self, dataset: str, format: str) -> str | None:
        """The path; None where the dataset is not had in that format."""
        ...


class Transfers(Exchange[Transfer]):
    """See the module. ``on_start`` is told of data that may be taken from a partner now, ``on_end`` of what is over."""

    KIND = Transfer
    NAME = "transfer"
    _PREFIX = "Transfer"

    def __init__(
        self, *args: Any, allows: Allows, endpoints: Endpoints, scripts: Scripts = NO_SCRIPTS, **named: Any
    ) -> None:
        super().__init__(*args, **named)
        self._allows = allows
        self._endpoints = endpoints
        self._scripts = scripts
        self.address: Callable[[], str] = lambda: ""
        """Our own address, where partners send their messages."""
        self.on_start: Callable[[Transfer], None] = lambda _: None
        self.on_end: Callable[[Transfer], None] = lambda _: None

    # --- agreements

    def agreement(self, agreement_id: str) -> Agreement:
        """An agreement. Raises ``NotFound``."""
        found = self.book.find(Agreement, agreement_id)
        if found is None:
            raise errors.NotFound("there is no such agreement", where=agreement_id)
        return found

    def end_agreement(self, agreement_id: str, why: str, *, by: str = "") -> Agreement:
        """End an agreement for us, and all transfers under it. Raises ``NotFound``."""
        found = self.agreement(agreement_id)
        if found.ended is None:
            ended = msgspec.structs.replace(found, ended=self._clock(), why=why, version=found.version + 1)
            if not self.book.replace(ended):
                raise errors.Conflict("the agreement has just changed", where=agreement_id)
            found = ended
        for one in self.book.page(Transfer, tie=agreement_id, limit=MOST_OPEN):
            if not one.is_over:
                self.terminate(one.id, why, by=by)
        return found

    # --- as a consumer

    def request(
        self,
        agreement_id: str,
        format: str,
        *,
        wanted: Wanted | None = None,
        partner: str = "",
        address: str = "",
    ) -> Transfer:
        """Ask for the data of an agreement of ours; with ``wanted`` they are taken as soon as they may be.

        Raises ``NotFound``, ``InvalidRequest`` where it has ended.
        """
        agreement = self.agreement(agreement_id)
        if agreement.side is not Side.CONSUMER:
            raise errors.InvalidRequest("in this agreement the data are ours", where="agreement")
        if agreement.ended is not None:
            raise errors.InvalidRequest(f"the agreement has ended: {agreement.why}", where="agreement")
        at = self._clock()
        process = Transfer(
            id=new_id(),
            side=Side.CONSUMER,
            partner=partner or agreement.partner,
            address=check_address(address or agreement.address, "address"),
            began=at,
            changed=at,
            dataset=agreement.dataset,
            agreement=agreement.id,
            format=format,
            wanted=wanted,
        )
        body = {
            "@context": [CONTEXT],
            "@id": new_id(),
            "@type": "TransferRequestMessage",
            "consumerPid": process.id,
            "agreementId": agreement.id,
            "format": format,
            "callbackAddress": self.address(),
        }
        kept = self._begin(process.sending(Act.REQUEST, "/transfers/request", body, at=at))
        assert kept is not None
        return kept

    # --- as a provider

    async def take_request(self, caller: Participant, document: dict[str, Any]) -> Transfer:
        """A consumer asks for data. Raises ``NotFound`` for an agreement that is not theirs, ``InvalidRequest``."""
        said = read(document, messages.TransferRequestMessage)
        known = self.book.find_peer(Transfer, caller.id, said.consumer_pid)
        if known is not None:
            return self._again(known, document)
        agreement = self.book.find(Agreement, said.agreement_id)
        if agreement is None or agreement.partner != caller.id or agreement.side is not Side.PROVIDER:
            raise errors.NotFound("there is no such agreement with you", where="agreementId")
        await self._endpoints.look(agreement.dataset)
        self._check_request(agreement, said)
        self.check_bound(caller, MOST_OPEN)
        at = self._clock()
        process = Transfer(
            id=new_id(),
            side=Side.PROVIDER,
            partner=caller.id,
            address=check_address(said.callback_address, "callbackAddress"),
            began=at,
            changed=at,
            peer=said.consumer_pid,
            dataset=agreement.dataset,
            agreement=agreement.id,
            format=said.format,
        )
        taken = process.receiving(Act.REQUEST, document, at=at)
        assert taken is not None
        first = msgspec.structs.replace(taken, taken={**taken.taken, "": mark_of(document)})
        kept = self._begin(self._react(first))
        await self.book.durable()
        return kept or self._again(self.book.find_peer(Transfer, caller.id, said.consumer_pid), document)

    def _check_request(self, agreement: Agreement, said: messages.TransferRequestMessage) -> None:
        if agreement.ended is not None:
            raise errors.InvalidRequest(f"the agreement has ended: {agreement.why}", where="agreementId")
        if isinstance(said.data_address, messages.DataAddress):
            raise errors.InvalidRequest("data are taken, not brought: name no address", where="dataAddress")
        if (
            agreement.id not in self._scripts.transfers
            and self._endpoints.path(agreement.dataset, said.format) is None
        ):
            raise errors.InvalidRequest(f"the dataset is not had as {said.format}", where="format")

    def _again(self, known: Transfer | None, document: dict[str, Any]) -> Transfer:
        """What there is already, where the same message comes once more. Raises ``InvalidRequest`` for another one."""
        if known is None or not known.repeats(document):
            raise errors.InvalidRequest("this process id belongs to another transfer", where="consumerPid")
        return known

    async def prepare(self, transfer_id: str) -> None:
        """Before one is started or its token renewed: know where its data are. Raises ``NotFound``."""
        await self._endpoints.look(self.get(transfer_id).dataset)

    def renew(self, transfer_id: str, caller: Participant) -> dict[str, Any]:
        """A new data address with a new token, in place of the one that ends. Raises ``NotFound``, ``Conflict``."""
        process = self.get(transfer_id, caller)
        if process.side is not Side.PROVIDER or process.state != _STATE.STARTED:
            raise errors.Conflict(f"the transfer is {process.state}", where="state")
        return self._address_anew(process)

    def _address_anew(self, process: Transfer) -> dict[str, Any]:
        address, changed = self._data_address(process)
        self._change(
            process.id,
            lambda one: msgspec.structs.replace(one, token=changed.token, token_until=changed.token_until),
        )
        return address

    # --- taking what follows

    async def _prepared(
        self,
        process: Transfer,
        act: Act,
        document: dict[str, Any],
        caller: Participant,  # noqa: ARG002
    ) -> Callable[[Transfer], Transfer]:
        if act is Act.START and process.side is Side.CONSUMER:
            data = document.get("dataAddress")
            if data is None and process.data is None:
                return lambda one: one
            return lambda one: msgspec.structs.replace(one, data=data or one.data, why="")
        if act is Act.START and (why := self._why_not(process)):
            raise errors.InvalidRequest(why, where="agreementId")
        if act is Act.START:
            return lambda one: msgspec.structs.replace(one, why="")
        if act in (Act.SUSPEND, Act.TERMINATE):
            why = "; ".join(str(part) for part in document.get("reason", ())[:5])[:500]
            return lambda one: msgspec.structs.replace(one, why=why or f"the partner has decided to {act}")
        return lambda one: one

    def _why_not(self, process: Transfer) -> str:
        """Why the agreement does not allow what this way leads to; '' where it does."""
        action = DERIVE if process.format == COMPUTE else ""
        return self._allows.why_not(self.agreement(process.agreement), action)

    async def receive(
        self, process_id: str, caller: Participant, document: dict[str, Any], shape: type[Any]
    ) -> Transfer:
        """Take a message about a transfer that there is."""
        said = read(document, shape)
        starts_by_edc = _ACTS[shape] is Act.START and EDC_CONTEXT in said.context
        if starts_by_edc and _has_resumed(self.get(process_id, caller)) and "dataAddress" in document:
            return await self._told_again(process_id, caller, document)
        taken = await self.take(process_id, caller, _ACTS[shape], document)
        if starts_by_edc and taken.side is Side.PROVIDER:
            self._later(self._tell_again(taken.id))
        return taken

    async def _told_again(self, process_id: str, caller: Participant, document: dict[str, Any]) -> Transfer:
        """The answer of Eclipse EDC to a consumer that resumes: by the protocol nothing has to follow."""
        self._check_pids(self.get(process_id, caller), document)

        def change(current: Transfer) -> Transfer | None:
            data = document["dataAddress"]
            return msgspec.structs.replace(current, data=data) if _has_resumed(current) else None

        told = self._change(process_id, change, by=caller.id)
        await self.book.durable()
        return told

    async def _tell_again(self, transfer_id: str) -> None:
        """Tell a consumer that has resumed where its data are, and with which token.

        By the protocol it knows; Eclipse EDC 0.15 has let go of that when it was suspended, and can neither go on nor
        end before it is told. What it answers changes nothing here.
        """
        await self.prepare(transfer_id)
        for wait_s in WAITS_S[:_MOST_TELLINGS]:
            await self._sleep(wait_s)
            process = self.get(transfer_id)
            if process.state != _STATE.STARTED or process.pending is not None:
                return
            body = message("TransferStartMessage", process, dataAddress=self._address_anew(process))
            sent = Sent(act=Act.START, path=f"{self._path(process)}/start", body=body, since=self._clock())
            answer = await self._posted(msgspec.structs.replace(process, pending=sent))
            if isinstance(answer, Answer) and answer.status < 300:
                return

    # --- deciding

    def _react(self, process: Transfer) -> Transfer:
        if self._scripts.find(process) is not None:
            return process
        if (
            process.side is not Side.PROVIDER
            or process.state != _STATE.REQUESTED
            or process.pending is not None
        ):
            return process
        why = self._why_not(process)
        return self._terminating(process, why) if why else self._doing(process, Act.START)

    def decide(self, process_id: str, act: Act, *, why: str = "", by: str = "") -> Transfer:
        """Suspend, resume, complete or terminate. Raises ``NotFound``, ``InvalidRequest`` where it makes no sense."""
        if act is Act.TERMINATE:
            return self.terminate(process_id, why, by=by)
        return self._change(process_id, lambda one: self._doing(one, act, why), by=by)

    def _doing(self, process: Transfer, act: Act, why: str = "") -> Transfer:
        """The process with our message on its way."""
        if act is Act.TERMINATE:
            return self._terminating(process, why)
        members: dict[str, Any] = {}
        if act is Act.START and process.side is Side.PROVIDER:
            members["dataAddress"], process = self._data_address(process)
        if act is Act.SUSPEND:
            members = {"code": "suspended", "reason": [why or "no reason"]}
            process = msgspec.structs.replace(process, why=why)
        body = message(f"Transfer{_NAMES[act]}Message", process, **members)
        path = f"{self._path(process)}/{_SIMPLE[act]}"
        return process.sending(act, path, body, at=self._clock())

    def _data_address(self, process: Transfer) -> tuple[dict[str, Any], Transfer]:
        """Where the data are, and the process with the token for them (as its hash)."""
        token = new_token()
        until: datetime = self._clock() + timedelta(seconds=TOKEN_S)
        base = f"{self.address()}/data/{process.id}"
        path = self._endpoints.path(process.dataset, process.format) or ""
        edc = {"endpoint": base + path, "endpointType": HTTP_ENDPOINT, "authorization": token.text}
        properties = {
            "authorization": token.text,
            "authType": "bearer",
            "expiresAt": until.isoformat(timespec="seconds"),
            "renewalEndpoint": f"{base}/token",
            "usageEndpoint": f"{base}/usage",
            **{EDC + name: value for name, value in edc.items()},
        }
        address = {
            "@type": "DataAddress",
            "endpointType": HTTP_ENDPOINT,
            "endpoint": base + path,
            "endpointProperties": [
                {"@type": "EndpointProperty", "name": name, "value": value}
                for name, value in properties.items()
            ],
        }
        return address, msgspec.structs.replace(process, token=token.digest, token_until=until)

    # --- what follows

    def _settled(self, process: Transfer) -> None:
        if process.side is Side.CONSUMER and process.state == _STATE.STARTED and process.data is not None:
            self.on_start(process)
        if process.is_over:
            self.on_end(process)
        script = self._scripts.find(process)
        if script is not None and process.steps and process.pending is None:
            self._play(process, script.acts(process.state, len(process.steps)))

    def _play(self, process: Transfer, acts: tuple[tuple[Act, float], ...]) -> None:
        async def play() -> None:
            for act, after_s in acts:
                await asyncio.sleep(after_s)
                self._change(process.id, lambda one, act=act: self._doing(one, act, "as scripted"))
                await self.wait(process.id, lambda one: one.pending is None, 10.0)

        if acts:
            self._later(play())


def _has_resumed(process: Transfer) -> bool:
    """Whether it goes on because we, its consumer, wanted so."""
    last = process.steps[-1] if process.steps else None
    ours = last is not None and last.act is Act.START and last.by is Side.CONSUMER
    return process.side is Side.CONSUMER and process.state == _STATE.STARTED and ours


_NAMES: Final = {Act.START: "Start", Act.SUSPEND: "Suspension", Act.COMPLETE: "Completion"}
_ACTS: Final[Mapping[type[Any], Act]] = {
    messages.TransferStartMessage: Act.START,
    messages.TransferSuspensionMessage: Act.SUSPEND,
    messages.TransferCompletionMessage: Act.COMPLETE,
    messages.TransferTerminationMessage: Act.TERMINATE,
}
