"""How much computing somebody may ask for: said by their roles, kept by whoever computes for them.

Reading is bounded by pages and limits; a model's run can take hours. The part that knows who asks (``context.gated``)
says how much that is, the part that runs models holds it (``orchestration.quotas``), and neither knows the other.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Allowance:
    """What one person or machine may have computed.

    ``who`` is '' for everybody who has not said it: together they have one allowance. ``runs`` may be under way at
    once, ``cpu_s_per_day`` CPU seconds be used in a day (UTC); None is no limit. ``priority`` is their place in the
    queue for workers: 0 goes first.
    """

    who: str = ""
    runs: int | None = None
    cpu_s_per_day: float | None = None
    priority: int = 0


UNLIMITED = Allowance()
"""Whoever works on the machine itself, and the twin on its own behalf."""
