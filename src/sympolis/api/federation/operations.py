"""The routes of ``/api/federation`` with their documentation."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sympolis.api.federation.claims import JWT, Claims
from sympolis.api.federation.finding import ANEW, KIND, ONE_PARTNER, WORDS, Finding, Shared
from sympolis.api.federation.matching import Matching
from sympolis.api.federation.partners import Partners
from sympolis.api.federation.simpl import Simpl
from sympolis.api.federation.trust import Trust
from sympolis.api.http import JSON, LD_JSON, Handler
from sympolis.api.offering import Offering
from sympolis.api.parameters import LIMIT, OFFSET, Parameter
from sympolis.api.parts import ApiParts
from sympolis.api.routing import Answer, Body, Operation
from sympolis.api.schemas import BOOLEAN, OBJECT, TEXT, TEXTS, TIME, Schema, optional, several, structure
from sympolis.dataspace.federation import Federation

TAG = "Federation"
_TRUST = "Trust between twins"
_DID = "did:web:twin.city.example"
PARTNER = structure(
    {
        "id": TEXT,
        "base_url": TEXT,
        "name": TEXT,
        "title": TEXTS,
        "kind": {"enum": ["twin", "connector", "catalogue"]},
        "certified": BOOLEAN,
        "dsp_url": TEXT,
        "catalogue_url": TEXT,
        "standing": {"enum": ["active", "suspended"]},
        "origin": {"enum": ["administrator", "invitation"]},
        "added_at": TIME,
        "knows_us": BOOLEAN,
        "vouches_for_us_until": optional(TIME),
        "breaker": {"enum": ["closed", "open", "half-open"]},
        "last_contact_at": optional(TIME),
        "last_failure_at": optional(TIME),
        "last_failure": TEXT,
    },
    required=("id", "base_url", "name", "standing", "knows_us", "breaker"),
)
_INVITATION = structure({"id": TEXT, "note": TEXT, "until": TIME, "used_by": TEXT}, required=("id", "until"))
_PARTNER_ID = {"partner": "The partner's DID, percent-encoded."}


def operations(parts: ApiParts) -> tuple[Operation, ...]:
    """The routes; none where this twin cannot prove who it is."""
    federation = parts.federation
    if federation is None:
        return ()
    return (
        *_claims(Claims(federation)),
        *_partners(Partners(federation)),
        *_between(Partners(federation)),
        *_trust(Trust(federation)),
        *_finding(federation),
        *_matching(federation),
        *_simpl(parts, federation),
    )


def route(  # noqa: PLR0913 - a table's row
    method: str,
    path: str,
    handle: Handler,
    name: str,
    title: str,
    answer: Schema | None = OBJECT,
    *,
    status: int = 200,
    body: Schema | None = None,
    example: object = None,
    parameters: tuple[Parameter, ...] = (),
    path_texts: Mapping[str, str] | None = None,
    media: str = JSON,
    taken: tuple[str, ...] = (JSON,),
    tag: str = TAG,
    text: str = "",
    timeout_s: float | None = None,
) -> Operation:
    """One row of the table of routes."""
    content = None if answer is None else {media: answer}
    more: dict[str, Any] = {} if timeout_s is None else {"timeout_s": timeout_s}
    return Operation(
        method=method,
        path=path,
        handle=handle,
        name=name,
        title=title,
        tag=tag,
        text=text,
        parameters=parameters,
        path_texts=path_texts or {},
        body=None if body is None else Body(body, taken, example),
        answers={status: Answer(title + ".", content)},
        **more,
    )


def _claims(handlers: Claims) -> tuple[Operation, ...]:
    base, both = "/api/federation/dcp", (JSON, LD_JSON)
    request = {"request": "The request's id, as its Location has it."}
    return (
        route("GET", "/.well-known/did.json", handlers.document, "getDidDocument", "This twin's DID document",
              tag=_TRUST, media="application/did+json"),
        route("GET", "/did.json", handlers.document, "getDidDocumentBelowPath",
              "The same, for a public address with a path", tag=_TRUST, media="application/did+json"),
        route("GET", "/api/federation/about", handlers.about, "getParticipant",
              "Who this twin is to other twins", tag=_TRUST),
        route("GET", "/api/federation/rulebook", handlers.rulebook, "getRulebook",
              "What holds between this twin and others", tag=_TRUST),
        route("GET", "/api/federation/status-list", handlers.status_list, "getStatusList",
              "Credentials that were taken back (Bitstring Status List 1.0)", TEXT, tag=_TRUST, media=JWT),
        route("POST", f"{base}/presentations/query", handlers.present, "queryPresentations",
              "What others say of this twin (DCP 1.0)", tag=_TRUST, body=OBJECT, taken=both,
              text="By the token that a message of this twin carried."),
        route("POST", f"{base}/credentials", handlers.receive, "receiveCredentials",
              "Deliver credentials that this twin asked for (DCP 1.0)", None, tag=_TRUST, body=OBJECT, taken=both),
        route("POST", f"{base}/issuer/credentials", handlers.issue, "requestCredentials",
              "Ask this twin for its word (DCP 1.0)", None, status=201, tag=_TRUST, body=OBJECT, taken=both),
        route("GET", f"{base}/issuer/requests/{{request}}", handlers.issue_status, "getCredentialRequest",
              "How far such a request has come", tag=_TRUST, path_texts=request),
        route("GET", f"{base}/issuer/metadata", handlers.issuer, "getIssuerMetadata",
              "What this twin gives credentials of", tag=_TRUST),
    )  # fmt: skip


def _partners(handlers: Partners) -> tuple[Operation, ...]:
    path, one = "/api/federation/partners", "/api/federation/partners/{partner}"
    members = {"base_url": TEXT, "id": TEXT, "invitation": TEXT, "certified": BOOLEAN}
    adding = structure(members, required=("base_url",))
    standing = structure({"standing": {"enum": ["active", "suspended"]}}, required=("standing",))
    invited = structure({"note": TEXT})
    invitation = {"invitation": "The invitation's id."}
    return (
        route("GET", path, handlers.everybody, "listPartners", "Partners, and how the last contacts went",
              structure({"partners": several(PARTNER)}, required=("partners",))),
        route("POST", path, handlers.add, "addPartner", "Make the twin at an address a partner", PARTNER,
              status=201, body=adding, example={"base_url": "https://twin.city.example", "id": _DID}),
        route("GET", one, handlers.get, "getPartner", "A partner", PARTNER, path_texts=_PARTNER_ID),
        route("PATCH", one, handlers.change, "changePartner", "Suspend a partner, or deal with it again", PARTNER,
              body=standing, example={"standing": "suspended"}, path_texts=_PARTNER_ID),
        route("DELETE", one, handlers.remove, "removePartner", "Part from a partner", None, status=204,
              path_texts=_PARTNER_ID, text="Credentials that this twin gave it are taken back."),
        route("POST", f"{one}/contact", handlers.greet, "contactPartner", "Get in touch with a partner now", PARTNER,
              path_texts=_PARTNER_ID),
        route("GET", "/api/federation/invitations", handlers.invitations, "listInvitations", "Invitations",
              structure({"invitations": several(_INVITATION)})),
        route("POST", "/api/federation/invitations", handlers.invite, "makeInvitation",
              "Invite a twin: its administrator adds us with this word, once", _INVITATION, status=201,
              body=invited, example={"note": "the neighbouring city"}),
        route("DELETE", "/api/federation/invitations/{invitation}", handlers.withdraw, "withdrawInvitation",
              "Take an invitation back", None, status=204, path_texts=invitation),
    )  # fmt: skip


def _between(handlers: Partners) -> tuple[Operation, ...]:
    joining = structure({"base_url": TEXT, "invitation": TEXT}, required=("base_url", "invitation"))
    return (
        route("GET", "/api/federation/shared/standing", handlers.standing, "getStanding",
              "How the asking twin stands with this one", tag=_TRUST),
        route("POST", "/api/federation/join", handlers.join, "joinByInvitation", "Accept an invitation",
              status=201, body=joining, tag=_TRUST),
    )  # fmt: skip


def _finding(federation: Federation) -> tuple[Operation, ...]:
    """What partners offer, need and can; none for a twin without a city."""
    if federation.discovery is None:
        return ()
    find, share = (
        Finding(federation, federation.discovery),
        Shared(federation, federation.discovery),
    )
    base, shared = "/api/federation", "/api/federation/shared"
    need = structure(
        {"title": TEXTS, "description": TEXTS, "type": TEXT, "attributes": several(TEXT)}, required=("title",)
    )
    example = {
        "title": {"en": "Pedestrian counts at tram stops"},
        "type": "PedestrianFlowObserved",
        "attributes": ["peopleCount"],
    }
    one = {"need": "The open need's id."}
    return (
        route("GET", f"{base}/catalogue", find.catalogue, "searchFederation", "What partners offer, across cities",
              parameters=(WORDS, KIND, ONE_PARTNER, ANEW, LIMIT, OFFSET), timeout_s=30.0,
              text="`partial` says that somebody's answer is missing or old, `partners` whose."),
        route("GET", f"{base}/matrix", find.matrix, "getCompatibilityMatrix",
              "Which service of whom runs on whose data", parameters=(ANEW,), timeout_s=60.0,
              text="Runs, runs with adaptations, or cannot, because; with effort, consequence and licences."),
        route("GET", f"{base}/needs", find.needs, "listOpenNeeds", "What this city and its partners look for",
              parameters=(ANEW,), text="`we_have` counts our entities that fit; partners are not told."),
        route("POST", f"{base}/needs", find.add_need, "addOpenNeed", "Say that something is looked for", status=201,
              body=need, example=example),
        route("DELETE", f"{base}/needs/{{need}}", find.close_need, "closeOpenNeed", "It is looked for no longer",
              path_texts=one),
        route("GET", f"{base}/links", find.links, "listContextLinks",
              "Transfers whose entities are included in our queries"),
        route("POST", f"{base}/links", find.link, "linkContext", "Include a partner's entities in our queries",
              status=201, body=structure({"transfer": TEXT}, required=("transfer",)),
              example={"transfer": "urn:uuid:4afbfe45-8196-4156-8c4c-f85eeb394486"},
              text="A transfer by NGSI-LD; the partner answers within three seconds, or the answer says it did not."),
        route("DELETE", f"{base}/links/{{transfer}}", find.unlink, "unlinkContext", "Include them no more", None,
              status=204, path_texts={"transfer": "The transfer's id, percent-encoded."}),
        route("GET", f"{base}/benchmarks", find.benchmarks, "getBenchmarks",
              "The same indicators by the same method, city beside city", parameters=(ANEW,)),
        route("GET", f"{shared}/services", share.services, "shareServices", "Services and their needs, for partners",
              tag=_TRUST),
        route("GET", f"{shared}/verdicts", share.verdicts, "shareVerdicts",
              "Which services run on this city's data, for partners", tag=_TRUST, timeout_s=60.0),
        route("GET", f"{shared}/needs", share.needs, "shareNeeds", "What this city looks for, for partners",
              tag=_TRUST),
        route("GET", f"{shared}/indicators", share.indicators, "shareIndicators",
              "This city's figures of the common indicators, for partners", tag=_TRUST),
    )  # fmt: skip


def _matching(federation: Federation) -> tuple[Operation, ...]:
    """Who could work with whom; none for a twin without a city."""
    if federation.discovery is None:
        return ()
    handlers, base = Matching(federation, federation.discovery.matching), "/api/federation"
    party = {
        "name": "University of Somewhere",
        "kind": "university",
        "country": "AT",
        "helix": "academia",
        "offers": [{"kind": "other", "title": {"en": "Evaluation"}}],
    }
    return (
        route("GET", f"{base}/profile", handlers.ours, "getFederationProfile",
              "What this city is, needs, offers and asks, as partners see it", timeout_s=60.0),
        route("GET", f"{base}/matches", handlers.matches, "listPartnerMatches",
              "Who could work with us, ranked, with every reason", parameters=(ANEW,), timeout_s=60.0,
              text="`score` is the sum of the points of `reasons`."),
        route("GET", f"{base}/twinning", handlers.twinning, "listTwinCities",
              "Cities that are alike by questions, data and size", parameters=(ANEW,), timeout_s=60.0),
        route("GET", f"{base}/parties", handlers.parties, "listParties", "Parties without a twin of their own"),
        route("POST", f"{base}/parties", handlers.add, "addParty", "Write down a party without a twin", status=201,
              body=OBJECT, example=party),
        route("DELETE", f"{base}/parties/{{party}}", handlers.remove, "removeParty", "Take a party away", None,
              status=204, path_texts={"party": "The party's id."}),
        route("GET", f"{base}/shared/profile", handlers.shared, "shareProfile",
              "This city's profile, for partners", tag=_TRUST, timeout_s=60.0),
    )  # fmt: skip


def _simpl(parts: ApiParts, federation: Federation) -> tuple[Operation, ...]:
    """The SIMPL-Open dataspace; what we offer is described in its words even where none is joined."""
    if parts.city is None or parts.coordinator is None:
        return ()
    handlers = Simpl(federation, Offering(parts, parts.city, parts.coordinator))
    path, tag = "/api/federation/simpl", "SIMPL-Open"
    return (
        route("GET", path, handlers.status, "getSimpl", "How far joining a SIMPL-Open dataspace has come", tag=tag),
        route("POST", f"{path}/onboarding", handlers.advance, "advanceSimplOnboarding",
              "Do the next step of joining", tag=tag, timeout_s=60.0),
        route("GET", f"{path}/descriptions", handlers.descriptions, "listSimplDescriptions",
              "Self-descriptions of what this twin offers", tag=tag, media=LD_JSON),
        route("POST", f"{path}/publications", handlers.publish, "publishToSimpl",
              "Give the self-descriptions to the federated catalogue", tag=tag, timeout_s=300.0),
        route("GET", f"{path}/search", handlers.search, "searchSimpl", "Search the federated catalogue",
              parameters=(WORDS,), tag=tag, timeout_s=60.0),
    )  # fmt: skip


def _trust(handlers: Trust) -> tuple[Operation, ...]:
    path = "/api/federation/trust"
    anchor = structure({"id": TEXT, "types": several(TEXT), "title": TEXT}, required=("id",))
    example = {"id": "did:web:authority.example", "types": ["MembershipCredential"], "title": "The authority"}
    credential = {"credential": "The credential's id, percent-encoded."}
    wanted = structure({"issuer": TEXT, "credential": TEXT}, required=("issuer",))
    rotation = structure({"revoke": BOOLEAN})
    return (
        route("GET", path, handlers.anchors, "listTrustAnchors", "Whose credentials count here", tag=_TRUST),
        route("POST", path, handlers.add_anchor, "addTrustAnchor", "Let an issuer's credentials count", status=201,
              body=anchor, example=example, tag=_TRUST),
        route("DELETE", f"{path}/{{anchor}}", handlers.remove_anchor, "removeTrustAnchor",
              "Let an issuer's credentials count no longer", None, status=204,
              path_texts={"anchor": "The issuer's DID, percent-encoded."}, tag=_TRUST),
        route("GET", "/api/federation/credentials", handlers.credentials, "listCredentials",
              "Credentials that this twin gave and holds", tag=_TRUST),
        route("POST", "/api/federation/credentials", handlers.ask, "askForCredential",
              "Ask an authority for a credential about this twin", status=202, body=wanted, tag=_TRUST,
              example={"issuer": "did:web:authority.example", "credential": "MembershipCredential"},
              text="By the Decentralized Claims Protocol: it is delivered here once the authority has decided."),
        route("POST", "/api/federation/credentials/{credential}/revocation", handlers.revoke, "revokeCredential",
              "Take a credential back", path_texts=credential, tag=_TRUST),
        route("POST", "/api/federation/keys", handlers.rotate, "rotateKeys", "Sign by a new key from now on",
              status=201, body=rotation, example={"revoke": False}, tag=_TRUST,
              text="`revoke` where the old key may be in wrong hands: what it signed then holds no longer."),
    )  # fmt: skip
