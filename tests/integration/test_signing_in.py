"""Signing in with the built-in issuer, as a browser, a page of ours and a machine do it."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest

from sympolis.app.standalone import StandaloneBroker, open_broker
from sympolis.governance.identity.issuer import challenge_of
from sympolis.governance.identity.records import Ended
from sympolis.governance.identity.tokens import IssuedTokens, Trust
from sympolis.settings import Settings
from sympolis.stores.embedded.identity import EmbeddedDirectory
from sympolis.testing.asgi_client import Answer, Client

PASSWORD = "correct horse battery"
FORM = {"content-type": "application/x-www-form-urlencoded"}
OURS = {"origin": "http://127.0.0.1:8400"}
ENTITY = {"id": "urn:ngsi-ld:Thing:1", "type": "Thing"}


class House:
    def __init__(self, broker: StandaloneBroker, client: Client) -> None:
        assert broker.government is not None
        self.government, self.client = broker.government, client
        self.accounts = broker.government.governed.accounts

    def form(self, path: str, headers: dict[str, str] | None = None, **fields: str) -> Answer:
        body = urlencode(fields).encode()
        return self.client.request("POST", path, body=body, headers={**FORM, **OURS, **(headers or {})})

    def sign_in(self, password: str = PASSWORD, user: str = "anna", following: str = "/") -> Answer:
        return self.form("/api/identity/login", user=user, password=password, next=following)

    def entries(self) -> list[tuple[str, str]]:
        self.client.loop.run_until_complete(self.government.audit.settled())
        return [(one.event.act.value, one.event.subject) for _, one in self.government.audit.trail.entries()]


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    runner = asyncio.Runner()
    settings = Settings(data=tmp_path, store="memory", identity="required")
    broker = runner.run(open_broker(settings))
    found = House(broker, Client(broker.asgi, runner.get_loop()))
    found.accounts.add("anna", name="Anna", roles=["technical-steward"], password=PASSWORD)
    yield found
    runner.run(broker.close())
    runner.close()


def cookie_of(answer: Answer) -> dict[str, str]:
    return {"cookie": (answer.header("set-cookie") or "").partition(";")[0]}


def test_a_person_signs_in_and_out(house: House) -> None:
    page = house.client.get("/api/identity/login?next=/map", accept_language="it")
    assert page.status == 200 and b"Accedi" in page.body and b'value="/map"' in page.body
    answer = house.sign_in(following="/map")
    assert (answer.status, answer.header("location")) == (303, "/map")
    line = answer.header("set-cookie") or ""
    assert all(part in line for part in ("HttpOnly", "SameSite=Lax", "Path=/"))
    me = house.client.request("GET", "/api/identity/me", headers=cookie_of(answer)).json
    assert (me["id"], me["proof"], me["roles"]) == ("anna", "session", ["technical-steward"])
    assert "context.write" in me["rights"]
    out = house.client.request("POST", "/api/identity/logout", headers={**cookie_of(answer), **OURS})
    assert out.status == 204 and "Max-Age=0" in (out.header("set-cookie") or "")
    assert house.entries() == [("signed-in", "anna"), ("signed-out", "anna")]


def test_https_has_a_cookie_that_no_other_site_can_set(house: House) -> None:
    async def over_https(scope: Any, receive: Any, send: Any) -> None:
        await house.client.application({**scope, "scheme": "https"}, receive, send)

    client = Client(over_https, house.client.loop)
    body = urlencode({"user": "anna", "password": PASSWORD}).encode()
    answer = client.request("POST", "/api/identity/login", body=body, headers=FORM)
    line = answer.header("set-cookie") or ""
    assert line.startswith("__Host-sympolis_session=") and line.endswith("; Secure")
    weaker = {"cookie": cookie_of(house.sign_in())["cookie"]}
    assert client.request("GET", "/api/identity/me", headers=weaker).json["known"] is False
    assert client.request("GET", "/api/identity/me", headers=cookie_of(answer)).json["known"] is True


def test_a_signed_in_browser_writes_only_from_our_pages(house: House) -> None:
    cookie = cookie_of(house.sign_in())
    write = "/ngsi-ld/v1/entities"
    for headers, status in (
        ({}, 403),
        ({"origin": "https://evil.example"}, 403),
        ({"sec-fetch-site": "cross-site"}, 403),
        (OURS, 201),
    ):
        assert (
            house.client.request("POST", write, json=ENTITY, headers={**cookie, **headers}).status == status
        )


@pytest.mark.parametrize(
    "following", ["//evil.example", "https://evil.example", "/\\evil.example", "javascript:x"]
)
def test_signing_in_leads_nowhere_else(house: House, following: str) -> None:
    assert house.sign_in(following=following).header("location") == "/"


def test_wrong_passwords_are_slowed_down_and_written_down(house: House) -> None:
    assert house.sign_in("wrong", user="nobody").status == 401
    statuses = [house.sign_in("wrong").status for _ in range(10)]
    assert statuses[0] == 401 and statuses[-1] == 429
    assert house.sign_in().status == 429, "also with the right one, for a while"
    assert house.entries()[0] == ("sign-in-failed", ""), "what was typed as a name may be a password"
    assert ("sign-in-failed", "anna") in house.entries()


def test_a_session_ends_with_the_password_and_with_the_user(house: House) -> None:
    for end in ("password", "disabled"):
        house.accounts.set_password("anna", PASSWORD)
        cookie = cookie_of(house.sign_in())
        assert house.client.request("GET", "/api/identity/me", headers=cookie).json["known"] is True
        if end == "password":
            house.accounts.set_password("anna", PASSWORD + "!")
        else:
            house.accounts.set_disabled("anna", disabled=True)
        assert house.client.request("GET", "/api/identity/me", headers=cookie).json["known"] is False


REDIRECT = "http://127.0.0.1:8400/signed-in"


def authorize(house: House, cookie: dict[str, str], verifier: str, **changed: str) -> Answer:
    asked = {
        "response_type": "code",
        "client_id": "sympolis-ui",
        "redirect_uri": REDIRECT,
        "code_challenge": challenge_of(verifier),
        "code_challenge_method": "S256",
        "state": "s1",
        "nonce": "n1",
        **changed,
    }
    return house.client.request("GET", f"/api/identity/authorize?{urlencode(asked)}", headers=cookie)


def redeem(house: House, code: str, verifier: str, /, **changed: str) -> Answer:
    fields = {
        "grant_type": "authorization_code",
        "code": code,
        "client_id": "sympolis-ui",
        "redirect_uri": REDIRECT,
        "code_verifier": verifier,
        **changed,
    }
    return house.form("/api/identity/token", **fields)


def code_in(answer: Answer) -> str:
    return parse_qs(urlsplit(answer.header("location") or "").query)["code"][0]


def test_a_page_gets_a_token_with_a_code_that_works_once(house: House) -> None:
    verifier = secrets.token_urlsafe(48)
    first = authorize(house, {}, verifier)
    assert first.status == 303
    assert (first.header("location") or "").startswith(
        "/api/identity/login?next=%2Fapi%2Fidentity%2Fauthorize"
    )
    cookie = cookie_of(house.sign_in())
    answer = authorize(house, cookie, verifier)
    assert "state=s1" in (answer.header("location") or "")
    code = code_in(answer)
    token = redeem(house, code, verifier)
    assert token.status == 200 and token.header("cache-control") == "no-store"
    assert redeem(house, code, verifier).status == 400
    bearer = {"authorization": f"Bearer {token.json['access_token']}"}
    assert house.client.request("POST", "/ngsi-ld/v1/entities", json=ENTITY, headers=bearer).status == 201
    identity = {"authorization": f"Bearer {token.json['id_token']}"}
    assert house.client.request("GET", "/api/sources", headers=identity).status in (401, 404)
    assert (
        house.client.request("DELETE", f"/ngsi-ld/v1/entities/{ENTITY['id']}", headers=identity).status == 401
    )


@pytest.mark.parametrize(
    "changed",
    [
        {"code_verifier": "x" * 64},
        {"redirect_uri": REDIRECT + "2"},
        {"client_id": "sympolis-cli"},
        {"code": "guess"},
    ],
)
def test_a_code_is_of_no_use_to_others(house: House, changed: dict[str, str]) -> None:
    verifier = secrets.token_urlsafe(48)
    code = code_in(authorize(house, cookie_of(house.sign_in()), verifier))
    assert redeem(house, code, verifier, **changed).status == 400


@pytest.mark.parametrize(
    "changed",
    [
        {"redirect_uri": "https://evil.example/"},
        {"redirect_uri": "http://127.0.0.1:8400@evil.example/"},
        {"client_id": "somebody"},
        {"client_id": "sympolis-cli", "redirect_uri": "http://evil.example/"},
        {"response_type": "token"},
        {"code_challenge_method": "plain"},
        {"code_challenge": "short"},
    ],
)
def test_no_code_is_sent_elsewhere(house: House, changed: dict[str, str]) -> None:
    answer = authorize(house, cookie_of(house.sign_in()), secrets.token_urlsafe(48), **changed)
    assert answer.status == 400 and answer.header("location") is None


def test_a_machine_gets_a_token_for_its_key(house: House) -> None:
    key, text = house.accounts.add_key("anna")
    token = house.form("/api/identity/token", grant_type="client_credentials", client_secret=text).json
    bearer = {"authorization": f"Bearer {token['access_token']}"}
    assert house.client.request("GET", "/api/identity/me", headers=bearer).json["proof"] == "key"
    house.accounts.revoke_key(key.id)
    again = house.form("/api/identity/token", grant_type="client_credentials", client_secret=text)
    assert again.status == 401


def test_another_server_can_trust_this_one(house: House) -> None:
    own = "http://127.0.0.1:8400/api/identity"
    described = house.client.get("/api/identity/.well-known/openid-configuration").json
    assert described["issuer"] == own and described["jwks_uri"] == f"{own}/jwks"
    keys = house.client.get("/api/identity/jwks").json["keys"]
    assert keys and all("d" not in key for key in keys)
    verifier = secrets.token_urlsafe(48)
    code = code_in(authorize(house, cookie_of(house.sign_in()), verifier))
    token = redeem(house, code, verifier).json["access_token"]
    asked = []

    async def fetch(url: str) -> bytes:
        asked.append(url)
        return documents[url]

    documents = {
        url: house.client.get(urlsplit(url).path).body
        for url in (f"{own}/.well-known/openid-configuration", f"{own}/jwks")
    }
    other = IssuedTokens({own: Trust(own, "sympolis")}, fetch)
    found = house.client.loop.run_until_complete(other.subject(token))
    assert found.id == "anna@127.0.0.1:8400/api/identity" and len(asked) == 2


def test_keys_change_and_tokens_of_the_old_one_go_on_for_a_while(house: House) -> None:
    cookie = cookie_of(house.sign_in())
    issuer = house.government.governed.issuer
    assert issuer is not None
    issuer.rotate()
    assert len(house.client.get("/api/identity/jwks").json["keys"]) == 2
    assert house.client.request("GET", "/api/identity/me", headers=cookie).json["known"] is True


def test_who_has_signed_out_is_out_with_all_that_came_of_the_session(house: House) -> None:
    cookie = cookie_of(house.sign_in())
    verifier = secrets.token_urlsafe(48)
    asked = {
        "client_id": "sympolis-cli", "redirect_uri": "http://127.0.0.1:9999/", "response_type": "code",
        "code_challenge": challenge_of(verifier), "code_challenge_method": "S256",
    }  # fmt: skip

    def code() -> str:
        found = house.client.request("GET", f"/api/identity/authorize?{urlencode(asked)}", headers=cookie)
        return parse_qs(urlsplit(found.header("location") or "").query)["code"][0]

    def redeemed(found: str) -> Answer:
        return house.form(
            "/api/identity/token", grant_type="authorization_code", code=found, code_verifier=verifier,
            client_id="sympolis-cli", redirect_uri="http://127.0.0.1:9999/",
        )  # fmt: skip

    unused, token = code(), redeemed(code()).json["access_token"]
    bearer = {"authorization": f"Bearer {token}"}
    other = cookie_of(house.sign_in())
    assert house.client.request("POST", "/api/identity/logout", headers={**cookie, **OURS}).status == 204
    issuer = house.government.governed.issuer
    assert issuer is not None and issuer.session_subject(cookie["cookie"].partition("=")[2]) is None
    assert house.client.request("GET", "/api/identity/me", headers=cookie).json["proof"] == "none"
    assert house.client.request("GET", "/api/identity/me", headers=bearer).status == 401
    assert redeemed(unused).status == 400
    assert house.client.request("GET", "/api/identity/me", headers=other).json["proof"] == "session"


def test_what_was_ended_is_forgotten_when_its_time_is_over() -> None:
    directory, at = EmbeddedDirectory.in_memory(), datetime(2026, 1, 1, tzinfo=UTC)
    directory.end(Ended("old", at), now=at)
    directory.end(Ended("new", at + timedelta(hours=9)), now=at + timedelta(hours=1))
    assert (directory.has_ended("old"), directory.has_ended("new")) == (False, True)
