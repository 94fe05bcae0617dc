"""The consumer's side: a package of ours is signed, sent under an agreement, followed, and its outputs are kept.

A decision at the partner may take days, so nobody waits in a loop: whoever looks at a computation has the partner asked
how it stands. What comes is held against what our own package said: a partner can no more send us something else than
we could take more than was agreed on.
"""

from __future__ import annotations

import asyncio
import base64
import logging
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final
from urllib.parse import quote

import msgspec

from sympolis.analysis.computing import disclosure
from sympolis.analysis.computing.declaration import Declaration, as_document, outputs_of
from sympolis.dataspace.calling.caller import Calling
from sympolis.dataspace.calling.channel import Channel
from sympolis.dataspace.calls import read_json
from sympolis.dataspace.computing.computation import Asked, State
from sympolis.dataspace.computing.package import TYPE, Package, make_package, write_package
from sympolis.dataspace.contracts.desk import ContractDesk
from sympolis.dataspace.contracts.exchange import new_id
from sympolis.dataspace.credentials.keys import KeyRing
from sympolis.dataspace.dsp.processes import Transfer
from sympolis.dataspace.dsp.vocabulary import COMPUTE
from sympolis.dataspace.records import Records
from sympolis.domain import errors

log = logging.getLogger(__name__)

ASKED: Final = "computation-asked"
_MOST_ANSWER: Final = 4 << 20
_WAITS_S: Final = (0.2, 0.5, 1.0, 2.0)
_STATES: Final = tuple(str(one) for one in State if one is not State.BEGUN)


class Asking:
    """See the module. ``own`` is our DID, ``sleep`` waits between two looks."""

    def __init__(
        self,
        desk: ContractDesk,
        calling: Calling,
        records: Records,
        keys: KeyRing,
        own: Callable[[], str],
        *,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._desk = desk
        self._calling = calling
        self._records = records
        self._keys = keys
        self._own = own
        self._sleep = sleep

    def all(self) -> list[Asked]:
        """Every computation, newest first."""
        return sorted(self._records.all(ASKED, Asked), key=lambda one: one.at, reverse=True)

    def get(self, asked_id: str) -> Asked:
        """One of them, as far as we know. Raises ``NotFound``."""
        found = self._records.find(ASKED, asked_id, Asked)
        if found is None:
            raise errors.NotFound("there is no such computation", where=asked_id)
        return found

    async def submit(  # noqa: PLR0913 - what is handed in, and under what
        self,
        partner: str,
        asset: str,
        files: Mapping[str, bytes],
        *,
        parameters: Mapping[str, Any] | None = None,
        agreement: str = "",
        purposes: tuple[str, ...] = (),
        place: str = "",
        by: str = "",
    ) -> Asked:
        """Sign a package, hand it in. Raises ``Conflict`` without an agreement, ``Forbidden`` where it is refused."""
        package = make_package(files)
        channel = await self._calling.channel(partner, asset, COMPUTE, agreement=agreement)
        channel.purposes, channel.place = purposes, place
        at = self._desk.clock()
        one = Asked(
            id=new_id(), at=at, changed=at, by=by, partner=partner, asset=asset, agreement=channel.transfer.agreement,
            transfer=channel.transfer.id, digest=package.digest, declaration=as_document(package.declaration),
            parameters=dict(parameters or {}), purposes=purposes, place=place,
        )  # fmt: skip
        self._records.keep(ASKED, one.id, one)
        document = {"package": base64.b64encode(self._signed(package)).decode(), "parameters": one.parameters}
        try:
            answer = await channel.send("POST", channel.endpoint, document=document, most_bytes=_MOST_ANSWER)
        except errors.SympolisError as refused:
            state = State.REFUSED if isinstance(refused, errors.Forbidden) else State.FAILED
            self._changed(one, channel, state=state, why=refused.message[:2000])
            raise
        return self._told(one, channel, read_json(answer.body, channel.endpoint))

    def _signed(self, package: Package) -> bytes:
        did = self._own()
        claims = {"iss": did, "iat": int(time.time()), **package.claims()}
        return write_package(package, self._keys.sign({"typ": TYPE}, claims, did=did))

    async def look(self, asked_id: str, *, wait_s: float = 0.0) -> Asked:
        """How it stands at the partner; with ``wait_s`` once it is over, or when the time is."""
        until, looks = time.monotonic() + wait_s, 0
        one = self.get(asked_id)
        while not one.state.is_over and one.peer:
            one = await self._looked(one)
            if one.state.is_over or time.monotonic() >= until:
                break
            await self._sleep(_WAITS_S[min(looks, len(_WAITS_S) - 1)])
            looks += 1
        return one

    async def _looked(self, one: Asked) -> Asked:
        channel = Channel(self._desk, self._transfer(one), one.purposes, one.place)
        url = f"{channel.endpoint}/{quote(one.peer, safe='')}"
        try:
            answer = await channel.send("GET", url, most_bytes=_MOST_ANSWER)
        except errors.Forbidden as refused:
            return self._changed(one, channel, state=State.REFUSED, why=refused.message[:2000])
        except errors.SourceFailed as problem:  # for now: what we know of it stands
            log.info("a partner does not say how a computation stands: %s", problem.message)
            return one
        return self._told(one, channel, read_json(answer.body, url))

    def _transfer(self, one: Asked) -> Transfer:
        return self._desk.transfers.get(one.transfer)

    def _told(self, one: Asked, channel: Channel, said: Any) -> Asked:
        """The computation as the partner has it. Raises ``SourceFailed`` for what cannot be."""
        found = said if isinstance(said, dict) else {}
        peer, state = found.get("id"), found.get("state")
        if (
            not isinstance(peer, str)
            or not 0 < len(peer) <= 200
            or state not in _STATES
            or one.peer not in ("", peer)
        ):
            raise errors.SourceFailed("the partner speaks of something else", where=channel.endpoint)
        members: dict[str, Any] = {
            "peer": peer,
            "state": State(state),
            "why": str(found.get("why") or "")[:2000],
        }
        if state == State.RELEASED:
            try:
                members |= self._outputs(one, found)
            except errors.Forbidden as odd:
                why = f"the partner sent what was not agreed on: {odd.message}"
                members |= {"state": State.FAILED, "why": why[:2000]}
        return self._changed(one, channel, **members)

    def _outputs(self, one: Asked, found: Mapping[str, Any]) -> dict[str, Any]:
        mine = msgspec.convert(one.declaration, Declaration)
        given = found.get("outputs")
        checked = disclosure.checked(
            given if isinstance(given, dict) else {},
            outputs_of(mine),
            least=mine.min_group,
            digits=mine.digits,
        )
        small = found.get("suppressed")
        told = (
            {str(name)[:60]: int(count) for name, count in small.items()} if isinstance(small, dict) else {}
        )
        rows, cpu_s = found.get("rows"), found.get("cpu_s")
        return {
            "outputs": checked.tables,
            "suppressed": told,
            "rows": rows if isinstance(rows, int) else 0,
            "cpu_s": float(cpu_s) if isinstance(cpu_s, int | float) else 0.0,
        }

    def _changed(self, one: Asked, channel: Channel, **members: Any) -> Asked:
        names = (*one.requests, *channel.requests)
        channel.requests.clear()
        found = msgspec.structs.replace(one, changed=self._desk.clock(), requests=names, **members)
        self._records.keep(ASKED, found.id, found)
        return found
