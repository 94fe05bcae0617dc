"""Since when installed assets hold: what is only shown holds at once, what runs or gives words from the next start on.

A dashboard, a story or a rule that warns is read when somebody looks: it can be put beside the others of a running
twin. Services, models, mappings, data models and terms are what a twin is put together from; changing them under runs
and deliveries is not worth its dangers (decision 0070).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from sympolis.city.assets.overlay import Laid, laid_over

if TYPE_CHECKING:
    from sympolis.city.schema import City
    from sympolis.dataspace.repository.records import Installed

AT_ONCE: Final = frozenset({"alerts", "dashboards", "stories"})
"""Folders of a package whose declarations can be shown without a new start."""
KEPT, HOLDS, NEXT_START, LEFT_OUT = "kept", "holds", "next-start", "left-out"


def since_when(folders: Collection[str]) -> str:
    """What an asset with declarations in these folders will be: ``kept``, ``holds`` or ``next-start``."""
    if not folders:
        return KEPT
    return HOLDS if AT_ONCE.issuperset(folders) else NEXT_START


class Holding:
    """``package`` is the city without any asset, ``laid`` what this start made of it; ``show`` puts views in place."""

    def __init__(self, package: City, laid: Laid, show: Callable[[City], None]) -> None:
        self._package = package
        self._started = laid
        self._started_at = datetime.now(UTC)
        self._shown = laid
        self._show = show

    async def lay(self, installed: Sequence[Installed]) -> None:
        """Show what can be shown of these beside what holds since the start, and no longer what was let go."""
        there = [
            one
            for one in installed
            if one.id in self._started.holding or since_when(one.declarations) == HOLDS
        ]
        self._shown = await asyncio.to_thread(laid_over, self._package, there)
        self._show(self._shown.city)

    def state(self, one: Installed) -> str:
        """``kept``: for people; ``holds``: in force; ``next-start``: from then on; ``left-out``: it no longer fits."""
        if not one.declarations:
            return KEPT
        if self.why(one):
            return LEFT_OUT
        since_start = one.id in self._started.holding and one.at <= self._started_at
        shown = since_when(one.declarations) == HOLDS and one.id in self._shown.holding
        return HOLDS if since_start or shown else NEXT_START

    def why(self, one: Installed) -> tuple[str, ...]:
        """What keeps it out: what was wrong at the start, or when it was to be shown."""
        if one.at <= self._started_at and one.id in self._started.left_out:
            return self._started.left_out[one.id]
        return self._shown.left_out.get(one.id, ()) if since_when(one.declarations) == HOLDS else ()
