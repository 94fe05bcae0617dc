"""Partners that know each other by TLS certificates alone: a contract and its data without a DID or a credential.

TLS is what the proxies of both sides have ended: each shows the other's certificate. Nothing signed is sent, and
nothing that would be needed to read a signature can be had.
"""

from __future__ import annotations

import asyncio
import base64
import ssl
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from tests.integration.test_client_certificates import Authority

from sympolis.app import federating
from sympolis.domain import errors
from sympolis.settings import Settings
from sympolis.testing.asgi_client import exchange
from sympolis.testing.trading import Pair, Wire, open_trading_twin

CATALOGUE = "/dsp/catalog/request"
ASKED = {"@context": ["https://w3id.org/dspace/2025/1/context.jsonld"], "@type": "CatalogRequestMessage"}


def rfc_9440(pem: bytes) -> str:
    return f":{base64.b64encode(ssl.PEM_cert_to_DER_cert(pem.decode())).decode()}:"


class Proxy:
    """Before a twin: shows the certificate by which the other side came, and has no keys of anybody."""

    def __init__(self, inside: Any, shown: str) -> None:
        self.inside = inside
        self.shown = shown.encode()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["path"].startswith(("/.well-known/did", "/api/federation")):
            scope = {**scope, "path": "/nowhere", "raw_path": b"/nowhere"}
        await self.inside(
            {**scope, "headers": [*scope["headers"], (b"client-cert", self.shown)]}, receive, send
        )


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority("members", tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="module")
def certificates(authority: Authority) -> dict[str, bytes]:
    return {name: Path(authority.client(f"did:web:{name}.test")[0]).read_bytes() for name in "ab"}


@pytest.fixture(scope="module")
def pair(
    tmp_path_factory: pytest.TempPathFactory, authority: Authority, certificates: dict[str, bytes]
) -> Iterator[Pair]:
    folder, wire = tmp_path_factory.mktemp("certified"), Wire()
    with asyncio.Runner() as runner:
        roots = {"tls_client_roots": authority.file}
        provider, consumer = (runner.run(open_trading_twin(folder, name, wire, **roots)) for name in "ab")
        for one in (provider, consumer):
            one.twin.address = f"https://{one.host}"
        wire.apps["a.test"] = Proxy(provider.twin.asgi, rfc_9440(certificates["b"]))
        wire.apps["b.test"] = Proxy(consumer.twin.asgi, quote(certificates["a"].decode()))
        yield Pair(runner, wire, provider, consumer)
        for one in (provider, consumer):
            runner.run(one.twin.close())


@pytest.fixture(scope="module")
def partners(pair: Pair) -> None:
    for one, other in ((pair.provider, pair.consumer), (pair.consumer, pair.provider)):
        adding = {"base_url": f"https://{other.host}", "id": other.id, "certified": True}
        made = pair.ask(one, "POST", "/partners", adding)
        assert made.status == 201, made.json
        assert (made.json["kind"], made.json["certified"]) == ("connector", True)


def catalogue(pair: Pair, **headers: str) -> int:
    given = {"host": "a.test", **{name.replace("_", "-"): value for name, value in headers.items()}}
    answer = pair.run(exchange(pair.provider.twin.asgi, "POST", CATALOGUE, json=ASKED, headers=given))
    return int(answer.status)


def test_a_contract_and_its_data_by_certificates_alone(pair: Pair, partners: None) -> None:
    ours = pair.agree()
    assert ours["state"] == "FINALIZED" and ours["partner"] == "did:web:a.test"
    done = pair.begin(ours["agreement"], "HttpData-PULL")
    assert done["received"], done
    end = f"/agreements/{quote(ours['agreement'], safe='')}/decision"
    assert pair.ask(pair.consumer, "POST", end, {"act": "terminate", "why": "enough"}).status == 200
    pair.settle()
    said = [one.headers["authorization"] for one in pair.wire.sent if "authorization" in one.headers]
    assert said and all(one.startswith("Bearer dst_") for one in said), (
        "tokens of transfers, and nothing signed"
    )
    uses = pair.ask(pair.provider, "GET", "/usage").json["uses"]
    assert {one["partner"] for one in uses} == {"did:web:b.test"}


def test_only_partners_that_were_added_so_are_known_by_a_certificate(
    pair: Pair, partners: None, authority: Authority, certificates: dict[str, bytes], tmp_path: Path
) -> None:
    shown = rfc_9440(certificates["b"])
    assert catalogue(pair, client_cert=shown) == 200
    assert catalogue(pair) == 401
    assert catalogue(pair, client_cert=shown, authorization="Bearer e30.e30.x") == 401
    another = Authority("members", tmp_path).client("did:web:b.test")[0]
    for wrong in (another, authority.client("did:web:c.test")[0]):
        assert catalogue(pair, client_cert=rfc_9440(Path(wrong).read_bytes())) == 401
    for garbage in (":e30=:", "%2D", "-----BEGIN CERTIFICATE-----", "x" * 40_000):
        assert catalogue(pair, client_cert=garbage) == 401
    assert pair.provider.twin.federation is not None
    directory = pair.provider.twin.federation.directory
    directory.change("did:web:b.test", certified=False)
    assert catalogue(pair, client_cert=shown) == 401, (
        "an authority does not speak for who has keys of its own"
    )
    directory.change("did:web:b.test", certified=True)


def test_nobody_is_known_by_a_certificate_where_no_roots_are_set(
    tmp_path: Path, certificates: dict[str, bytes]
) -> None:
    with asyncio.Runner() as runner:
        twin = runner.run(open_trading_twin(tmp_path, "a", Wire()))
        given = {"host": "a.test", "client-cert": rfc_9440(certificates["b"])}
        answer = runner.run(exchange(twin.twin.asgi, "POST", CATALOGUE, json=ASKED, headers=given))
        runner.run(twin.twin.close())
    assert answer.status == 401


@pytest.mark.parametrize(
    ("adding", "where"),
    [
        ({"base_url": "https://a.test", "certified": True}, "id"),
        ({"base_url": "https://a.test", "id": "two words", "certified": True}, "id"),
        ({"base_url": "http://a.test", "id": "a.test", "certified": True}, "base_url"),
        ({"base_url": "https://a.test", "id": "a.test", "certified": "yes"}, "certified"),
    ],
)
def test_who_is_to_be_known_so_has_a_name_and_an_address_that_tls_proves(
    pair: Pair, adding: dict[str, Any], where: str
) -> None:
    refused = pair.ask(pair.consumer, "POST", "/partners", adding)
    assert (refused.status, refused.json["where"]) == (400, where)


def test_roots_that_cannot_be_read_stop_the_start(tmp_path: Path) -> None:
    (tmp_path / "empty.pem").write_text("", "utf-8")
    for file in ("empty.pem", "none.pem"):
        with pytest.raises(errors.SettingsInvalid) as refused:
            federating._client_roots(Settings(tls_client_roots=str(tmp_path / file)))
        assert refused.value.where == "tls_client_roots"
