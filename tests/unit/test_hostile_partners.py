"""What a partner may send that is no answer: it is refused or shown as data, and never keeps us busy for ever."""

from __future__ import annotations

import asyncio
import itertools
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest

from sympolis.api.federation.calls import Calls
from sympolis.dataspace.calls import Answer
from sympolis.dataspace.credentials import resolver
from sympolis.dataspace.delivery.receiving import Receiving, _uses
from sympolis.dataspace.dsp.vocabulary import Side
from sympolis.domain import errors

DID = "did:web:partner.example"


@pytest.mark.parametrize("kind", [["EC"], {"EC": 1}, None, 5])
def test_a_key_of_no_known_kind_is_no_key(kind: object) -> None:
    method = {"id": f"{DID}#k", "controller": DID, "publicKeyJwk": {"kty": kind}}
    assert resolver._checked(DID, {"id": DID, "verificationMethod": [method]})[1] == {}


@pytest.mark.parametrize("said", [None, [], {}, {"uses": 5}, {"uses": [1]}, {"uses": [{"number": "1"}]}])
def test_an_account_that_is_none_is_refused(said: object) -> None:
    with pytest.raises(errors.SourceFailed):
        _uses(Answer(200, {}, msgspec.json.encode(said)), "https://partner.example/usage")


def account(numbers: Any) -> list[Any]:
    """Our reading of an account whose pages are always full, with these numbers."""
    receiving = Receiving.__new__(Receiving)

    async def ours(*_: object) -> Answer:
        page = [{"number": next(numbers), "request": "r", "bytes": 1} for _ in range(1000)]
        return Answer(200, {}, msgspec.json.encode({"uses": page}))

    receiving._ours = ours  # type: ignore[method-assign]
    address = {
        "@type": "DataAddress",
        "endpointType": "https://w3id.org/idsa/v4.1/HTTP",
        "endpointProperties": [
            {"@type": "EndpointProperty", "name": "usageEndpoint", "value": "https://partner.example/usage"}
        ],
    }
    transfer: Any = SimpleNamespace(data=address, side=Side.CONSUMER)
    return asyncio.run(receiving._their_uses(transfer))


def test_an_account_without_an_end_ends_here() -> None:
    assert len(account(itertools.repeat(7))) == 2000, "the same page again"
    assert len(account(itertools.count(1))) == 100_000


@pytest.mark.parametrize(
    ("said", "shown"),
    [("text/html", "application/json"), ("application/geo+json", "application/geo+json")],
)
def test_what_a_partner_answers_is_no_page_of_ours(said: str, shown: str) -> None:
    call = SimpleNamespace(came=SimpleNamespace(media=said), agreement="urn:a")
    calling: Any = SimpleNamespace(get=lambda _: call, answer=lambda _: b'{"a": "<form action=//evil>"}')
    request: Any = SimpleNamespace(arguments={"call": "c"})
    assert asyncio.run(Calls(calling).result(request)).media == shown
