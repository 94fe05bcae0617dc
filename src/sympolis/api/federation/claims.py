"""Identity and credentials over HTTP: did:web, status list, rulebook, and the Decentralized Claims Protocol 1.0.

Everything here is for strangers: whoever has to prove something does so by what the message itself carries.
"""

from __future__ import annotations

from urllib.parse import quote

from sympolis.api.bodies import read_json
from sympolis.api.http import JSON, LD_JSON, Reply, Request, json_reply
from sympolis.dataspace.credentials.did import document_url
from sympolis.dataspace.federation import ISSUER_PATH, Federation
from sympolis.domain import errors

JWT = "application/vc+jwt"


class Claims:
    """Handlers of the documents and messages by which trust is made."""

    def __init__(self, federation: Federation) -> None:
        self._federation = federation

    async def document(self, request: Request) -> Reply:  # noqa: ARG002
        """Our DID document."""
        body = json_reply(self._federation.document()).body
        return Reply(body=body, media="application/did+json", cache="public, max-age=60")

    async def status_list(self, request: Request) -> Reply:  # noqa: ARG002
        """Which of our credentials are taken back."""
        jwt = self._federation.wallet.status_list()
        return Reply(body=jwt.encode("ascii"), media=JWT, cache="public, max-age=30")

    async def rulebook(self, request: Request) -> Reply:  # noqa: ARG002
        """What holds between us and others."""
        return json_reply(self._federation.rulebook())

    async def about(self, request: Request) -> Reply:  # noqa: ARG002
        """Who we are, to somebody who only has our address."""
        own = self._federation.own
        endpoints = own.endpoints()
        return json_reply(
            {
                "id": own.did(),
                "title": dict(own.title),
                "address": own.address(),
                "did_document": document_url(own.did()),
                "dsp": endpoints["CatalogService"],
                "rulebook": own.address() + "/api/federation/rulebook",
            }
        )

    async def present(self, request: Request) -> Reply:
        """Our credential service: what others say of us, for whom we gave leave to ask."""
        message = await _message(request)
        return json_reply(await self._federation.presenter.answer(request.header(b"authorization"), message))

    async def receive(self, request: Request) -> Reply:
        """A credential that we asked for is delivered."""
        federation = self._federation
        sender = await federation.identity.sender(request.header(b"authorization"))
        await federation.requesting.take(sender.id, await _message(request), federation.own.did())
        return Reply(status=200)

    async def issue(self, request: Request) -> Reply:
        """A partner asks for our word."""
        federation = self._federation
        sender = await federation.identity.sender(request.header(b"authorization"))
        if federation.directory.standing(sender.id) != "active":
            raise errors.Forbidden("credentials are given to partners", where="Authorization")
        asked = federation.issuing.accept(sender.id, await _message(request))
        federation.partners.heard_from(sender.id)
        federation.partners.later(federation.issuing.deliver(asked))
        location = f"{federation.own.address()}{ISSUER_PATH}/requests/{quote(asked.id)}"
        return Reply(status=201, headers=((b"location", location.encode("ascii")),))

    async def issue_status(self, request: Request) -> Reply:
        """How far a request for our word has come."""
        sender = await self._federation.identity.sender(request.header(b"authorization"))
        request_id = request.arguments["request"]
        status = self._federation.issuing.status_of(request_id, sender.id)
        return json_reply({"type": "CredentialStatus", "issuerPid": request_id, "status": status})

    async def issuer(self, request: Request) -> Reply:  # noqa: ARG002
        """What we give credentials of."""
        offered = {"id": "MembershipCredential", "type": "CredentialObject", "profile": "vc20-bssl/jwt"}
        return json_reply(
            {
                "type": "IssuerMetadata",
                "issuer": self._federation.own.did(),
                "credentialsSupported": [offered | {"credentialType": "MembershipCredential"}],
            }
        )


async def _message(request: Request) -> dict[str, object]:
    document = await read_json(request, JSON, LD_JSON)
    if not isinstance(document, dict):
        raise errors.InvalidRequest("expected a JSON object", where="body")
    return document
