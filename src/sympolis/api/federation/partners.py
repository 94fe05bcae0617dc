"""Partners and invitations for people, and the two messages by which twins get to know each other."""

from __future__ import annotations

from typing import Any

from sympolis.api.bodies import read_object
from sympolis.api.http import Reply, Request, json_reply
from sympolis.dataspace.credentials.did import check_did
from sympolis.dataspace.federation import Federation
from sympolis.dataspace.partners.partner import Invitation, Partner
from sympolis.domain import errors

_LONGEST = 500
_FIELDS = frozenset({"base_url", "id", "invitation", "certified"})


class Partners:
    """Handlers of ``/api/federation/partners`` and its neighbours."""

    def __init__(self, federation: Federation) -> None:
        self._federation = federation
        self._desk = federation.partners

    async def everybody(self, request: Request) -> Reply:  # noqa: ARG002
        """Every partner."""
        return json_reply({"partners": [self._shown(one) for one in self._desk.directory.everybody()]})

    async def get(self, request: Request) -> Reply:
        """One partner."""
        return json_reply(self._shown(self._desk.directory.get(request.arguments["partner"])))

    async def add(self, request: Request) -> Reply:
        """Make the twin, connector or catalogue at an address a partner."""
        given = await read_object(request)
        unknown = sorted(set(given) - _FIELDS)
        if unknown:
            raise errors.InvalidRequest("is not known here", where=unknown[0])
        expected, certified = text_of(given, "id"), given.get("certified", False)
        if not isinstance(certified, bool):
            raise errors.InvalidRequest("expected true or false", where="certified")
        if expected and not certified:
            check_did(expected)
        base_url = text_of(given, "base_url")
        if not base_url:
            raise errors.InvalidRequest(
                "expected the address of a twin, a connector or a catalogue", where="base_url"
            )
        invitation = text_of(given, "invitation")
        made = await self._desk.add(
            base_url, expected=expected, invitation=invitation, certified=certified, by=by(request)
        )
        return json_reply(self._shown(made), status=201)

    async def change(self, request: Request) -> Reply:
        """Suspend a partner, or deal with it again."""
        given = await read_object(request)
        standing = given.get("standing")
        if set(given) != {"standing"} or standing not in ("active", "suspended"):
            raise errors.InvalidRequest("expected active or suspended", where="standing")
        partner = request.arguments["partner"]
        found = self._desk.suspend(partner, suspended=standing == "suspended")
        self._federation.identity.forget(partner)
        return json_reply(self._shown(found))

    async def remove(self, request: Request) -> Reply:
        """Part from a partner."""
        partner = request.arguments["partner"]
        self._desk.remove(partner)
        self._federation.identity.forget(partner)
        return Reply(status=204)

    async def greet(self, request: Request) -> Reply:
        """Get in touch with a partner now."""
        return json_reply(self._shown(await self._desk.greet(request.arguments["partner"])))

    # --- invitations

    async def invitations(self, request: Request) -> Reply:  # noqa: ARG002
        """Every invitation; the words themselves are not kept."""
        return json_reply({"invitations": [_invited(one) for one in self._desk.directory.invitations()]})

    async def invite(self, request: Request) -> Reply:
        """Make an invitation; its word is shown this once."""
        given = await read_object(request)
        self._federation.own.did()  # nobody could follow an invitation to a twin without an address
        made, word = self._desk.directory.invite(note=text_of(given, "note"), by=by(request))
        document = {**_invited(made), "invitation": word, "address": self._federation.own.address()}
        return Reply(status=201, body=json_reply(document).body, cache="no-store")

    async def withdraw(self, request: Request) -> Reply:
        """Take an invitation back."""
        self._desk.directory.withdraw(request.arguments["invitation"])
        return Reply(status=204)

    # --- between twins

    async def standing(self, request: Request) -> Reply:
        """How the asking twin stands with us."""
        sender = await self._federation.identity.sender(request.header(b"authorization"))
        standing = self._desk.directory.standing(sender.id)
        if not standing:
            raise errors.Forbidden("is not a partner of this twin", where=sender.id)
        self._desk.heard_from(sender.id)
        return json_reply({"standing": standing})

    async def join(self, request: Request) -> Reply:
        """A twin accepts our invitation."""
        sender = await self._federation.identity.sender(request.header(b"authorization"))
        given = await read_object(request)
        made = await self._desk.join(sender.id, text_of(given, "base_url"), text_of(given, "invitation"))
        return json_reply({"standing": made.standing.value}, status=201)

    def _shown(self, partner: Partner) -> dict[str, Any]:
        held = self._federation.wallet.held_of(partner.id)
        return {
            "id": partner.id,
            "base_url": partner.base_url,
            "name": partner.name,
            "title": partner.title,
            "kind": partner.kind.value,
            "certified": partner.certified,
            "catalogue_url": partner.catalogue_url,
            "dsp_url": partner.dsp_url,
            "standing": partner.standing.value,
            "origin": partner.origin.value,
            "added_at": partner.added_at,
            "added_by": partner.added_by,
            "knows_us": partner.knows_us,
            "vouches_for_us_until": None if held is None else held.valid_until,
            "breaker": self._federation.contact.breaker(partner.id).state,
            "last_contact_at": partner.last_contact_at,
            "last_failure_at": partner.last_failure_at,
            "last_failure": partner.last_failure,
        }


def _invited(one: Invitation) -> dict[str, Any]:
    return {
        "id": one.id,
        "note": one.note,
        "made_at": one.made_at,
        "made_by": one.made_by,
        "until": one.until,
        "used_by": one.used_by,
    }


def text_of(given: dict[str, Any], name: str) -> str:
    """A member that is text, '' where it is not given. Raises ``InvalidRequest``."""
    value = given.get(name, "")
    if not isinstance(value, str) or len(value) > _LONGEST:
        raise errors.InvalidRequest(f"expected a text of at most {_LONGEST} characters", where=name)
    return value.strip()


def by(request: Request) -> str:
    """Who does it, for the record."""
    return "" if request.subject is None else str(request.subject.id)
