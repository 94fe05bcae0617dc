"""Compute-to-data over HTTP, for partners: a package is handed in behind a transfer's token, and its outputs are had.

``/dsp/data/{transfer}/computations`` is where a transfer as ``Compute-To-Data`` leads. Every request is asked anew
whether token, transfer and agreement hold; it is metered under the name that both sides give it.
"""

from __future__ import annotations

import base64
import binascii
from typing import Any, Final

import msgspec

from sympolis.analysis.computing.declaration import Declaration
from sympolis.api.bodies import read_object
from sympolis.api.dsp.data import ContractedData, circumstances
from sympolis.api.http import Reply, Request, json_reply
from sympolis.dataspace.computing import terms
from sympolis.dataspace.computing.computation import Served, State
from sympolis.dataspace.computing.providing import Providing, Submission
from sympolis.dataspace.contracts.book import Use
from sympolis.dataspace.contracts.desk import ContractDesk
from sympolis.dataspace.dsp.processes import Agreement, Transfer
from sympolis.dataspace.dsp.vocabulary import COMPUTE, Side
from sympolis.domain import errors
from sympolis.governance.audit.record import Act, Event

WAIT_S: Final = 15.0
"""How long an approved package's answer is waited for before the partner is sent away to ask again."""
_MEMBERS: Final = frozenset({"package", "parameters"})


class ServedComputations:
    """Handlers of computations for partners."""

    def __init__(self, desk: ContractDesk, data: ContractedData, providing: Providing) -> None:
        self._desk = desk
        self._data = data
        self._providing = providing

    async def submit(self, request: Request) -> Reply:
        """Take a package. 201 with how it stands; what was approved before has mostly run by then."""
        transfer, agreement = self._asked(request)
        try:
            said = await read_object(request)
            given = Submission(
                agreement, transfer, request.id, _package(said), _parameters(said), circumstances(request)
            )
            taken = await self._providing.take(given)
        except (errors.Forbidden, errors.Unauthenticated) as refused:
            self._data.denied(request, transfer, refused.message)
            # the token held: what is refused is the package, and 401 would have the partner ask for another token
            raise errors.Forbidden(refused.message, where=refused.where, hint=refused.hint) from refused
        found = await self._providing.wait(taken.id, WAIT_S)
        return await self._answered(request, transfer, found, 201)

    async def look(self, request: Request) -> Reply:
        """How a computation stands, with its outputs once they are released."""
        transfer, agreement = self._asked(request)
        one = self._providing.get(request.arguments["computation"], agreement.id)
        declaration = msgspec.convert(one.declaration, Declaration)
        stated = circumstances(request)
        try:
            self._desk.enforcement.check_goes_on(agreement, stated, terms.doing(declaration))
        except errors.Forbidden as refused:
            self._data.denied(request, transfer, refused.message)
            raise
        return await self._answered(request, transfer, one, 200)

    def _asked(self, request: Request) -> tuple[Transfer, Agreement]:
        transfer = self._data.admitted(request)
        agreement = self._desk.book.find(Agreement, transfer.agreement)
        if transfer.format != COMPUTE or agreement is None:
            raise errors.NotFound(f"a transfer as {transfer.format} does not lead there", where="path")
        return transfer, agreement

    async def _answered(self, request: Request, transfer: Transfer, one: Served, status: int) -> Reply:
        reply = json_reply(_document(one), status=status)
        self._desk.book.use(
            Use(
                at=self._desk.clock(),
                side=Side.PROVIDER,
                transfer=transfer.id,
                agreement=transfer.agreement,
                partner=transfer.partner,
                dataset=transfer.dataset,
                request=request.id,
                target=request.path.partition(transfer.id)[2],
                status=status,
                bytes=len(reply.body),
                purposes=one.purposes,
            )
        )
        who, about = transfer.partner, (transfer.dataset,)
        reason = f"{one.state}, status {status}"
        self._desk.note(
            Event(Act.READ, who, "readComputation", one.id, request.id, about, transfer.agreement, reason)
        )
        await self._desk.book.durable()
        return msgspec.structs.replace(reply, cache="private, no-store")


def _document(one: Served) -> dict[str, Any]:
    """What the partner may know: outputs only where they are released."""
    found: dict[str, Any] = {
        "id": one.id, "state": str(one.state), "why": one.why, "digest": one.digest, "changed": one.changed,
    }  # fmt: skip
    if one.state is State.RELEASED:
        found |= {"outputs": one.outputs, "suppressed": one.suppressed, "rows": one.rows, "cpu_s": one.cpu_s}
    return found


def _package(said: dict[str, Any]) -> bytes:
    if unknown := sorted(said.keys() - _MEMBERS):
        raise errors.InvalidRequest("unknown member", where=unknown[0])
    try:
        return base64.b64decode(said.get("package", ""), validate=True)
    except (binascii.Error, TypeError, ValueError) as problem:
        raise errors.InvalidRequest("expected base64", where="package") from problem


def _parameters(said: dict[str, Any]) -> dict[str, Any]:
    found = said.get("parameters", {})
    if not isinstance(found, dict):
        raise errors.InvalidRequest("expected an object", where="parameters")
    return found
