"""The routes of ``/dsp``, of data under contract and of ``/api/federation``'s contracts, with their documentation."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from sympolis.api.dsp.computing import ServedComputations
from sympolis.api.dsp.data import AFTER as AFTER_USE
from sympolis.api.dsp.data import LIMIT as LIMIT_USES
from sympolis.api.dsp.data import ContractedData
from sympolis.api.dsp.protocol import AFTER, BASE, Protocol
from sympolis.api.dsp.rehearsing import Rehearsals
from sympolis.api.dsp.trading import AFTER as AFTER_NUMBER
from sympolis.api.dsp.trading import (
    AGREEMENT,
    BEFORE,
    LIMIT,
    ORDER,
    PARTNER,
    TRANSFER,
    UNTIL,
    WAIT,
    Addresses,
    Trading,
)
from sympolis.api.formats import CALLS, FORMATS
from sympolis.api.http import JSON, LD_JSON, Handler
from sympolis.api.parameters import Parameter
from sympolis.api.parts import ApiParts
from sympolis.api.routing import Answer, Body, Operation, Router
from sympolis.api.schemas import INTEGER, OBJECT, TEXT, Schema, optional, several, structure
from sympolis.dataspace.contracts.scripts import NO_SCRIPTS
from sympolis.dataspace.dsp import messages
from sympolis.dataspace.dsp.vocabulary import CONTEXT

_TAG: Final = "Dataspace Protocol"
_CONTRACTS: Final = "Federation"
_DEEPEST: Final = 6
"""Segments of the paths that data under contract lie at."""
_LONGEST_S: Final = 900.0
_CLAUSE: Final = "Dataspace Protocol 2025-1"
_DCP: Final = ("DCP", "1.0")
"""How callers say who they are: the Decentralized Claims Protocol."""
_PID: Final = {"pid": "Our own id of the process."}
_MESSAGE: Final = structure(
    {"@context": several(TEXT), "@type": TEXT, "providerPid": TEXT, "consumerPid": TEXT},
    required=("@context",),
)
_TERMINATION: Final = {
    "@context": [CONTEXT],
    "@type": "ContractNegotiationTerminationMessage",
    "providerPid": "urn:uuid:a343fcbf-99fc-4ce8-8e9b-148c97605aab",
    "consumerPid": "urn:uuid:32541fe6-c580-409e-85a8-8a9a32fbe833",
    "reason": ["no longer needed"],
}
_PROCESS: Final = structure(
    {
        "id": TEXT, "side": {"enum": ["consumer", "provider"]}, "partner": TEXT, "peer": TEXT, "state": TEXT,
        "dataset": TEXT, "began": TEXT, "changed": TEXT, "why": TEXT, "on_its_way": optional(TEXT),
    },
    required=("id", "side", "partner", "state"),
)  # fmt: skip
_DECISION: Final = structure({"act": TEXT, "why": TEXT}, required=("act",))
_TAKING: Final = structure({"purposes": several(TEXT), "place": TEXT})


def operations(parts: ApiParts, inside: Router) -> tuple[Operation, ...]:
    """All of them, the test mode's only where there is one. ``inside`` finds the operations that data come by."""
    federation, contracting = parts.federation, parts.contracting
    if federation is None or contracting is None:
        return ()
    desk = contracting.desk
    data = ContractedData(desk, contracting.holdings, inside, contracting.aside)
    rehearsing = _rehearsing(Rehearsals(desk)) if desk.scripts is not NO_SCRIPTS else ()
    return (
        *_protocol(Protocol(desk, federation.own.address, None if rehearsing else _DCP)),
        *_data(data),
        *_computing(ServedComputations(desk, data, federation.providing)),
        *_trading(Trading(desk, Addresses(federation.directory, desk.market), contracting.receiving)),
        *rehearsing,
    )


def _route(  # noqa: PLR0913 - a table's row
    method: str,
    path: str,
    handle: Handler,
    name: str,
    title: str,
    *,
    status: int = 200,
    answer: Schema = OBJECT,
    body: Schema | None = None,
    example: object = None,
    tag: str = _TAG,
    clause: str = "",
    **more: Any,
) -> Operation:
    """One row of the table of routes."""
    return Operation(
        method=method,
        path=path,
        handle=handle,
        name=name,
        title=title,
        tag=tag,
        clause=clause,
        body=None if body is None else Body(body, (JSON, LD_JSON) if tag == _TAG else (JSON,), example),
        answers={status: Answer(f"{title}.", {JSON: answer})},
        **more,
    )


def _protocol(handlers: Protocol) -> tuple[Operation, ...]:
    return (
        _route("GET", "/.well-known/dspace-version", handlers.versions, "getDataspaceVersions",
               "Versions of the Dataspace Protocol that are spoken here", clause=_CLAUSE),
        _route("POST", f"{BASE}/catalog/request", handlers.catalogue, "requestCatalog",
               "What this twin offers to another", body=_MESSAGE, parameters=(AFTER,), clause=_CLAUSE),
        _route("GET", f"{BASE}/catalog/datasets/{{dataset}}", handlers.dataset, "requestDataset",
               "One dataset with its offers", path_texts={"dataset": "The dataset's IRI, percent-encoded."},
               clause=_CLAUSE),
        _route("POST", f"{BASE}/negotiations/request", handlers.request_contract, "requestContract",
               "A consumer begins a negotiation", status=201, body=_MESSAGE, clause=_CLAUSE),
        _route("POST", f"{BASE}/negotiations/offers", handlers.offer_contract, "offerContract",
               "A provider begins a negotiation", status=201, body=_MESSAGE, clause=_CLAUSE),
        _route("GET", f"{BASE}/negotiations/{{pid}}", handlers.negotiation, "getContractNegotiation",
               "How a negotiation stands", path_texts=_PID, clause=_CLAUSE),
        *_messages(
            f"{BASE}/negotiations/{{pid}}", handlers.about_negotiation,
            (
                ("request", "counterContract", "A consumer makes an offer in return", messages.ContractRequestMessage),
                ("offers", "counterOffer", "A provider makes an offer in return", messages.ContractOfferMessage),
                ("agreement", "agreeContract", "The provider agrees", messages.ContractAgreementMessage),
                ("agreement/verification", "verifyContract", "The consumer has verified the agreement",
                 messages.ContractAgreementVerificationMessage),
                ("events", "tellContractEvent", "Accepted, or finalized", messages.ContractNegotiationEventMessage),
                ("termination", "terminateContract", "Either side breaks off",
                 messages.ContractNegotiationTerminationMessage),
            ),
        ),
        _route("POST", f"{BASE}/transfers/request", handlers.request_transfer, "requestTransfer",
               "A consumer asks for data", status=201, body=_MESSAGE, clause=_CLAUSE),
        _route("GET", f"{BASE}/transfers/{{pid}}", handlers.transfer, "getTransferProcess",
               "How a transfer stands", path_texts=_PID, clause=_CLAUSE),
        *_messages(
            f"{BASE}/transfers/{{pid}}", handlers.about_transfer,
            (
                ("start", "startTransfer", "Data may be had", messages.TransferStartMessage),
                ("suspension", "suspendTransfer", "No data for now", messages.TransferSuspensionMessage),
                ("completion", "completeTransfer", "All data are there", messages.TransferCompletionMessage),
                ("termination", "terminateTransfer", "No data any more", messages.TransferTerminationMessage),
            ),
        ),
    )  # fmt: skip


def _messages(
    path: str,
    about: Callable[[type[Any]], Handler],
    rows: tuple[tuple[str, str, str, type[Any]], ...],
) -> tuple[Operation, ...]:
    return tuple(
        _route("POST", f"{path}/{end}", about(shape), name, title, body=_MESSAGE, example=_TERMINATION,
               path_texts=_PID, clause=_CLAUSE)
        for end, name, title, shape in rows
    )  # fmt: skip


def _data(handlers: ContractedData) -> tuple[Operation, ...]:
    path, texts = f"{BASE}/data/{{transfer}}", {"transfer": "The provider's id of the transfer."}
    below = {f"part{number}": "A segment of the path." for number in range(1, _DEEPEST + 1)}
    reading = tuple(
        Operation(
            method="GET",
            path=path + "".join(f"/{{part{number}}}" for number in range(1, length + 1)),
            handle=handlers.read,
            name=f"readContractedData{length}",
            title="Data under contract",
            tag=_TAG,
            text="The path of the interface that the transfer's format leads to: "
            + "; ".join(f"`{one.name}`: `{one.start}`" for one in FORMATS)
            + ". With the transfer's token; `Sympolis-Purpose` and `Sympolis-Place` state what for and where;"
            " `Range` and `If-Range` take up what broke off.",
            open_parameters=True,
            timeout_s=_LONGEST_S,
            path_texts={**texts, **{name: below[name] for name in list(below)[:length]}},
            answers={
                200: Answer("As that interface answers."),
                206: Answer("A part of it."),
                401: Answer("Not the token of this transfer, or it has ended."),
                403: Answer("The transfer is suspended, or the agreement does not allow this."),
            },
        )
        for length in range(2, _DEEPEST + 1)
    )
    calling = tuple(
        Operation(
            method=method,
            path=path + "".join(f"/{{part{number}}}" for number in range(1, length + 1)),
            handle=handlers.read,
            name=f"{name}{length}",
            title=title,
            tag=_TAG,
            text="The path of the interface that the transfer's format leads to: "
            + "; ".join(f"`{one.name}`: `{one.start}`" for one in CALLS)
            + ". With the transfer's token. Each execution and each inference is one use under the agreement.",
            open_parameters=True,
            timeout_s=_LONGEST_S,
            path_texts={**texts, **{key: below[key] for key in list(below)[:length]}},
            body=Body(OBJECT, example={"inputs": {}}) if method == "POST" else None,
            answers={
                (201 if method == "POST" else 200): Answer("As that interface answers."),
                401: Answer("Not the token of this transfer, or it has ended."),
                403: Answer("The transfer is suspended, or the agreement does not allow this."),
            },
        )
        for method, name, title in (
            ("POST", "callContracted", "Call a service or a model under contract"),
            ("DELETE", "stopContracted", "Stop what was begun under contract"),
        )
        for length in range(3, 5)
    )
    return (
        *calling,
        _route("POST", f"{path}/token", handlers.renew, "renewTransferToken", "Another token for a transfer that runs",
               path_texts=texts),
        _route("GET", f"{path}/usage", handlers.usage, "getTransferUsage",
               "What the provider has noted of a transfer's uses", parameters=(AFTER_USE, LIMIT_USES),
               path_texts=texts),
        *reading,
    )  # fmt: skip


def _computing(handlers: ServedComputations) -> tuple[Operation, ...]:
    path = f"{BASE}/data/{{transfer}}/computations"
    texts = {
        "transfer": "The provider's id of the transfer.",
        "computation": "The provider's id of the computation.",
    }
    body = structure({"package": TEXT, "parameters": OBJECT}, required=("package",))
    return (
        _route("POST", path, handlers.submit, "submitComputation", "Have a package run on data that stay", status=201,
               body=body, example={"package": "UEsDBA==", "parameters": {}}, path_texts={"transfer": texts["transfer"]},
               timeout_s=120.0,
               text="With the token of a transfer as `Compute-To-Data`. The package is a zip of `compute.json`, a model"
               " or a script where it says so, and `signature.jws` by the consumer's key, in base64."),
        _route("GET", f"{path}/{{computation}}", handlers.look, "lookAtComputation",
               "How a computation stands, and its outputs once they are released", path_texts=texts),
    )  # fmt: skip


def _trading(handlers: Trading) -> tuple[Operation, ...]:
    base = "/api/federation"
    asking = structure(
        {"partner": TEXT, "dataset": TEXT, "offer": TEXT, "address": TEXT}, required=("partner", "dataset")
    )
    beginning = structure(
        {"agreement": TEXT, "format": TEXT, "purposes": several(TEXT)}, required=("agreement", "format")
    )
    dataset = "urn:sympolis:dataset:trees"
    return (
        _own("GET", f"{base}/partners/{{partner}}/offers", handlers.offers, "listPartnerOffers",
             "What a partner offers us now", path_texts={"partner": "The partner's id, percent-encoded."},
             timeout_s=120.0),
        _own("GET", f"{base}/negotiations", handlers.negotiations, "listNegotiations", "Contract negotiations",
             parameters=_PAGE, answer=structure({"negotiations": several(_PROCESS)})),
        _own("POST", f"{base}/negotiations", handlers.negotiate, "startNegotiation",
             "Ask a partner for an agreement", status=201, body=asking, parameters=(WAIT,), answer=_PROCESS,
             example={"partner": "did:web:twin.city.example", "dataset": dataset}),
        _own("GET", f"{base}/negotiations/{{negotiation}}", handlers.negotiation, "getNegotiation",
             "One negotiation with its messages", parameters=(WAIT,), path_texts=_ONE, answer=_PROCESS),
        _own("POST", f"{base}/negotiations/{{negotiation}}/decision", handlers.decide, "decideNegotiation",
             "Accept, counter, agree to or end a negotiation", body=_DECISION, example={"act": "accept"},
             parameters=(WAIT,), path_texts=_ONE, answer=_PROCESS),
        _own("GET", f"{base}/agreements", handlers.agreements, "listAgreements", "Agreements", parameters=_PAGE,
             answer=structure({"agreements": several(OBJECT)})),
        _own("GET", f"{base}/agreements/{{agreement}}", handlers.agreement, "getAgreement",
             "One agreement: what it says, its transfers", path_texts=_ONE),
        _own("POST", f"{base}/agreements/{{agreement}}/decision", handlers.end_agreement, "endAgreement",
             "End an agreement and all transfers under it", body=_DECISION, example={"act": "terminate", "why": "done"},
             path_texts=_ONE),
        _own("GET", f"{base}/transfers", handlers.transfers, "listTransfers", "Transfers",
             parameters=(*_PAGE, AGREEMENT), answer=structure({"transfers": several(_PROCESS)})),
        _own("POST", f"{base}/transfers", handlers.begin_transfer, "startTransferOfData",
             "Ask for the data of an agreement", status=201, body=beginning, parameters=(WAIT,), answer=_PROCESS,
             example={"agreement": "urn:uuid:e8dc8655-44c2-46ef-b701-4cffdc2faa44", "format": "File-PULL"}),
        _own("GET", f"{base}/transfers/{{transfer}}", handlers.transfer, "getTransferOfData",
             "One transfer, its messages and what has come of it", parameters=(WAIT, UNTIL), path_texts=_ONE,
             answer=_PROCESS),
        _own("POST", f"{base}/transfers/{{transfer}}/decision", handlers.move_transfer, "decideTransfer",
             "Suspend, resume (start), complete or terminate a transfer", body=_DECISION, example={"act": "suspend"},
             parameters=(WAIT,), path_texts=_ONE, answer=_PROCESS),
        _own("POST", f"{base}/transfers/{{transfer}}/taking", handlers.take, "takeData",
             "Take the data of a transfer once more", status=202, body=_TAKING, example={"purposes": []},
             path_texts=_ONE, answer=_PROCESS),
        _own("POST", f"{base}/transfers/{{transfer}}/access", handlers.access, "accessData",
             "Where a transfer's data are, and a new token for a client of your own", path_texts=_ONE,
             answer=structure({"endpoint": TEXT, "authorization": TEXT, "expires": TEXT}),
             text="For what is followed or queried instead of taken. The token before ends."),
        _own("GET", f"{base}/transfers/{{transfer}}/comparison", handlers.compare, "compareUsage",
             "Our account of a transfer's uses beside the partner's", path_texts=_ONE, timeout_s=60.0),
        _own("GET", f"{base}/usage", handlers.usage, "listUsage", "Uses of data under contract",
             parameters=(AFTER_NUMBER, LIMIT, AGREEMENT, TRANSFER, ORDER),
             answer=structure({"uses": several(structure({"number": INTEGER, "bytes": INTEGER}))})),
    )  # fmt: skip


def _rehearsing(handlers: Rehearsals) -> tuple[Operation, ...]:
    negotiation = structure(
        {"datasetId": TEXT, "offerId": TEXT, "providerId": TEXT, "connectorAddress": TEXT},
        required=("datasetId", "offerId", "connectorAddress"),
    )
    transfer = structure(
        {"agreementId": TEXT, "format": TEXT, "providerId": TEXT, "connectorAddress": TEXT},
        required=("agreementId", "format", "connectorAddress"),
    )
    return (
        _route("POST", f"{BASE}/test/negotiations", handlers.negotiate, "rehearseNegotiation",
               "Test mode: begin a negotiation with the kit", body=negotiation),
        _route("POST", f"{BASE}/test/transfers", handlers.transfer, "rehearseTransfer",
               "Test mode: begin a transfer with the kit", body=transfer),
    )  # fmt: skip


def _own(*row: Any, **more: Any) -> Operation:
    return _route(*row, tag=_CONTRACTS, **more)


_PAGE: Final[tuple[Parameter, ...]] = (BEFORE, LIMIT, PARTNER)
_ONE: Final = {
    "negotiation": "Our own id of the negotiation.",
    "agreement": "The agreement's id.",
    "transfer": "Our own id of the transfer.",
}
