"""Tokens of issuers: which hold, which do not, and when an issuer's keys are fetched again."""

from __future__ import annotations

import asyncio
import base64
import hmac
import json
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey

from sympolis.domain import errors
from sympolis.governance.identity.tokens import IssuedTokens, Trust, _subject

ISSUER = "https://login.city.example"
NOW = 1_800_000_000.0


class World:
    """An issuer with its keys, a clock, and how often it was asked."""

    def __init__(self) -> None:
        self.keys = [ECKey.generate_key("P-256", {"kid": "one"}, private=True)]
        self.asked: list[str] = []
        self.away = False
        self.monotonic = 0.0
        self.issuer = ISSUER
        roles = {"gis-team": "analyst", "chiefs": "data-owner"}
        trust = Trust(ISSUER, "sympolis", "realm.roles", roles)
        self.tokens = IssuedTokens(
            {ISSUER: trust}, self.fetch, clock=lambda: NOW, monotonic=lambda: self.monotonic
        )

    async def fetch(self, url: str) -> bytes:
        self.asked.append(url)
        if self.away:
            raise OSError("no route")
        if url.endswith("/keys"):
            return json.dumps({"keys": [key.as_dict(private=False) for key in self.keys]}).encode()
        return json.dumps({"issuer": self.issuer, "jwks_uri": f"{ISSUER}/keys"}).encode()

    def token(self, key: Any = None, header: dict[str, Any] | None = None, **claims: Any) -> str:
        own = key or self.keys[0]
        given = {"iss": ISSUER, "sub": "anna", "aud": "sympolis", "exp": NOW + 60, "iat": NOW, **claims}
        left = {name: value for name, value in given.items() if value is not None}
        return jwt.encode({"alg": "ES256", "kid": own.kid, **(header or {})}, left, own)

    def who(self, token: str) -> Any:
        return asyncio.run(self.tokens.subject(token))


def encoded(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def test_a_token_says_who_and_which_roles() -> None:
    world = World()
    found = world.who(world.token(realm={"roles": ["gis-team", "others"]}, name="Anna", purpose=["urn:p"]))
    assert (found.id, found.roles, found.name) == ("anna@login.city.example", {"analyst"}, "Anna")
    assert found.purposes == ("urn:p",)
    assert world.who(world.token(aud=["other", "sympolis"], realm=None)).roles == frozenset()


@pytest.mark.parametrize(
    "claims",
    [
        {"exp": NOW - 120},
        {"exp": None},
        {"nbf": NOW + 3600},
        {"aud": "another"},
        {"aud": None},
        {"sub": None},
        {"sub": 7},
        {"iss": "https://elsewhere.example"},
        {"iss": None},
        {"exp": "soon"},
    ],
)
def test_claims_that_do_not_hold(claims: dict[str, Any]) -> None:
    world = World()
    with pytest.raises(errors.Unauthenticated):
        world.who(world.token(**claims))


def test_signatures_that_do_not_hold() -> None:
    world = World()
    stranger = ECKey.generate_key("P-256", {"kid": "one"}, private=True)
    good = world.token()
    head, body, signature = good.split(".")
    none = encoded(b'{"alg":"none"}')
    signed = encoded(b'{"alg":"HS256","kid":"one"}') + "." + body
    public = world.keys[0].as_pem(private=False)
    shared = f"{signed}.{encoded(hmac.digest(public, signed.encode(), 'sha256'))}"
    wrong = [
        world.token(key=stranger), f"{none}.{body}.", f"{head}.{body}.", f"{head}.{body[:-2]}AA.{signature}", shared,
        "", "a.b", "a.b.c", "." * 5, "é.é.é",
    ]  # fmt: skip
    for one in wrong:
        with pytest.raises(errors.Unauthenticated):
            world.who(one)


def test_keys_are_fetched_once_and_again_when_they_change() -> None:
    world = World()
    for _ in range(3):
        world.who(world.token())
    assert len(world.asked) == 2
    world.keys = [ECKey.generate_key("P-256", {"kid": "two"}, private=True)]
    with pytest.raises(errors.Unauthenticated):
        world.who(world.token())  # asked for a moment ago: not again for every token that names another key
    world.monotonic = 31.0
    world.who(world.token())
    assert len(world.asked) == 4
    world.monotonic = 31.0 + 601
    world.who(world.token())
    assert len(world.asked) == 6


def test_an_issuer_that_is_away_for_a_while_is_no_reason_to_turn_people_away() -> None:
    world = World()
    world.who(world.token())
    world.away, world.monotonic = True, 700.0
    world.who(world.token())
    world.monotonic = 1300.0
    with pytest.raises(errors.SourceFailed):
        world.who(world.token())


def test_a_description_of_another_issuer_is_not_believed() -> None:
    world = World()
    world.issuer = "https://elsewhere.example"
    with pytest.raises(errors.SourceFailed, match="another issuer"):
        world.who(world.token())


@pytest.mark.parametrize(
    ("issuer", "place"),
    [
        ("https://login.city.example", "login.city.example"),
        ("https://login.city.example/", "login.city.example"),
        ("https://login.city.example/realms/staff", "login.city.example/realms/staff"),
        ("https://LOGIN.city.example:8443/realms/a@b", "login.city.example:8443/realms/a%40b"),
    ],
)
def test_realms_of_one_host_have_people_of_their_own(issuer: str, place: str) -> None:
    assert _subject(Trust(issuer, "sympolis"), {"sub": "anna"}).id == f"anna@{place}"
