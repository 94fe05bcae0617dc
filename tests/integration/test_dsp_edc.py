"""What a running Eclipse EDC (0.15.1) says and waits for besides the protocol, in the shapes in which it was met.

It asks for a part of a catalogue each time, keeps endpoints among their properties under names of its own, takes a bare
token at its public endpoint, and lets go of the endpoint where a transfer is suspended.
"""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest

from sympolis.api.dsp.protocol import _window
from sympolis.dataspace.dsp.credentials import Participant
from sympolis.dataspace.dsp.messages import DataAddress, TransferStartMessage
from sympolis.dataspace.dsp.processes import Transfer
from sympolis.dataspace.dsp.shapes import read
from sympolis.dataspace.dsp.vocabulary import CONTEXT, EDC, EDC_CONTEXT
from sympolis.domain import errors
from sympolis.egress.http import Response
from sympolis.testing.trading import Pair, two_twins


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    with two_twins(tmp_path_factory.mktemp("edc")) as found:
        yield found


def part(**members: Any) -> list[dict[str, Any]]:
    """The filter of a catalogue request, as EDC always sends one."""
    whole = {"@type": "QuerySpec", "limit": 50, "offset": 0, "sortOrder": "ASC", "filterExpression": []}
    return [whole | members]


def properties(**values: str) -> dict[str, Any]:
    """A data address as EDC writes one: no endpoint but among the properties."""
    listed = [
        {"@type": "EndpointProperty", "name": EDC + name, "value": value} for name, value in values.items()
    ]
    return {
        "@type": "DataAddress",
        "endpointType": "https://w3id.org/idsa/v4.1/HTTP",
        "endpointProperties": listed,
    }


def start(process: Transfer, **members: Any) -> dict[str, Any]:
    return {
        "@context": [CONTEXT, EDC_CONTEXT],
        "@id": str(uuid.uuid4()),
        "@type": "TransferStartMessage",
        "providerPid": process.provider_pid,
        "consumerPid": process.consumer_pid,
        **members,
    }


def test_a_part_of_the_catalogue_is_given_and_conditions_are_not_offered() -> None:
    assert _window(()) is None
    assert _window(part()) == slice(0, 50)
    assert _window(part(offset=100, limit=2**31 - 1)) == slice(100, 600)
    conditions = [{"operandLeft": "id", "operator": "=", "operandRight": "x"}]
    for wrong in (
        part(filterExpression=conditions),
        part(sortField="id"),
        part() * 2,
        part(offset=-1),
        ["all"],
    ):
        with pytest.raises(errors.InvalidRequest):
            _window(wrong)


def test_a_catalogue_request_with_a_part(pair: Pair) -> None:
    async def asked(limit: int) -> Any:
        to = pair.provider.host
        proof = await pair.consumer.desk.credentials.authorization(pair.provider.id, f"http://{to}/dsp")
        body = {
            "@context": [CONTEXT, EDC_CONTEXT],
            "@type": "CatalogRequestMessage",
            "filter": part(limit=limit),
        }
        return await pair.wire.request(
            "POST",
            f"http://{to}/dsp/catalog/request",
            headers=[("authorization", str(proof)), ("content-type", "application/json; charset=utf-8")],
            body=msgspec.json.encode(body),
        )

    whole, one = (msgspec.json.decode(pair.run(asked(limit)).body) for limit in (50, 1))
    assert len(whole["dataset"]) > 1 and one["dataset"] == whole["dataset"][:1]


def test_an_endpoint_stands_among_the_properties() -> None:
    address = read(properties(endpoint="https://edc.example/public", authorization="t"), DataAddress)
    assert (address.where, address.value_of("authorization")) == ("https://edc.example/public", "t")
    assert address.takes_bare_tokens and address.value_of("renewalEndpoint") is None
    plain = read({"@type": "DataAddress", "endpointType": "x", "endpoint": "https://a.example"}, DataAddress)
    assert plain.where == "https://a.example" and not plain.takes_bare_tokens


def test_our_endpoints_say_it_both_ways_and_are_known_after_a_restart(pair: Pair) -> None:
    agreement = pair.agree()["agreement"]
    holdings: Any = pair.provider.desk.transfers._endpoints
    holdings._known, holdings._look = {}, None
    transfer = pair.begin(agreement, "HttpData-PULL", take=False)
    assert transfer["state"] == "STARTED", transfer
    found = pair.consumer.desk.book.find(Transfer, transfer["id"])
    assert found is not None and found.data is not None
    address = read(found.data, DataAddress)
    named = {one["name"]: one["value"] for one in found.data["endpointProperties"]}
    assert address.where == named[EDC + "endpoint"] and "/download" in address.where
    assert address.value_of("authorization") == named[EDC + "authorization"]


def test_a_token_goes_without_a_scheme_where_that_is_refused(pair: Pair) -> None:
    transfer = pair.begin(pair.agree()["agreement"], "HttpData-PULL", take=False)["id"]
    book = pair.consumer.desk.book
    found = book.find(Transfer, transfer)
    assert found is not None
    where = pair.consumer.receiving.endpoint(found)
    book.replace(msgspec.structs.replace(found, data=properties(**where), version=found.version + 1))

    def only_bare(url: str, answer: Response) -> Response:
        said = pair.wire.sent[-1].headers.get("authorization", "")
        refused = url == where["endpoint"] and said.startswith("Bearer ")
        return Response(403, {}, b"{}") if refused else answer

    pair.wire.spoil = only_bare
    try:
        assert pair.ask(pair.consumer, "POST", f"/transfers/{transfer}/taking", {}).status < 300
        pair.settle()
        pair.run(pair.consumer.receiving.settled())
    finally:
        pair.wire.spoil = lambda _, answer: answer
    assert pair.consumer.receiving.kept(transfer)
    tries = [one.headers["authorization"] for one in pair.wire.sent if one.url == where["endpoint"]]
    assert tries[-2:] == [f"Bearer {where['authorization']}", where["authorization"]]


def test_a_consumer_that_resumes_is_told_where_its_data_are(pair: Pair) -> None:
    transfer = pair.begin(pair.agree()["agreement"], "HttpData-PULL", take=False)
    theirs = pair.provider.desk.book.find_peer(Transfer, pair.consumer.id, transfer["id"])
    assert theirs is not None
    pair.ask(pair.consumer, "POST", f"/transfers/{transfer['id']}/decision?wait_s=5", {"act": "suspend"})
    pair.settle()
    transfers = pair.provider.desk.transfers
    transfers._sleep = lambda _: asyncio.sleep(0)
    told = len(pair.wire.to(pair.consumer.host, "/start"))

    async def resumed() -> Transfer:
        process = transfers.get(theirs.id)
        return await transfers.receive(
            theirs.id, Participant(pair.consumer.id), start(process), TransferStartMessage
        )

    assert pair.run(resumed()).state == "STARTED"
    pair.settle()
    [letter, *_] = pair.wire.to(pair.consumer.host, "/start")[told:]
    named = msgspec.json.decode(letter.body)["dataAddress"]["endpointProperties"]
    assert EDC + "endpoint" in {one["name"] for one in named}
    assert transfers.get(theirs.id).state == "STARTED"


def test_a_provider_may_say_it_again_once_we_have_resumed(pair: Pair) -> None:
    transfer = pair.begin(pair.agree()["agreement"], "HttpData-PULL", take=False)["id"]
    transfers, provider = pair.consumer.desk.transfers, Participant(pair.provider.id)
    process = transfers.get(transfer)
    again = start(process, dataAddress=properties(endpoint="https://edc.example/anew", authorization="t"))

    async def told() -> Transfer:
        return await transfers.receive(transfer, provider, again, TransferStartMessage)

    with pytest.raises(errors.InvalidRequest):
        pair.run(told())
    for act in ("suspend", "start"):
        pair.ask(pair.consumer, "POST", f"/transfers/{transfer}/decision?wait_s=5", {"act": act})
        pair.settle()
    found = pair.run(told())
    assert found.state == "STARTED" and found.steps == transfers.get(transfer).steps
    assert read(found.data, DataAddress).where == "https://edc.example/anew"
    foreign = again | {"@id": "1", "providerPid": "another"}
    with pytest.raises(errors.InvalidRequest):
        pair.run(transfers.receive(transfer, provider, foreign, TransferStartMessage))
