"""Whom this twin believes, what it says of others and others of it, and its keys: for the people who answer for
that."""

from __future__ import annotations

from typing import Any

from sympolis.api.bodies import read_object
from sympolis.api.federation.partners import by, text_of
from sympolis.api.http import Reply, Request, json_reply
from sympolis.dataspace.credentials.anchors import Anchor
from sympolis.dataspace.credentials.credential import MEMBERSHIP
from sympolis.dataspace.credentials.did import check_did
from sympolis.dataspace.credentials.wallet import Given, Held
from sympolis.dataspace.federation import Federation
from sympolis.domain import errors


class Trust:
    """Handlers of ``/api/federation/trust``, ``/credentials`` and ``/keys``."""

    def __init__(self, federation: Federation) -> None:
        self._federation = federation

    async def anchors(self, request: Request) -> Reply:  # noqa: ARG002
        """Whose word counts here."""
        return json_reply({"anchors": [_anchor(one) for one in self._federation.anchors.list()]})

    async def add_anchor(self, request: Request) -> Reply:
        """Let an issuer's word count."""
        given = await read_object(request)
        kinds = given.get("types", ["MembershipCredential"])
        if not isinstance(kinds, list) or not all(isinstance(one, str) for one in kinds):
            raise errors.InvalidRequest("expected kinds of credentials", where="types")
        made = self._federation.anchors.add(
            text_of(given, "id"), tuple(kinds), title=text_of(given, "title"), by=by(request)
        )
        return json_reply(_anchor(made), status=201)

    async def remove_anchor(self, request: Request) -> Reply:
        """Let an issuer's word count no longer."""
        self._federation.anchors.remove(request.arguments["anchor"])
        return Reply(status=204)

    async def credentials(self, request: Request) -> Reply:  # noqa: ARG002
        """What we say of others, and others of us."""
        wallet = self._federation.wallet
        return json_reply(
            {
                "given": [_given(one) for one in wallet.given()],
                "held": [_held(one) for one in wallet.held()],
            }
        )

    async def ask(self, request: Request) -> Reply:
        """Ask an authority for a credential about us; it is delivered once the authority has decided."""
        given = await read_object(request)
        issuer, name = check_did(text_of(given, "issuer")), text_of(given, "credential") or MEMBERSHIP
        await self._federation.requesting.ask(issuer, name)
        return json_reply({"issuer": issuer, "credential": name}, status=202)

    async def revoke(self, request: Request) -> Reply:
        """Take a credential back."""
        revoked = self._federation.wallet.revoke(request.arguments["credential"])
        self._federation.identity.forget(revoked.subject)
        return json_reply(_given(revoked))

    async def rotate(self, request: Request) -> Reply:
        """Sign by a new key from now on."""
        given = await read_object(request)
        revoke = given.get("revoke", False)
        if not isinstance(revoke, bool) or set(given) - {"revoke"}:
            raise errors.InvalidRequest("expected true or false", where="revoke")
        return json_reply({"key": self._federation.rotate_keys(revoke=revoke)}, status=201)


def _anchor(one: Anchor) -> dict[str, Any]:
    return {
        "id": one.id,
        "types": list(one.types),
        "title": one.title,
        "added_at": one.added_at,
        "added_by": one.added_by,
    }


def _given(one: Given) -> dict[str, Any]:
    return {
        "id": one.id,
        "subject": one.subject,
        "type": one.type,
        "given_at": one.given_at,
        "valid_until": one.valid_until,
        "revoked_at": one.revoked_at,
    }


def _held(one: Held) -> dict[str, Any]:
    return {
        "id": one.id,
        "issuer": one.issuer,
        "types": list(one.types),
        "valid_until": one.valid_until,
        "received_at": one.received_at,
    }
