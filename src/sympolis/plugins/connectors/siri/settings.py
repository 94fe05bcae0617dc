"""What a source file may say under ``[settings]`` for a SIRI delivery."""

from __future__ import annotations

from dataclasses import dataclass

from sympolis.domain.reading import option


@dataclass(frozen=True, kw_only=True)
class SiriSettings:
    """Which part of a service delivery becomes the rows."""

    service: str = option("vehicles", choices=("vehicles", "journeys", "calls"))
    """``vehicles``: Vehicle Monitoring; ``journeys``: a row an estimated journey; ``calls``: a row a stop of it."""
    most_mb: int = option(1_000, minimum=1, maximum=100_000, unit="MB")
    """Of XML."""
