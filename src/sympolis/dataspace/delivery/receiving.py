"""Bringing data home: taken by parts that can be taken up again, and kept with where they come from and on which terms.

Beside every file lies ``provenance.json``: which agreement and transfer it came under, from whom, when, by which
requests, and its SHA-256. Each request is noted on our side as it is on the partner's, under the same name, so that the
two accounts can be laid beside each other (``compare``).
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import logging
import re
import uuid
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final
from urllib.parse import urljoin, urlsplit

import msgspec

from sympolis.dataspace.calls import JSON, WITH_CONTENT, Answer, read_json, told
from sympolis.dataspace.contracts.book import Use
from sympolis.dataspace.contracts.desk import ContractDesk
from sympolis.dataspace.contracts.renewing import address_anew, place_of_renewal
from sympolis.dataspace.dsp.machines import Act
from sympolis.dataspace.dsp.messages import DataAddress
from sympolis.dataspace.dsp.processes import Agreement, Transfer, Wanted
from sympolis.dataspace.dsp.shapes import read
from sympolis.dataspace.dsp.vocabulary import Side, TransferState
from sympolis.domain import errors
from sympolis.governance.audit.record import Act as AuditAct
from sympolis.governance.audit.record import Event

log = logging.getLogger(__name__)

PART: Final = 4 << 20
"""Bytes of one part."""
MOST_BYTES: Final = 8 << 30
MOST_PAGES: Final = 10_000
WAITS_S: Final = (0.5, 1.0, 2.0, 5.0, 10.0, 30.0)
"""After each of these a partner that does not answer is asked again; after the last it has vanished."""
_MOST_USES: Final = 100_000
_PATIENCE_S: Final = 60.0
_SPAN: Final = re.compile(r"bytes (\d{1,18})-(\d{1,18})/(\d{1,18})", re.ASCII)
_NEXT: Final = re.compile(r'<([^>]*)>\s*;[^,]*rel="?next"?')
_SUFFIXES: Final = {
    "application/geo+json": "geojson",
    "application/vnd.apache.parquet": "parquet",
    "text/csv": "csv",
    "application/ld+json": "jsonld",
    "application/json": "json",
}
_STREAMS: Final = ("LDES-PULL",)
"""Formats without an end: a client follows them, nobody takes them at once."""


@dataclass(slots=True)
class _Taking:
    """What has been taken so far."""

    transfer: Transfer
    agreement: Agreement
    wanted: Wanted
    folder: Path
    url: str
    token: str
    requests: list[str] = field(default_factory=list)
    media: str = ""
    tag: str = ""
    pages: int = 0
    bare: bool = False
    """Whether the endpoint wants the token without a scheme."""


class Receiving:
    """See the module. ``folder`` keeps what came, a folder for each transfer."""

    def __init__(
        self,
        desk: ContractDesk,
        folder: Path,
        *,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._desk = desk
        self._folder = folder
        self._sleep = sleep
        self._under_way: dict[str, asyncio.Task[None]] = {}
        desk.transfers.on_start = self._started

    # --- asking

    def kept(self, transfer: str) -> list[Mapping[str, Any]]:
        """The provenance of what has come of a transfer."""
        path = self._place(transfer) / "provenance.json"
        return [json.loads(path.read_text("utf-8"))] if path.is_file() else []

    def take(self, transfer: Transfer, wanted: Wanted) -> None:
        """Begin to take a transfer's data. Raises ``Conflict`` where they may not be had, or are being taken."""
        if transfer.side is not Side.CONSUMER:
            raise errors.Conflict("these data are ours", where="side")
        if transfer.state != TransferState.STARTED or transfer.data is None:
            raise errors.Conflict(f"the transfer is {transfer.state}", where="state")
        if transfer.format in _STREAMS:
            raise errors.Conflict(
                "this is a stream without an end",
                where="format",
                hint="follow it with an LDES client and the token",
            )
        if transfer.id in self._under_way:
            raise errors.Conflict("its data are being taken", where="transfer")
        task = asyncio.ensure_future(self._take(transfer, wanted))
        self._under_way[transfer.id] = task
        task.add_done_callback(lambda _: self._under_way.pop(transfer.id, None))

    def endpoint(self, transfer: Transfer) -> dict[str, str]:
        """Where a transfer's data are, with the token: for a client of the operator's own. Raises ``Conflict``."""
        if transfer.data is None:
            raise errors.Conflict(f"the transfer is {transfer.state}", where="state")
        address = read(transfer.data, DataAddress)
        return {
            "endpoint": address.where,
            "authorization": address.value_of("authorization") or "",
        }

    async def access(self, transfer: Transfer) -> dict[str, str]:
        """As ``endpoint``, with a new token in place of the one before, and until when it holds where that is known.

        What a client takes with it is on the partner's account alone. Raises ``Conflict``, ``Forbidden``,
        ``SourceFailed``.
        """
        if transfer.side is not Side.CONSUMER:
            raise errors.Conflict("these data are ours", where="side")
        if transfer.state != TransferState.STARTED:
            raise errors.Conflict(f"the transfer is {transfer.state}", where="state")
        found = self.endpoint(transfer)
        if place_of_renewal(transfer, found["endpoint"]) is not None:
            found = await self._access_anew(transfer, found)
        self._note(transfer, AuditAct.READ, "a token for a client of our own")
        return found

    async def _access_anew(self, transfer: Transfer, found: dict[str, str]) -> dict[str, str]:
        address = await self._address_anew(transfer, found["endpoint"])
        token, until = address.value_of("authorization"), address.value_of("expiresAt")
        return {**found, "authorization": token or "", **({"expires": until} if until else {})}

    async def settled(self) -> None:
        """Wait until nothing is being taken."""
        while tasks := list(self._under_way.values()):
            await asyncio.wait(tasks)

    async def close(self) -> None:
        """Stop; what is half taken is taken up again when it is asked for."""
        for task in list(self._under_way.values()):
            task.cancel()
        await asyncio.gather(*self._under_way.values(), return_exceptions=True)

    async def compare(self, transfer: Transfer) -> dict[str, Any]:
        """Our account beside the partner's: by request, what one has and the other has not, and what differs."""
        theirs = {one["request"]: one for one in await self._their_uses(transfer)}
        ours = {one.request: one for one in self._desk.book.uses(transfer=transfer.id, limit=_MOST_USES)}
        both = ours.keys() & theirs.keys()
        different = sorted(one for one in both if ours[one].bytes != theirs[one]["bytes"])
        only_ours, only_theirs = sorted(ours.keys() - theirs.keys()), sorted(theirs.keys() - ours.keys())
        return {
            "transfer": transfer.id,
            "partner": transfer.partner,
            "agree": not different and not only_ours and not only_theirs,
            "uses": len(both),
            "bytes": sum(ours[one].bytes for one in both),
            "only_ours": only_ours,
            "only_theirs": only_theirs,
            "different": different,
        }

    # --- taking

    def _started(self, transfer: Transfer) -> None:
        fits = transfer.wanted is not None and transfer.format not in _STREAMS
        if (
            fits
            and transfer.wanted is not None
            and transfer.id not in self._under_way
            and not self.kept(transfer.id)
        ):
            self.take(transfer, transfer.wanted)

    async def _take(self, transfer: Transfer, wanted: Wanted) -> None:
        try:
            taking = self._begun(transfer, wanted)
            file = await (self._paged(taking) if _has_pages(transfer) else self._in_parts(taking))
            await asyncio.to_thread(self._keep, taking, file)
            self._desk.transfers.decide(transfer.id, Act.COMPLETE)
        except (errors.SympolisError, OSError, msgspec.ValidationError) as problem:
            log.warning(
                "data could not be taken: %s", problem, extra={"action": "transfer", "transfer": transfer.id}
            )
            self._note(transfer, AuditAct.DENIED, f"not taken: {problem}"[:200])

    def _begun(self, transfer: Transfer, wanted: Wanted) -> _Taking:
        place = self._place(transfer.id)
        place.mkdir(parents=True, exist_ok=True)
        found = self.endpoint(transfer)
        agreement = self._desk.transfers.agreement(transfer.agreement)
        return _Taking(transfer, agreement, wanted, place, found["endpoint"], found["authorization"])

    async def _in_parts(self, taking: _Taking) -> Path:
        """One whole, a part after the other; begun anew where it has become another whole."""
        file, mark = taking.folder / "part", taking.folder / "part.tag"
        taking.tag = mark.read_text("utf-8") if mark.is_file() and file.is_file() else ""
        while True:
            have = file.stat().st_size if taking.tag else 0
            headers = [("Range", f"bytes={have}-{have + PART - 1}")]
            if taking.tag:
                headers.append(("If-Range", taking.tag))
            answer = await self._asked(taking, taking.url, headers, whole=taking.folder / "whole")
            if answer.status == 200:
                (taking.folder / "whole").replace(file)
                return file
            first, last, size = _span(answer)
            part = (taking.folder / "whole").read_bytes()
            if first != have or len(part) != last - first + 1:
                raise errors.SourceFailed(
                    "the partner sent another part than was asked for", where=taking.url
                )
            with file.open("ab" if have else "wb") as out:
                out.write(part)
            taking.tag = answer.headers.get("etag", "")
            mark.write_text(taking.tag, "utf-8")
            if last + 1 >= min(size, MOST_BYTES):
                return file

    async def _paged(self, taking: _Taking) -> Path:
        """Page after page, each as it came, a line each."""
        file, url = taking.folder / "part", taking.url
        seen: set[str] = set()
        with file.open("wb") as out:
            while url and url not in seen and len(seen) < MOST_PAGES:
                seen.add(url)
                answer = await self._asked(
                    taking, url, [("Accept", "application/geo+json, application/ld+json")]
                )
                out.write(b" ".join(answer.body.splitlines()) + b"\n")
                taking.pages += 1
                url = _following(answer, url)
        return file

    async def _asked(
        self, taking: _Taking, url: str, more: list[tuple[str, str]], whole: Path | None = None
    ) -> Answer:
        """One request under contract, again while nobody answers. Raises ``Forbidden``, ``SourceFailed``."""
        attempt, renewed = 0, False
        while True:
            try:
                answer = await self._once(taking, url, more, whole)
            except errors.SourceFailed:
                if attempt >= len(WAITS_S) or not self._flows(taking.transfer.id):
                    raise
                await self._sleep(WAITS_S[attempt])
                attempt += 1
                continue
            if answer.status in (401, 403) and not taking.bare and _takes_bare_tokens(taking.transfer):
                taking.bare = True
                continue
            if answer.status == 401 and not renewed:
                await self._renew(taking)
                renewed = True
                continue
            if answer.status not in WITH_CONTENT:
                raise errors.Forbidden(f"the partner answered {answer.status}: {told(answer)}", where=url)
            return answer

    async def _once(
        self, taking: _Taking, url: str, more: list[tuple[str, str]], whole: Path | None
    ) -> Answer:
        name = uuid.uuid4().hex
        token = taking.token if taking.bare else f"Bearer {taking.token}"
        headers = [("Authorization", token), ("X-Request-ID", name), *more]
        if taking.wanted.purposes:
            headers.append(("Sympolis-Purpose", ", ".join(taking.wanted.purposes)))
        if taking.wanted.place:
            headers.append(("Sympolis-Place", taking.wanted.place))
        if whole is None:
            answer = await self._desk.calls(
                "GET", url, headers=headers, timeout_s=_PATIENCE_S, most_bytes=64 << 20
            )
            size = len(answer.body)
        else:
            with whole.open("wb") as out:
                answer = await self._desk.calls(
                    "GET", url, headers=headers, timeout_s=_PATIENCE_S, most_bytes=MOST_BYTES, sink=out.write
                )
                size = out.tell()
        taking.media = answer.headers.get("content-type", "").partition(";")[0].strip()
        taking.requests.append(name)
        if answer.status in WITH_CONTENT:
            self._meter(taking, url, name, answer.status, size)
        return answer

    def _meter(self, taking: _Taking, url: str, name: str, status: int, size: int) -> None:
        parts = urlsplit(url)
        use = Use(
            at=self._desk.clock(),
            side=Side.CONSUMER,
            transfer=taking.transfer.id,
            agreement=taking.agreement.id,
            partner=taking.transfer.partner,
            dataset=taking.transfer.dataset,
            request=name,
            target=parts.path + (f"?{parts.query}" if parts.query else ""),
            status=status,
            bytes=size,
            purposes=taking.wanted.purposes,
        )
        self._desk.book.use(use)
        self._note(taking.transfer, AuditAct.READ, f"status {status}", name)

    async def _renew(self, taking: _Taking) -> None:
        """Another token, by who we are. Raises ``Forbidden`` where there is none for us any more."""
        address = await self._address_anew(taking.transfer, taking.url)
        taking.token = address.value_of("authorization") or ""

    async def _address_anew(self, transfer: Transfer, url: str) -> DataAddress:
        return await address_anew(self._desk.calls, self._desk.credentials, transfer, url)

    async def _ours(self, method: str, url: str, transfer: Transfer) -> Answer:
        """A request to a partner as ourselves. Raises ``Forbidden``, ``SourceFailed``."""
        said = await self._desk.credentials.authorization(transfer.partner, transfer.address)
        headers = [("Accept", JSON), *(() if said is None else (("Authorization", said),))]
        answer = await self._desk.calls(method, url, headers=headers)
        if answer.status != 200:
            raise errors.Forbidden(f"the partner answered {answer.status}: {told(answer)}", where=url)
        return answer

    async def _their_uses(self, transfer: Transfer) -> list[Any]:
        where = None if transfer.data is None else read(transfer.data, DataAddress).value_of("usageEndpoint")
        if where is None or transfer.side is not Side.CONSUMER:
            raise errors.Conflict("only who takes data can ask for the other account", where="transfer")
        found: list[Any] = []
        after = 0
        while len(found) < _MOST_USES:
            answer = await self._ours("GET", f"{where}?after={after}&limit=1000", transfer)
            page = _uses(answer, where)
            found += page
            if len(page) < 1000 or page[-1]["number"] <= after:
                break
            after = page[-1]["number"]
        return found

    def _flows(self, transfer_id: str) -> bool:
        found = self._desk.book.find(Transfer, transfer_id)
        return found is not None and found.state == TransferState.STARTED

    # --- keeping

    def _keep(self, taking: _Taking, file: Path) -> None:
        suffix = "jsonl" if taking.pages else _SUFFIXES.get(taking.media, "bin")
        kept = taking.folder / f"data.{suffix}"
        with file.open("rb") as source:
            digest = hashlib.file_digest(source, "sha256").hexdigest()
        file.replace(kept)
        provenance = {
            "file": kept.name,
            "sha256": digest,
            "bytes": kept.stat().st_size,
            "media": taking.media,
            "pages": taking.pages or None,
            "dataset": taking.transfer.dataset,
            "partner": taking.transfer.partner,
            "agreement": taking.agreement.policy,
            "transfer": taking.transfer.id,
            "endpoint": taking.url,
            "purposes": taking.wanted.purposes,
            "place": taking.wanted.place,
            "requests": taking.requests,
            "at": self._desk.clock().isoformat(),
        }
        text = json.dumps(provenance, ensure_ascii=False, indent=1)
        (taking.folder / "provenance.json").write_text(text, "utf-8")
        for left in ("part.tag", "whole"):
            (taking.folder / left).unlink(missing_ok=True)

    def _place(self, transfer: str) -> Path:
        return self._folder / re.sub(r"[^A-Za-z0-9-]", "_", transfer.removeprefix("urn:uuid:"))[:80]

    def _note(self, transfer: Transfer, act: AuditAct, reason: str, request: str = "") -> None:
        event = Event(
            act,
            self._desk.credentials.participant,
            "takeData",
            transfer.id,
            request,
            (transfer.dataset,),
            via=transfer.agreement,
            reason=reason,
        )
        self._desk.note(event)


def _takes_bare_tokens(transfer: Transfer) -> bool:
    return transfer.data is not None and read(transfer.data, DataAddress).takes_bare_tokens


def _has_pages(transfer: Transfer) -> bool:
    return transfer.format in ("NGSI-LD-PULL", "OGC-Features-PULL")


def _span(answer: Answer) -> tuple[int, int, int]:
    found = _SPAN.fullmatch(answer.headers.get("content-range", ""))
    if found is None:
        raise errors.SourceFailed("the partner sent a part without saying which", where="Content-Range")
    return int(found[1]), int(found[2]), int(found[3])


def _following(answer: Answer, url: str) -> str:
    """The next page: as the header says, or the document's own links; at the same server or not at all."""
    match = _NEXT.search(answer.headers.get("link", ""))
    following = match[1] if match else _linked(answer)
    if not following:
        return ""
    found = urljoin(url, following)
    return found if urlsplit(found)[:2] == urlsplit(url)[:2] else ""


def _uses(answer: Answer, where: str) -> list[dict[str, Any]]:
    """A page of the partner's account. Raises ``SourceFailed`` for what is none."""
    said = read_json(answer.body, where)
    page = said.get("uses") if isinstance(said, dict) else None
    wanted = {"number": int, "request": str, "bytes": int}
    if not isinstance(page, list) or not all(
        isinstance(one, dict) and all(isinstance(one.get(name), kind) for name, kind in wanted.items())
        for one in page
    ):
        raise errors.SourceFailed("the partner sent no account of uses", where=where)
    return page


def _linked(answer: Answer) -> str:
    try:
        document = msgspec.json.decode(answer.body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return ""
    links = document.get("links", ()) if isinstance(document, dict) else ()
    return next((str(one["href"]) for one in links if isinstance(one, dict) and one.get("rel") == "next"), "")
