"""What changes in a consortium's standing when somebody joins or leaves, and what the call's rules still miss."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Final

import msgspec

from sympolis.assessment.calls.consortium import Consortium, Partner
from sympolis.assessment.calls.judging import Verdict, judge
from sympolis.assessment.calls.rules import Call
from sympolis.domain import errors

ABOUT_PARTNERS: Final = ("authorities", "authority-countries", "further-partners", "eligible-countries")
"""Rules that who takes part decides; the others are about budget, time and papers."""
MOST_CANDIDATES: Final = 200
_NO_ID: Final = re.compile(r"[^a-z0-9]+")


class Candidate(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Somebody who might join; ``id`` is the asker's own name for them."""

    id: str
    name: str
    kind: str
    country: str


def joined(consortium: Consortium, partner: Partner) -> Consortium:
    """The consortium with one partner more. Raises ``AlreadyExists`` where it has one of that id."""
    if any(one.id == partner.id for one in consortium.partners):
        raise errors.AlreadyExists(f"{partner.id[:60]} takes part already", where="partner")
    return msgspec.structs.replace(consortium, partners=(*consortium.partners, partner))


def left(consortium: Consortium, partner: str) -> Consortium:
    """The consortium without a partner and its costs. Raises ``NotFound``."""
    if all(one.id != partner for one in consortium.partners):
        raise errors.NotFound(f"{partner[:60]} does not take part", where="partner")
    return msgspec.structs.replace(
        consortium,
        partners=tuple(one for one in consortium.partners if one.id != partner),
        costs=tuple(one for one in consortium.costs if one.partner != partner),
    )


def effect(before: Consortium, after: Consortium, call: Call) -> dict[str, Any]:
    """Rules that the change mends and breaks, and those about partners that stay broken."""
    was = {one.rule: one for one in judge(before, call)}
    now = {one.rule: one for one in judge(after, call)}
    return {
        "mended": _told(one for name, one in now.items() if one.kept and not was[name].kept),
        "broken": _told(one for name, one in now.items() if not one.kept and was[name].kept),
        "still": _told(now[name] for name in ABOUT_PARTNERS if not now[name].kept),
        "eligible": all(now[name].kept for name in ABOUT_PARTNERS),
    }


def tried(consortium: Consortium, candidates: Sequence[Candidate], call: Call) -> list[dict[str, Any]]:
    """Each candidate alone beside the consortium as it is: those who mend most first, who break something last."""
    rows = [_tried(consortium, one, call) for one in candidates]
    return sorted(rows, key=lambda row: (len(row["broken"]), -_gain(row), row["name"], row["id"]))


def _tried(consortium: Consortium, one: Candidate, call: Call) -> dict[str, Any]:
    partner = Partner(id=free_id(consortium, one.name), name=one.name, kind=one.kind, country=one.country)
    found = effect(consortium, joined(consortium, partner), call)
    counts = one.kind in (*call.eligibility.authority_kinds, *call.eligibility.further_kinds)
    return {"id": one.id, "name": one.name, "kind_counts": counts, **found}


def _gain(row: dict[str, Any]) -> int:
    return len(row["mended"]) * 10 - len(row["still"]) + int(row["kind_counts"])


def free_id(consortium: Consortium, name: str) -> str:
    """An id for a partner of this name that nobody in the consortium has."""
    taken = {one.id for one in consortium.partners}
    plain = _NO_ID.sub("-", name.lower()).strip("-")[:40] or "partner"
    return next(one for one in _numbered(plain, len(taken)) if one not in taken)


def _numbered(plain: str, most: int) -> list[str]:
    return [plain, *(f"{plain}-{at}" for at in range(2, most + 3))]


def _told(verdicts: Any) -> list[dict[str, Any]]:
    found: list[Verdict] = list(verdicts)
    return [{"rule": one.rule, "text": one.text} for one in found]
