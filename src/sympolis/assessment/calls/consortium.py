"""A consortium as a document: who takes part, what they do, what it costs and what they answered."""

from __future__ import annotations

from datetime import date

import msgspec


class Partner(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One party. ``kind`` is one that the call names; ``elsewhere_eur`` are grants of other pilots of the same call."""

    id: str
    name: str
    kind: str
    country: str
    role: str = ""
    helix: str = ""
    website: str = ""
    grant_eur: float = 0.0
    elsewhere_eur: float = 0.0
    twin: str = ""
    """Id of the city whose twin this party runs; empty for a party without one."""


class CostLine(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One cost. ``begin`` and ``end`` are when it is incurred; ``funded_by`` another public grant for the same cost."""

    partner: str
    category: str
    title: str
    eur: float
    begin: date
    end: date
    basis: str = "actual"
    """``actual``: what it will have cost; anything else (a rate, a lump sum) is an estimate."""
    funded_by: str = ""


class TwinEvidence(msgspec.Struct, frozen=True, kw_only=True):
    """What one twin of the consortium proved of itself, as its ``/api/assessment/evidence`` says."""

    city: str
    at: str
    checks: dict[str, bool]
    average: float | None = None


class Statement(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What people say of a requirement that no check can prove: whether it is met, and where that can be seen."""

    met: bool
    note: str
    link: str = ""


class Contact(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Whom to ask."""

    name: str = ""
    email: str = ""
    organisation: str = ""


class Consortium(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The whole document; ``call`` is the id of its rules, ``strand`` one of the call's."""

    id: str = ""
    title: str
    call: str
    strand: str
    summary: str = ""
    start: date | None = None
    end: date | None = None
    partners: tuple[Partner, ...] = ()
    costs: tuple[CostLine, ...] = ()
    answers: dict[str, str] = {}
    documents: dict[str, str] = {}
    statements: dict[str, Statement] = {}
    focus_areas: tuple[str, ...] = ()
    contact: Contact = Contact()
    twins: dict[str, TwinEvidence] = {}
    author: str = ""
    modified_at: str = ""
    version: int = 1

    def costs_of(self, partner: str) -> float:
        """Direct costs of one party [EUR]."""
        return sum(line.eur for line in self.costs if line.partner == partner)
