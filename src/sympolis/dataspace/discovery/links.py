"""Partners' entities in our own queries: context source registrations made of agreements, kept as long as these last.

A transfer by NGSI-LD gives an address and a token. A registration (GS CIM 009, clause 4.3.6) for the agreed type of
entity that carries the token lets every query of this twin include the partner's entities; where the partner is slow
or silent, the answer comes without them and with a warning, and chains that lead back here are broken by the broker
(Via). When the transfer is suspended or ends, so does the registration; tokens are renewed before they run out.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Protocol
from urllib.parse import parse_qs, urlsplit

import msgspec

from sympolis.context.registrations.service import Registrations
from sympolis.context.terms import Terms
from sympolis.dataspace.calls import Calls
from sympolis.dataspace.contracts.renewing import address_anew
from sympolis.dataspace.dsp.credentials import Credentials
from sympolis.dataspace.dsp.messages import DataAddress
from sympolis.dataspace.dsp.processes import Transfer
from sympolis.dataspace.dsp.shapes import read
from sympolis.dataspace.dsp.vocabulary import Side, TransferState
from sympolis.dataspace.records import Records
from sympolis.domain import errors

log = logging.getLogger(__name__)

Json = dict[str, Any]
FORMAT: Final = "NGSI-LD-PULL"
_KIND: Final = "context-link"
_ROOT: Final = "/ngsi-ld/v1"
_RENEW_AFTER: Final = timedelta(minutes=40)
_LOOK_EVERY_S: Final = 20.0
_PATIENCE_MS: Final = 3_000
_COOLDOWN_MS: Final = 15_000
_MOST: Final = 1_000


class Link(msgspec.Struct, frozen=True, kw_only=True):
    """A registration that stands for a transfer."""

    transfer: str
    registration: str
    partner: str
    dataset: str
    type: str
    made_at: datetime
    token_at: datetime


class Transfers(Protocol):
    """What is known of transfers (``dataspace.contracts.transfers``)."""

    def get(self, pid: str) -> Transfer:
        """One of them. Raises ``NotFound``."""
        ...


@dataclass(frozen=True, slots=True)
class _Where:
    """A broker under contract: its address without the API's root, the type that it gives, the token."""

    endpoint: str
    type: str
    token: str


class ContextLinks:
    """See the module. ``open`` it once the loop runs, ``close`` it last."""

    def __init__(
        self,
        records: Records,
        registrations: Registrations,
        terms: Terms,
        *,
        transfers: Callable[[], Transfers | None],
        calls: Calls,
        credentials: Credentials,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._records = records
        self._registrations = registrations
        self._terms = terms
        self._transfers = transfers
        self._calls = calls
        self._credentials = credentials
        self._clock = clock
        self._task: asyncio.Task[None] | None = None

    def open(self) -> None:
        """Begin to look after the links."""
        self._task = asyncio.get_running_loop().create_task(self._keep_current())

    async def close(self) -> None:
        """Stop looking after them; the registrations stay."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    def links(self) -> list[Json]:
        """The links there are."""
        return [_document(one) for one in self._records.all(_KIND, Link)]

    async def link(self, transfer_id: str) -> Json:
        """Include a partner's entities in our queries. Raises ``NotFound``, ``Conflict``, ``AlreadyExists``."""
        transfer = self._transfer(transfer_id)
        if transfer.side is not Side.CONSUMER or transfer.format != FORMAT:
            raise errors.Conflict(f"only data that come to us as {FORMAT}", where="transfer")
        if transfer.state != TransferState.STARTED:
            raise errors.Conflict(f"the transfer is {transfer.state}", where="transfer")
        if self._records.find(_KIND, transfer_id, Link) is not None:
            raise errors.AlreadyExists("its entities are included already", where="transfer")
        if len(self._records.all(_KIND, Link)) >= _MOST:
            raise errors.QuotaExceeded(f"at most {_MOST} partners' datasets", where="links")
        where, now = _where(transfer), self._clock()
        found = await self._registrations.create(_registration(where), self._terms)
        made = Link(
            transfer=transfer_id,
            registration=found.id,
            partner=transfer.partner,
            dataset=transfer.dataset,
            type=where.type,
            made_at=now,
            token_at=now,
        )
        self._records.keep(_KIND, transfer_id, made)
        return _document(made)

    async def unlink(self, transfer_id: str) -> None:
        """Include them no more. Raises ``NotFound``."""
        found = self._records.find(_KIND, transfer_id, Link)
        if found is None:
            raise errors.NotFound("nothing of this transfer is included", where="transfer")
        self._records.drop(_KIND, transfer_id)
        with suppress(errors.NotFound):
            await self._registrations.delete(found.registration)

    async def refresh(self) -> None:
        """End what is over, renew what will run out."""
        for one in self._records.all(_KIND, Link):
            try:
                await self._refresh(one)
            except errors.SympolisError as problem:
                log.warning("the link to %s cannot be kept up: %s", one.partner, problem)

    async def _refresh(self, link: Link) -> None:
        try:
            transfer = self._transfer(link.transfer)
            flows = transfer.state == TransferState.STARTED
        except errors.NotFound:
            flows = False
        if not flows:
            await self.unlink(link.transfer)
        elif self._clock() - link.token_at > _RENEW_AFTER:
            await self._renew(link, transfer)

    async def _renew(self, link: Link, transfer: Transfer) -> None:
        """Another token from the partner, at the address that came with the first."""
        endpoint = _where(transfer).endpoint
        address = await address_anew(self._calls, self._credentials, transfer, endpoint)
        token = address.value_of("authorization") or ""
        await self._registrations.update(link.registration, {"contextSourceInfo": _info(token)}, self._terms)
        self._records.keep(_KIND, link.transfer, msgspec.structs.replace(link, token_at=self._clock()))

    async def _keep_current(self) -> None:
        while True:
            await asyncio.sleep(_LOOK_EVERY_S)
            await self.refresh()

    def _transfer(self, transfer_id: str) -> Transfer:
        transfers = self._transfers()
        if transfers is None:
            raise errors.NotFound("this twin has no contracts", where="transfer")
        return transfers.get(transfer_id)


def _where(transfer: Transfer) -> _Where:
    """Where the data of a transfer are. Raises ``Conflict`` where that is no NGSI-LD broker."""
    if transfer.data is None:
        raise errors.Conflict(f"the transfer is {transfer.state}", where="transfer")
    address = read(transfer.data, DataAddress)
    parts = urlsplit(address.where)
    base, root, _ = parts.path.partition(_ROOT)
    types = parse_qs(parts.query).get("type", [])
    if parts.scheme not in ("http", "https") or not root or len(types) != 1:
        raise errors.Conflict("the partner gives no NGSI-LD address for a type of entity", where="transfer")
    return _Where(f"{parts.scheme}://{parts.netloc}{base}", types[0], address.value_of("authorization") or "")


def _registration(where: _Where) -> Json:
    return {
        "type": "ContextSourceRegistration",
        "mode": "inclusive",
        "information": [{"entities": [{"type": where.type}]}],
        "endpoint": where.endpoint,
        "operations": ["queryEntity", "retrieveEntity"],
        "management": {"timeout": _PATIENCE_MS, "cooldown": _COOLDOWN_MS},
        "contextSourceInfo": _info(where.token),
    }


def _info(token: str) -> list[Mapping[str, str]]:
    return [{"key": "Authorization", "value": f"Bearer {token}"}]


def _document(one: Link) -> Json:
    return {
        "transfer": one.transfer,
        "registration": one.registration,
        "partner": one.partner,
        "dataset": one.dataset,
        "type": one.type,
        "made_at": one.made_at.isoformat(),
    }
