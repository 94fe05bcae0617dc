"""What a source file may say under ``[settings]`` for another NGSI-LD broker."""

from __future__ import annotations

from dataclasses import dataclass

from sympolis.domain.reading import option


@dataclass(frozen=True, kw_only=True)
class NgsiLdSettings:
    """Which entities, in whose words, and whether they are also heard."""

    type: str = option(pattern=r"[^\s,&]+")
    """The entities' type, short (with ``context``) or as IRI."""
    q: str = ""
    """A condition in NGSI-LD's query language, e.g. ``refDistrict=="centre"``."""
    pick: tuple[str, ...] = ()
    """The attributes wanted; empty: all."""
    context: str = option("", pattern=r"(https?://\S+)?")
    """Address of the @context that the names are taken from; empty: the core's alone."""
    tenant: str = option("", pattern="[A-Za-z0-9_]*")
    token: str = ""
    """The name of an access token in ``local/secrets.toml``, sent as ``Authorization: Bearer …``."""
    geometry: str = "location"
    """The GeoProperty that is the row's geometry."""
    incremental: bool = True
    """Ask only for entities modified since the last time (``modifiedAt``)."""
    subscribe: bool = False
    """Also subscribe, so that changes come as they happen; the other broker has to reach this one's ``public_url``."""
    page_rows: int = option(500, minimum=1, maximum=1000)
