"""How handlers let other brokers take part (GS CIM 009, clauses 4.3.6, 5.5.13, 6.3.17 and 6.3.18).

``Forwarding.begin`` says whether anyone may take part at all; it costs a look into a dictionary where nobody does. What
it gives then is handed on with the request.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sympolis.api.errors import error_reply, problem
from sympolis.api.http import Headers, Reply, Request, json_reply
from sympolis.api.ngsi_ld.answers import tenant_headers
from sympolis.api.ngsi_ld.reading import LOCAL, TYPE
from sympolis.api.parts import ApiParts
from sympolis.context import typelanguage
from sympolis.context.distributed.asking import Answer
from sympolis.context.distributed.outcomes import (
    Outcome,
    Trouble,
    batch_errors,
    batch_successes,
    update_errors,
    updated_names,
)
from sympolis.context.distributed.planning import Part, WritePlan
from sympolis.context.distributed.reading import Gathered
from sympolis.context.distributed.service import Distribution
from sympolis.context.distributed.wording import Journey, Speech, names_in, subset, translate
from sympolis.context.distributed.writing import Ask, Writer
from sympolis.context.subscriptions.parsing import type_text
from sympolis.context.terms import Terms
from sympolis.domain import errors

_DONE = Reply(status=204)
_HERE_FIRST = frozenset({"deleteEntity", "deleteTemporal"})
"""What is done here as well where other brokers hold the entity: nothing may be left behind."""


@dataclass(frozen=True, slots=True)
class Local:
    """What was done here: names of attributes, as the client wrote them, and what was not, with the reasons."""

    updated: tuple[str, ...] = ()
    refused: tuple[Mapping[str, Any], ...] = ()


Word = Callable[[Part, Speech, Ask], Awaitable[Answer]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A change of one entity, for this broker and others.

    ``here`` does what is left of ``document``, ``send`` one source's part. ``attributes`` are those that it is about;
    ``by_attribute``: troubles are told by attribute (UpdateResult) instead of by entity (BatchOperationResult).
    """

    operation: str
    entity_id: str
    terms: Terms
    here: Callable[[dict[str, Any]], Awaitable[Local]]
    send: Word
    document: Mapping[str, Any]
    attributes: frozenset[str]
    types: tuple[str, ...] | None = None
    by_attribute: bool = False
    done: Reply = _DONE


class Forwarding:
    """What handlers ask first: does this concern anyone else."""

    def __init__(self, parts: ApiParts) -> None:
        self.distribution: Distribution | None = parts.distribution
        self._writer = None if parts.distribution is None else Writer(parts.distribution)

    def begin(self, request: Request, tenant: str) -> Journey | None:
        """The journey of a request that other brokers may take part in; None where all of it stays here."""
        distribution = self.distribution
        if distribution is None or distribution.of(tenant) is None:
            return None
        if request.query_string and (LOCAL.of(request) or TYPE.raw(request) == "*"):
            return None
        if request.header(b"ngsild-snapshot") is not None:
            return None  # clause 6.3.22: a snapshot is always local
        return self.journey(request, tenant)

    def journey(self, request: Request, tenant: str) -> Journey:
        """The journey of a request, whoever takes part in it."""
        alias = "" if self.distribution is None else self.distribution.alias(tenant)
        return Journey(tenant, _headers_of(request), alias)

    async def change(self, journey: Journey, change: Change) -> Reply:
        """Have everyone do their part of a change, and say what became of it."""
        assert self._writer is not None
        plan = await self._writer.plan(
            journey, (change.operation,), change.entity_id, change.types, change.attributes
        )
        outcomes = await self._writer.send(journey, plan, change.terms, change.send)
        local: Local | Exception | None = None
        if plan.here or change.operation in _HERE_FIRST:
            local = await _done_here(change, plan)
        return _reply(change, journey, outcomes, local)


async def _done_here(change: Change, plan: WritePlan) -> Local | Exception | None:
    left = (
        subset(change.document, plan.attributes, change.terms, whole=True) if plan.parts else change.document
    )
    try:
        return await change.here(dict(left))
    except errors.NotFound as error:
        # Held elsewhere: that it is not here as well is as it should be.
        return None if plan.proxied and change.operation in _HERE_FIRST else error
    except errors.SympolisError as error:
        return error


# --- what the client is told


def _reply(
    change: Change, journey: Journey, outcomes: Sequence[Outcome], local: Local | Exception | None
) -> Reply:
    headers = tenant_headers(journey.tenant)
    fine = local is None or (isinstance(local, Local) and not local.refused)
    if fine and all(one.done for one in outcomes):
        return replace_headers(change.done, headers)
    if not outcomes and isinstance(local, Exception):
        raise local
    alone = _alone(outcomes, local)
    if alone is not None:
        return json_reply(alone.problem(), status=alone.status, headers=headers)
    document = (
        _by_attribute(change, outcomes, local) if change.by_attribute else _by_entity(change, outcomes, local)
    )
    extra = tuple(pair for pair in change.done.headers if pair[0].lower() == b"location")
    return json_reply(document, status=207, headers=(*headers, *extra))


def _alone(outcomes: Sequence[Outcome], local: Local | Exception | None) -> Trouble | None:
    """The trouble that the answer as a whole is: where nobody else had a part in it, or all were in the way."""
    troubles = [one.trouble for one in outcomes if one.trouble is not None]
    if local is not None or not troubles or len(troubles) < len(outcomes):
        return None
    if len(troubles) == 1:
        return troubles[0].alone()
    conflicts = all(one.trouble is not None and one.part.refusal is not None for one in outcomes)
    return troubles[0] if conflicts and len({one.status for one in troubles}) == 1 else None


def _by_entity(
    change: Change, outcomes: Sequence[Outcome], local: Local | Exception | None
) -> dict[str, Any]:
    """BatchOperationResult (clause 5.2.16)."""
    found: list[dict[str, Any]] = []
    success = isinstance(local, Local)
    if isinstance(local, Exception):
        found.append({"entityId": change.entity_id, "error": problem(local, ngsi_ld=True)})
    for one in outcomes:
        name = one.part.registration.id
        if one.trouble is not None:
            error = one.trouble.problem()
            found.append({"entityId": change.entity_id, "error": error, "registrationId": name})
        elif one.told is not None:
            found += batch_errors(one.told, name)
            success |= bool(batch_successes(one.told))
        else:
            success = True
    return {"success": [change.entity_id] if success else [], "errors": found}


def told_errors(one: Outcome) -> list[dict[str, Any]]:
    """The errors of a source that was not asked about one entity: they bear its registration's name."""
    name = one.part.registration.id
    if one.trouble is not None:
        return [{"entityId": name, "error": one.trouble.problem(), "registrationId": name}]
    return [] if one.told is None else batch_errors(one.told, name)


def _by_attribute(
    change: Change, outcomes: Sequence[Outcome], local: Local | Exception | None
) -> dict[str, Any]:
    """UpdateResult (clause 5.2.18)."""
    updated: list[str] = []
    left: list[Mapping[str, Any]] = []
    taken = frozenset().union(
        *(one.part.attributes for one in outcomes if one.part.registration.mode.proxied)
    )
    if isinstance(local, Exception):
        left += [_left(change, name, str(local)) for name in sorted(change.attributes - taken)]
    elif local is not None:
        updated += local.updated or [change.terms.compact(one) for one in sorted(change.attributes - taken)]
        left += local.refused
    for one in outcomes:
        name = one.part.registration.id
        if one.trouble is not None:
            found = [_left(change, iri, one.trouble.detail) for iri in sorted(one.part.attributes)]
            left += [{**each, "registrationId": name} for each in found]
        elif one.told is not None:
            left += update_errors(one.told, name)
            updated += updated_names(one.told)
        else:
            updated += [change.terms.compact(iri) for iri in sorted(one.part.attributes)]
    return {"updated": list(dict.fromkeys(updated)), "notUpdated": left}


def _left(change: Change, iri: str, reason: str) -> dict[str, Any]:
    return {"attributeName": change.terms.compact(iri), "reason": reason}


def replace_headers(reply: Reply, headers: Headers) -> Reply:
    """A reply with these headers, too."""
    return Reply(status=reply.status, body=reply.body, media=reply.media, headers=(*reply.headers, *headers))


def with_warnings(reply: Reply, gathered: Gathered, journey: Journey) -> Reply:
    """A reply that tells what was the matter with sources (clause 6.3.17)."""
    return replace_headers(reply, warning_headers(gathered, journey))


def warning_headers(gathered: Gathered, journey: Journey) -> Headers:
    """``NGSILD-Warning`` once for each source that something was the matter with."""
    own = [one.header(journey.alias) for one in gathered.warnings]
    return tuple((b"NGSILD-Warning", text.encode("latin-1", "replace")) for text in (*own, *gathered.relayed))


def not_found(error: errors.NotFound, request: Request, gathered: Gathered, journey: Journey) -> Reply:
    """404 that tells what was the matter with sources: somebody who did not answer may have it."""
    reply = error_reply(error, ngsi_ld=True, request_id=request.id)
    return replace_headers(reply, (*tenant_headers(journey.tenant), *warning_headers(gathered, journey)))


# --- wording


def sender(
    method: str,
    path: str | Callable[[Speech], str],
    document: Mapping[str, Any] | None,
    terms: Terms,
    *,
    query: Sequence[tuple[str, str]] = (),
    type_expression: str | None = None,
) -> Word:
    """Sends each source the part of a fragment that is its, in terms that it understands."""

    async def send(part: Part, speech: Speech, ask: Ask) -> Answer:
        body = None
        if document is not None:
            own = subset(document, part.attributes, terms, whole=part.whole)
            body = translate(own, terms, speech.terms)
        pairs = [*query, *_type_pair(type_expression, terms, speech)]
        return await ask(method, path if isinstance(path, str) else path(speech), query=pairs, document=body)

    return send


def _type_pair(text: str | None, terms: Terms, speech: Speech) -> list[tuple[str, str]]:
    if text is None:
        return []
    if speech.terms is terms:
        return [("type", text)]
    return [("type", type_text(typelanguage.parse(text, terms), speech.terms.compact))]


def passed_on(request: Request, *names: str) -> list[tuple[str, str]]:
    """Those of the request's parameters that mean the same to everyone."""
    return [(name, request.parameters[name]) for name in names if name in request.parameters]


def attributes_of(document: Mapping[str, Any], terms: Terms) -> frozenset[str]:
    """The attributes that a fragment is about."""
    return names_in(document, terms)


def types_of(document: Mapping[str, Any], terms: Terms) -> tuple[str, ...] | None:
    """The types that a fragment names, None where it names none."""
    given = document.get("type", document.get("@type"))
    if given is None:
        return None
    return tuple(terms.expand(one) for one in (given if isinstance(given, list) else [given]))


def _headers_of(request: Request) -> dict[str, str]:
    found = {name.decode("latin-1"): value.decode("latin-1") for name, value in request.headers.items()}
    if "via" in found:
        found["via"] = ", ".join(request.headers_named(b"via"))
    return found
