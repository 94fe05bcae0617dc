"""Becoming a participant: key pair, application, signing request, credential. Each step is kept, none is repeated.

The private key is made here and never leaves; the authority sees a signing request. What it sends back counts only if
it is a certificate for that very key under the configured root.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import quote

import msgspec

from sympolis.dataspace.calls import Calls, send_json
from sympolis.dataspace.credentials import x509
from sympolis.dataspace.discovery import reading
from sympolis.dataspace.records import Records
from sympolis.dataspace.simpl.plan import SimplPlan
from sympolis.domain import errors

Json = dict[str, Any]
_KIND, _ONE = "simpl", "onboarding"
_MOST_BYTES: Final = 1 << 20
_PATIENCE_S: Final = 20.0


class Onboarding(msgspec.Struct, frozen=True, kw_only=True):
    """How far it has come: ``begun`` (a key), ``applied``, ``requested`` (a certificate), ``certified``."""

    state: str = "begun"
    key: str
    participant: str = ""
    certificate: str = ""
    valid_until: datetime | None = None
    changed_at: datetime


class Authority:
    """The governance authority, as the plan says where it is. ``own`` is our DID."""

    def __init__(self, plan: SimplPlan, records: Records, calls: Calls, own: Callable[[], str]) -> None:
        self.plan = plan
        self._records = records
        self._calls = calls
        self._own = own

    def status(self) -> Json:
        """How far onboarding has come; nothing of the key."""
        found = self._find()
        return {
            "authority": self.plan.authority,
            "state": "none" if found is None else found.state,
            "participant": "" if found is None else found.participant,
            "valid_until": None if found is None else found.valid_until,
        }

    @property
    def certified(self) -> bool:
        """Whether the authority's certificate is here and valid now."""
        found, now = self._find(), datetime.now(UTC)
        return found is not None and found.state == "certified" and (found.valid_until or now) >= now

    async def advance(self) -> Json:
        """Do the next step. Raises ``SourceFailed``, ``Forbidden`` where the authority says no, ``Unauthenticated``."""
        found = self._find() or self._keep(
            Onboarding(key=x509.make_key().decode("ascii"), changed_at=datetime.now(UTC))
        )
        steps = {"begun": self._apply, "applied": self._request, "requested": self._collect}
        if found.state in steps:
            await steps[found.state](found)
        return self.status()

    async def publish(self, description: Json) -> Json:
        """Give a self-description to the federated catalogue. Raises ``Conflict`` before we are certified."""
        self._check_certified()
        found = await self._sent("POST", self.plan.paths.publish, description)
        return {"id": description["@id"], "answer": reading.text((found or {}).get("id"), 300)}

    async def search(self, words: str) -> list[Json]:
        """What the federated catalogue finds. Raises ``Conflict`` before we are certified."""
        self._check_certified()
        found = await self._sent("GET", f"{self.plan.paths.search}?q={quote(words[:200])}")
        given = found.get("items") if isinstance(found, dict) else found
        return [
            {
                "id": reading.text(one.get("@id")),
                "type": reading.text(one.get("@type"), 100),
                "name": reading.text(_general(one).get("simpl:name")),
                "description": reading.text(_general(one).get("simpl:description"), 1000),
            }
            for one in reading.items(given, 200)
        ]

    async def _apply(self, found: Onboarding) -> None:
        plan = self.plan
        asked = {
            "organization": plan.organisation,
            "participantType": plan.participant_type,
            "emailAddress": plan.contact,
            "did": self._own(),
        }
        answer = await self._sent("POST", plan.paths.participants, asked)
        participant = reading.text(answer.get("id"), 200) if isinstance(answer, dict) else ""
        if not participant:
            raise errors.SourceFailed("the authority gives no participant id", where=plan.authority)
        self._change(found, state="applied", participant=participant)

    async def _request(self, found: Onboarding) -> None:
        plan = self.plan
        request = x509.signing_request(
            found.key.encode(),
            common_name=found.participant,
            organisation=plan.organisation,
            country=plan.country,
            did=self._own(),
        )
        path = plan.paths.request.format(participant=quote(found.participant, safe=""))
        await self._sent("POST", path, {"csr": request.decode("ascii")})
        self._change(found, state="requested")

    async def _collect(self, found: Onboarding) -> None:
        path = self.plan.paths.credential.format(participant=quote(found.participant, safe=""))
        answer = await self._sent("GET", path)
        chain = answer.get("certificate") if isinstance(answer, dict) else None
        if not isinstance(chain, str):
            raise errors.SourceFailed("the authority gives no certificate yet", where=self.plan.authority)
        until = x509.check_ours(chain.encode(), found.key.encode(), self.plan.read(self.plan.root))
        self._change(found, state="certified", certificate=chain, valid_until=until)

    async def _sent(self, method: str, path: str, document: object = None) -> Any:
        token = self.plan.read(self.plan.token_file).decode().strip() if self.plan.token_file else ""
        return await send_json(
            self._calls,
            method,
            self.plan.authority.rstrip("/") + path,
            document=document,
            authorization=f"Bearer {token}" if token else None,
            timeout_s=_PATIENCE_S,
            most_bytes=_MOST_BYTES,
        )

    def _check_certified(self) -> None:
        if not self.certified:
            raise errors.Conflict(
                "this twin holds no credential of the authority",
                where="onboarding",
                hint="go on with onboarding",
            )

    def _find(self) -> Onboarding | None:
        return self._records.find(_KIND, _ONE, Onboarding)

    def _change(self, found: Onboarding, **fields: object) -> Onboarding:
        return self._keep(msgspec.structs.replace(found, **fields, changed_at=datetime.now(UTC)))

    def _keep(self, one: Onboarding) -> Onboarding:
        self._records.keep(_KIND, _ONE, one)
        return one


def _general(one: Json) -> Json:
    found = one.get("simpl:generalServiceProperties")
    return found if isinstance(found, dict) else {}
