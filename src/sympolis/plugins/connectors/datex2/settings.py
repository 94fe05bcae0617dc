"""What a source file may say under ``[settings]`` for a DATEX II publication."""

from __future__ import annotations

from dataclasses import dataclass

from sympolis.domain.reading import option


@dataclass(frozen=True, kw_only=True)
class Datex2Settings:
    """Which publication, and what a row is."""

    publication: str = option("measurements", choices=("measurements", "values", "sites", "situations"))
    """``measurements``: a row a site, its values by index; ``values``: a row a value; ``sites``: the table of
    measurement sites; ``situations``: a row a situation record."""
    language: str = option("", pattern="[a-zA-Z-]*")
    """Which of the texts; empty: the first."""
    most_mb: int = option(1_000, minimum=1, maximum=100_000, unit="MB")
    """Of XML."""
