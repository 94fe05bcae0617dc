"""A partner as it is kept: who they are, by whom they came to be one, and how the last contacts went."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

import msgspec


class Standing(StrEnum):
    """Whether a partner is dealt with."""

    ACTIVE = "active"
    SUSPENDED = "suspended"


class Kind(StrEnum):
    """What is at a partner's address."""

    TWIN = "twin"
    CONNECTOR = "connector"
    """Somebody who speaks the Dataspace Protocol, and is no twin: contracts and data, and nothing else."""
    CATALOGUE = "catalogue"
    """A DCAT-AP catalogue that is open to all: found by our searches; nothing is negotiated there."""


class Origin(StrEnum):
    """How somebody came to be a partner."""

    ADMINISTRATOR = "administrator"
    INVITATION = "invitation"


class Partner(msgspec.Struct, frozen=True, kw_only=True):
    """Another twin, connector or catalogue. ``id`` is its DID (a catalogue's: its address), ``base_url`` where it
    answers."""

    id: str
    base_url: str
    name: str
    title: dict[str, str] = {}
    kind: Kind = Kind.TWIN
    certified: bool = False
    """A connector that proves itself by client certificates alone, and is shown ours; ``id`` is the name in them."""
    dsp_url: str = ""
    catalogue_url: str = ""
    """Where its DCAT-AP catalogue is; '' for where a twin has it."""
    standing: Standing = Standing.ACTIVE
    origin: Origin = Origin.ADMINISTRATOR
    added_at: datetime
    added_by: str = ""
    knows_us: bool = False
    """Whether they have added us, too: seen when they gave us their word, or called us."""
    last_contact_at: datetime | None = None
    last_failure_at: datetime | None = None
    last_failure: str = ""


class Invitation(msgspec.Struct, frozen=True, kw_only=True):
    """A word by which another twin may make itself our partner, once. Only its SHA-256 is kept."""

    id: str
    digest: str
    note: str = ""
    made_at: datetime
    made_by: str = ""
    until: datetime
    used_by: str = ""
