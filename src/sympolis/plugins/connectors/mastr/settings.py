"""What a source file may say under ``[settings]`` for the German energy register."""

from __future__ import annotations

from dataclasses import dataclass

from sympolis.domain.reading import option


@dataclass(frozen=True, kw_only=True)
class MastrSettings:
    """Which units."""

    municipality: str = option("", pattern="[0-9]{0,8}")
    """The beginning of the official municipality key (AGS), e.g. ``14713000``; empty: all."""
    units: str = option("EinheitenSolar", pattern="Einheiten[A-Za-z]+")
    """Which files of the bulk export: ``EinheitenSolar``, ``EinheitenWind``, ``EinheitenStromSpeicher`` …"""
    encoding: str = option("utf-8-sig", choices=("utf-8-sig", "cp1252"))
    """Of the web export."""
    most_mb: int = option(10_000, minimum=1, maximum=100_000, unit="MB")
    """Of XML, unpacked."""
