"""What a source file may say under ``[settings]`` for a linked data event stream."""

from __future__ import annotations

from dataclasses import dataclass

from sympolis.domain.reading import option


@dataclass(frozen=True, kw_only=True)
class LdesSettings:
    """Which members, and from when on."""

    types: tuple[str, ...] = ()
    """IRIs of the members' types; empty: all."""
    latest: bool = True
    """Of each thing (``ldes:versionOfPath``) the newest version only; false: every version, for observations."""
    since: str = option("", pattern=r"(\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2})?(Z|[+-]\d{2}:\d{2})?)?)?")
    """Pages that only hold members of before this time are not read."""
    most_pages: int = option(2_000, minimum=1, maximum=9_000)
    """Of one delivery; the rest comes with the next."""
