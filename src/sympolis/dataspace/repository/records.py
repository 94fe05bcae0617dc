"""What a twin keeps of assets: what it published, what it installed, and how often others took something."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

import msgspec

from sympolis.dataspace.repository.manifest import Manifest

PUBLISHED: Final = "asset"
INSTALLED: Final = "asset-installed"
ADOPTER: Final = "asset-adopter"


class Published(msgspec.Struct, frozen=True, kw_only=True):
    """A version that we published. ``file`` is its zip in the repository's folder; ``content`` tells versions apart."""

    manifest: Manifest
    file: str
    bytes: int
    content: str
    at: datetime
    by: str
    note: str = ""
    mistakes: tuple[str, ...] = ()
    withdrawn_at: datetime | None = None


class Installed(msgspec.Struct, frozen=True, kw_only=True):
    """A partner's asset that we use. ``applied``: its declarations hold from the next start on, or hold already.

    ``told``: the publisher knows that somebody uses it. ``adapted`` names what was changed to make it fit.
    """

    id: str
    manifest: Manifest
    partner: str
    key: str
    file: str
    at: datetime
    by: str
    declarations: dict[str, dict[str, Any]] = {}
    applied: bool = False
    told: bool = False
    verdict: str = ""
    adapted: tuple[str, ...] = ()


class Adopter(msgspec.Struct, frozen=True, kw_only=True):
    """That somebody took an asset: who, only as a hash that nobody else can make, so that each counts once."""

    asset: str
    version: str
    at: datetime


class Salt(msgspec.Struct, frozen=True):
    """What those hashes are made with; never leaves the twin."""

    value: str


SALT: Final = "asset-salt"
