"""Requests with the token of a transfer: another token where one has ended, each request metered under its own name.

The partner notes the same requests under the same names, so that both accounts can be laid beside each other.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import urlsplit

import msgspec

from sympolis.dataspace.calls import JSON, Answer, told
from sympolis.dataspace.contracts.book import Use
from sympolis.dataspace.contracts.desk import ContractDesk
from sympolis.dataspace.contracts.renewing import address_anew
from sympolis.dataspace.dsp.messages import DataAddress
from sympolis.dataspace.dsp.processes import Transfer
from sympolis.dataspace.dsp.shapes import read
from sympolis.dataspace.dsp.vocabulary import Side
from sympolis.domain import errors
from sympolis.governance.audit.record import Act, Event

_PATIENCE_S: Final = 60.0
_LONGEST: Final = 1000


@dataclass(slots=True)
class Channel:
    """To what one transfer leads to. ``requests`` are the names of those that were answered."""

    desk: ContractDesk
    transfer: Transfer
    purposes: tuple[str, ...] = ()
    place: str = ""
    requests: list[str] = field(default_factory=list)
    _address: DataAddress | None = None

    @property
    def endpoint(self) -> str:
        """Where the service or the model is. Raises ``Conflict`` where the transfer has not begun."""
        return self._known().where.rstrip("/")

    async def send(
        self,
        method: str,
        url: str,
        *,
        document: Any = None,
        headers: Sequence[tuple[str, str]] = (),
        most_bytes: int = 1 << 20,
        sink: Callable[[bytes], object] | None = None,
    ) -> Answer:
        """One request. Raises ``Forbidden`` where the partner refuses, ``SourceFailed`` where nothing comes."""
        if urlsplit(url)[:2] != urlsplit(self.endpoint)[:2]:
            raise errors.SourceFailed("the partner sent us elsewhere", where=url)
        body = b"" if document is None else msgspec.json.encode(document)
        answer = await self._once(method, url, body, headers, most_bytes, sink)
        if answer.status == 401:
            await self._renew()
            answer = await self._once(method, url, body, headers, most_bytes, sink)
        if answer.status in (401, 403, 404):
            raise errors.Forbidden(f"the partner answered {answer.status}: {told(answer)}", where=url)
        if not 200 <= answer.status < 300:
            raise errors.SourceFailed(f"the partner answered {answer.status}: {told(answer)}", where=url)
        return answer

    async def _once(
        self,
        method: str,
        url: str,
        body: bytes,
        more: Sequence[tuple[str, str]],
        most_bytes: int,
        sink: Callable[[bytes], object] | None,
    ) -> Answer:
        name = uuid.uuid4().hex
        size = 0

        def counted(chunk: bytes) -> None:
            nonlocal size
            size += len(chunk)
            if sink is not None:
                sink(chunk)

        answer = await self.desk.calls(
            method,
            url,
            headers=[*self._headers(name, bool(body)), *more],
            body=body,
            timeout_s=_PATIENCE_S,
            most_bytes=most_bytes,
            sink=None if sink is None else counted,
        )
        if 200 <= answer.status < 300:
            self._meter(url, name, answer.status, size or len(answer.body))
        return answer

    def _headers(self, name: str, has_body: bool) -> list[tuple[str, str]]:
        token = self._known().value_of("authorization") or ""
        found = [("Authorization", f"Bearer {token}"), ("X-Request-ID", name)]
        found += [("Content-Type", JSON)] if has_body else []
        found += [("Sympolis-Purpose", ", ".join(self.purposes))] if self.purposes else []
        return found + ([("Sympolis-Place", self.place)] if self.place else [])

    def _known(self) -> DataAddress:
        if self._address is None:
            if self.transfer.data is None:
                raise errors.Conflict(f"the transfer is {self.transfer.state}", where="state")
            self._address = read(self.transfer.data, DataAddress)
        return self._address

    async def _renew(self) -> None:
        """Another token, by who we are. Raises ``Forbidden`` where there is none for us any more."""
        self._address = await address_anew(
            self.desk.calls, self.desk.credentials, self.transfer, self.endpoint
        )

    def _meter(self, url: str, name: str, status: int, size: int) -> None:
        parts, one = urlsplit(url), self.transfer
        self.requests.append(name)
        self.desk.book.use(
            Use(
                at=self.desk.clock(),
                side=Side.CONSUMER,
                transfer=one.id,
                agreement=one.agreement,
                partner=one.partner,
                dataset=one.dataset,
                request=name,
                target=(parts.path + (f"?{parts.query}" if parts.query else ""))[:_LONGEST],
                status=status,
                bytes=size,
                purposes=self.purposes,
            )
        )
        who = self.desk.credentials.participant
        self.desk.note(
            Event(
                Act.READ,
                who,
                "call",
                one.id,
                name,
                (one.dataset,),
                via=one.agreement,
                reason=f"status {status}",
            )
        )
