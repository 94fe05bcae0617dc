"""``/api/federation``: contracts and transfers for the people of this twin, its pages and its command line."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, Protocol

from sympolis.api.asking import subject_of
from sympolis.api.bodies import read_object
from sympolis.api.http import Reply, Request, json_reply
from sympolis.api.parameters import IntegerParameter, Parameter, TimeParameter
from sympolis.dataspace.contracts.book import Use
from sympolis.dataspace.contracts.desk import ContractDesk
from sympolis.dataspace.contracts.exchange import check_address
from sympolis.dataspace.contracts.market import Market
from sympolis.dataspace.contracts.transfers import DERIVE
from sympolis.dataspace.dsp.machines import Act
from sympolis.dataspace.dsp.processes import Agreement, Negotiation, Process, Transfer, Wanted
from sympolis.dataspace.dsp.terms import read_terms
from sympolis.dataspace.partners.directory import PartnerDirectory
from sympolis.dataspace.partners.partner import Kind
from sympolis.domain import errors
from sympolis.governance.policy.vocabulary import expand
from sympolis.governance.policy.wording import LANGUAGES, describe_policy

BEFORE: Final = TimeParameter(name="before", text="Begun before this instant.")
LIMIT: Final = IntegerParameter(name="limit", text="How many at most.", low=1, high=1000, default=100)
PARTNER: Final = Parameter(name="partner", text="Only with this partner.", max_length=2048)
AGREEMENT: Final = Parameter(name="agreement", text="Only under this agreement.", max_length=2048)
TRANSFER: Final = Parameter(name="transfer", text="Only of this transfer.", max_length=2048)
AFTER: Final = IntegerParameter(name="after", text="Uses with larger numbers.", high=2**53)
ORDER: Final = Parameter(
    name="order",
    text="oldest: as they came; newest: the last ones, newest first.",
    choices=("oldest", "newest"),
)
UNTIL: Final = Parameter(
    name="until",
    text="With wait_s: wait until it is in this state, or over.",
    choices=("STARTED", "SUSPENDED", "COMPLETED", "TERMINATED"),
)
WAIT: Final = IntegerParameter(name="wait_s", text="Seconds to wait for it to come to rest.", high=30)
_LONGEST: Final = 2048
_NEGOTIATION_ACTS: Final = frozenset(
    {Act.REQUEST, Act.OFFER, Act.ACCEPT, Act.AGREE, Act.VERIFY, Act.TERMINATE}
)
_TRANSFER_ACTS: Final = frozenset({Act.START, Act.SUSPEND, Act.COMPLETE, Act.TERMINATE})


class Partners(Protocol):
    """Where partners are reached."""

    async def connector(self, partner: str) -> str:
        """The address where they speak our version. Raises ``NotFound`` for who is no partner, ``SourceFailed``."""
        ...


class Addresses:
    """``Partners`` by the directory of partners, asked at their own version document."""

    def __init__(self, directory: PartnerDirectory, market: Market) -> None:
        self._directory = directory
        self._market = market

    async def connector(self, partner: str) -> str:
        """See ``Partners``."""
        found = self._directory.get(partner)
        if found.kind is Kind.CATALOGUE:
            raise errors.Conflict(
                "this partner is a catalogue: nothing can be negotiated there", where=partner
            )
        return await self._market.discover(found.base_url)


class Receives(Protocol):
    """Brings data home (``dataspace.delivery.receiving``)."""

    def kept(self, transfer: str) -> list[Mapping[str, Any]]:
        """What has come of a transfer."""
        ...

    def take(self, transfer: Transfer, wanted: Wanted) -> None:
        """Begin to take its data."""
        ...

    async def access(self, transfer: Transfer) -> Mapping[str, str]:
        """Where its data are, and a token of now."""
        ...

    async def compare(self, transfer: Transfer) -> Mapping[str, Any]:
        """Our account of its uses beside the partner's."""
        ...


class Trading:
    """Handlers of contracts and transfers."""

    def __init__(self, desk: ContractDesk, partners: Partners, receiving: Receives | None) -> None:
        self._desk = desk
        self._partners = partners
        self._receiving = receiving

    # --- negotiations

    async def offers(self, request: Request) -> Reply:
        """What a partner offers us now."""
        partner = request.arguments["partner"]
        found = await self._desk.market.catalogue(partner, await self._partners.connector(partner))
        return json_reply({"partner": partner, "datasets": found})

    async def negotiations(self, request: Request) -> Reply:
        """Newest first."""
        found = self._desk.book.page(Negotiation, **_page(request))
        return json_reply({"negotiations": [_negotiation(one) for one in found]})

    async def negotiation(self, request: Request) -> Reply:
        """One of them, with its messages."""
        return await self._negotiation(request, request.arguments["negotiation"])

    async def negotiate(self, request: Request) -> Reply:
        """Ask a partner for an agreement on one of their datasets, by the offer that is named or their first."""
        document = await read_object(request)
        partner, dataset = _text(document, "partner"), _text(document, "dataset")
        address = await self._address(document, partner)
        found = await self._desk.market.dataset(partner, address, dataset)
        offer = _chosen(found, document.get("offer"))
        manual = bool(document.get("manual", False))
        begun = self._desk.negotiations.request(partner, address, dataset, offer, manual=manual)
        return await self._negotiation(request, begun.id, status=201)

    async def decide(self, request: Request) -> Reply:
        """Do the next step of a negotiation: ``act``, with ``why`` where it ends it."""
        pid = request.arguments["negotiation"]
        act, why = await _decision(request, _NEGOTIATION_ACTS)
        self._desk.negotiations.decide(pid, act, why=why, by=subject_of(request).id)
        return await self._negotiation(request, pid)

    async def _negotiation(self, request: Request, pid: str, *, status: int = 200) -> Reply:
        await self._desk.negotiations.wait(pid, lambda one: one.is_at_rest, WAIT.of(request))
        found = self._desk.negotiations.get(pid)
        return json_reply(_negotiation(found, whole=True), status=status)

    # --- agreements

    async def agreements(self, request: Request) -> Reply:
        """Newest first."""
        found = self._desk.book.page(Agreement, **_page(request))
        return json_reply({"agreements": [_agreement(one) for one in found]})

    async def agreement(self, request: Request) -> Reply:
        """One of them, with what it says in words, its transfers and how often it was used."""
        found = self._desk.transfers.agreement(request.arguments["agreement"])
        transfers = self._desk.book.page(Transfer, tie=found.id, limit=100)
        policy = read_terms(found.policy, where="agreement")
        words = {language: list(describe_policy(policy, language)) for language in LANGUAGES}
        return json_reply(
            {
                **_agreement(found),
                "policy": found.policy,
                "words": words,
                "allows_now": not self._desk.enforcement.why_not(found) or self._may_compute(found),
                "transfers": [_transfer(one) for one in transfers],
            }
        )

    def _may_compute(self, agreement: Agreement) -> bool:
        """Whether something may be computed on what nobody may read."""
        return not self._desk.enforcement.why_not(agreement, DERIVE)

    async def end_agreement(self, request: Request) -> Reply:
        """End it, and everything that goes on under it."""
        _, why = await _decision(request, frozenset({Act.TERMINATE}))
        ended = self._desk.transfers.end_agreement(
            request.arguments["agreement"], why or "ended by the operator", by=subject_of(request).id
        )
        await self._desk.book.durable()
        return json_reply(_agreement(ended))

    # --- transfers

    async def transfers(self, request: Request) -> Reply:
        """Newest first."""
        found = self._desk.book.page(Transfer, **_page(request), tie=AGREEMENT.raw(request) or "")
        return json_reply({"transfers": [_transfer(one) for one in found]})

    async def transfer(self, request: Request) -> Reply:
        """One of them, with its messages and what has come of it."""
        return await self._transfer(request, request.arguments["transfer"])

    async def begin_transfer(self, request: Request) -> Reply:
        """Ask for the data of an agreement; they are taken as soon as they may be, unless ``take`` is false."""
        document = await read_object(request)
        agreement = self._desk.transfers.agreement(_text(document, "agreement"))
        address = await self._address(document, agreement.partner, known=agreement.address)
        begun = self._desk.transfers.request(
            agreement.id,
            _text(document, "format"),
            wanted=_wanted(document) if document.get("take", True) else None,
            address=address,
        )
        return await self._transfer(request, begun.id, status=201)

    async def move_transfer(self, request: Request) -> Reply:
        """Suspend, resume (``start``), complete or terminate it."""
        pid = request.arguments["transfer"]
        act, why = await _decision(request, _TRANSFER_ACTS)
        await self._desk.transfers.prepare(pid)
        self._desk.transfers.decide(pid, act, why=why, by=subject_of(request).id)
        return await self._transfer(request, pid)

    async def take(self, request: Request) -> Reply:
        """Take the data of a transfer once more."""
        found = self._desk.transfers.get(request.arguments["transfer"])
        if self._receiving is None:
            raise errors.NotImplementedHere("this server keeps no data of others", where="transfer")
        self._receiving.take(found, _wanted(await read_object(request)))
        return json_reply(_transfer(found), status=202)

    async def access(self, request: Request) -> Reply:
        """Where a transfer's data are and a token of now, for an LDES client or queries of the operator's own."""
        found = self._desk.transfers.get(request.arguments["transfer"])
        if self._receiving is None:
            raise errors.NotImplementedHere("this server keeps no data of others", where="transfer")
        return json_reply(await self._receiving.access(found), headers=((b"cache-control", b"no-store"),))

    async def _transfer(self, request: Request, pid: str, *, status: int = 200) -> Reply:
        wanted = UNTIL.raw(request) if UNTIL.name in request.parameters else None
        await self._desk.transfers.wait(
            pid, lambda one: one.is_over or (one.is_at_rest and wanted in (None, one.state)), WAIT.of(request)
        )
        found = self._desk.transfers.get(pid)
        kept = [] if self._receiving is None else self._receiving.kept(pid)
        return json_reply({**_transfer(found, whole=True), "received": kept}, status=status)

    # --- usage

    async def usage(self, request: Request) -> Reply:
        """Every use of data under contract, theirs of ours and ours of theirs, in order or newest first."""
        found = self._desk.book.uses(
            after=AFTER.of(request),
            limit=LIMIT.of(request),
            agreement=AGREEMENT.raw(request) or "",
            transfer=TRANSFER.raw(request) or "",
            newest=ORDER.raw(request) == "newest",
        )
        return json_reply({"uses": [_use(one) for one in found]})

    async def compare(self, request: Request) -> Reply:
        """Our account of a transfer's uses beside the partner's: what one of us has and the other has not."""
        found = self._desk.transfers.get(request.arguments["transfer"])
        if self._receiving is None:
            raise errors.NotImplementedHere("this server keeps no account of others", where="transfer")
        return json_reply(await self._receiving.compare(found))

    # --- parts

    async def _address(self, document: Mapping[str, Any], partner: str, *, known: str = "") -> str:
        """Where the partner is: as we know them, else as the request says (for those without a directory)."""
        try:
            return await self._partners.connector(partner)
        except errors.NotFound:
            given = document.get("address") or known
            if not isinstance(given, str) or not given:
                raise
            return check_address(given, "address")


def _page(request: Request) -> dict[str, Any]:
    return {
        "before": BEFORE.of(request),
        "limit": LIMIT.of(request),
        "partner": PARTNER.raw(request) or "",
    }


def _text(document: Mapping[str, Any], member: str) -> str:
    found = document.get(member)
    if not isinstance(found, str) or not found or len(found) > _LONGEST:
        raise errors.InvalidRequest("expected a text", where=member)
    return found


def _chosen(dataset: Mapping[str, Any], offer: Any) -> Mapping[str, Any]:
    """The offer that is named, else the first."""
    offers = dataset["hasPolicy"]
    if offer is None:
        return dict(offers[0])
    found = next((one for one in offers if one["@id"] == offer), None)
    if found is None:
        raise errors.NotFound(
            "the partner does not offer this", where="offer", hint="offers change: look again"
        )
    return dict(found)


async def _decision(request: Request, possible: frozenset[Act]) -> tuple[Act, str]:
    document = await read_object(request)
    try:
        act = Act(document.get("act", ""))
    except ValueError:
        act = None
    if act not in possible:
        raise errors.InvalidRequest(f"expected one of {', '.join(sorted(possible))}", where="act")
    why = document.get("why", "")
    if not isinstance(why, str) or len(why) > 500:
        raise errors.InvalidRequest("expected a text of at most 500 characters", where="why")
    return act, why


def _wanted(document: Mapping[str, Any]) -> Wanted:
    purposes, place = document.get("purposes", []), document.get("place", "")
    if (
        not isinstance(purposes, list)
        or len(purposes) > 8
        or not all(isinstance(one, str) for one in purposes)
    ):
        raise errors.InvalidRequest("expected at most 8 texts", where="purposes")
    if not isinstance(place, str) or len(place) > _LONGEST:
        raise errors.InvalidRequest("expected a text", where="place")
    return Wanted(purposes=tuple(expand(one) for one in purposes), place=place)


def _process(process: Process) -> dict[str, Any]:
    names = ("id", "side", "partner", "peer", "state", "dataset", "began", "changed", "why")
    found = {name: getattr(process, name) for name in names}
    return {**found, "on_its_way": None if process.pending is None else process.pending.act}


def _steps(process: Process) -> list[dict[str, Any]]:
    names = ("at", "by", "act", "state", "message")
    return [{name: getattr(step, name) for name in names} for step in process.steps]


def _negotiation(one: Negotiation, *, whole: bool = False) -> dict[str, Any]:
    agreement = None if one.agreement is None else one.agreement.get("@id")
    found = {**_process(one), "agreement": agreement, "manual": one.manual}
    return {**found, "offer": one.offer, "steps": _steps(one)} if whole else found


def _agreement(one: Agreement) -> dict[str, Any]:
    names = ("id", "side", "partner", "dataset", "negotiation", "agreed", "ended", "why")
    return {name: getattr(one, name) for name in names}


def _transfer(one: Transfer, *, whole: bool = False) -> dict[str, Any]:
    found = {
        **_process(one),
        "agreement": one.agreement,
        "format": one.format,
        "token_until": one.token_until,
    }
    if not whole:
        return found
    endpoint = None if one.data is None else one.data.get("endpoint")
    return {**found, "endpoint": endpoint, "steps": _steps(one)}


def _use(one: Use) -> dict[str, Any]:
    names = (
        "number", "at", "side", "transfer", "agreement", "partner", "dataset", "request", "target", "status", "bytes",
        "purposes", "reason",
    )  # fmt: skip
    return {name: getattr(one, name) for name in names}
