"""Quotas: nobody's questions keep the twin from answering everybody else's.

How much somebody may have computed comes with whoever asks (``context.gated.allowance``); here it is held against what
they have under way and have used today. A chain, or a recommendation with the run of its choice, is one thing under
way: what is started as a part of something admitted is not asked again. CPU seconds are charged member by
member to whoever asked, whether or not the run comes to its end; members that are kept cost nothing. Where nobody is
asked who they are, nothing is limited here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime
from pathlib import Path
from uuid import uuid4

import msgspec

from sympolis.context import gated
from sympolis.domain import errors
from sympolis.orchestration import files

_whole: ContextVar[str] = ContextVar("sympolis_whole", default="")
"""What the present task is a part of. Tasks that it starts inherit it."""


class _Usage(msgspec.Struct):
    """CPU seconds of one day (UTC) by person; yesterday's are forgotten."""

    day: str = ""
    cpu_s: dict[str, float] = {}


class Quotas:
    """Counts what is under way and used. ``file`` keeps today's use over a restart."""

    def __init__(self, file: Path, now: Callable[[], datetime]) -> None:
        self._file = file
        self._now = now
        self._under_way: dict[str, tuple[str, str]] = {}
        self._usage = _kept(file)

    @contextmanager
    def one(self) -> Iterator[None]:
        """All that is started inside counts as one thing under way."""
        token = _whole.set(_whole.get() or uuid4().hex)
        try:
            yield
        finally:
            _whole.reset(token)

    def admit(self) -> None:
        """Raise ``QuotaExceeded`` where whoever asks has as much under way, or has used as much today, as they may."""
        allowed = gated.allowance()
        if (allowed.who, _whole.get()) in self._under_way.values():
            return
        busy = len({whole for who, whole in self._under_way.values() if who == allowed.who})
        if allowed.runs is not None and busy >= allowed.runs:
            text = f"your roles allow {allowed.runs} runs at once, and {busy} are under way"
            raise errors.QuotaExceeded(text, where="quota.runs", hint="wait for one, or cancel one")
        used = self.used_today(allowed.who)
        if allowed.cpu_s_per_day is not None and used >= allowed.cpu_s_per_day:
            text = (
                f"your roles allow {allowed.cpu_s_per_day:,.0f} CPU seconds a day, and {used:,.0f} are used"
            )
            hint = "go on tomorrow (UTC), or ask for what has been computed already"
            raise errors.QuotaExceeded(text, where="quota.cpu_s_per_day", hint=hint)

    def begin(self, name: str) -> None:
        """``name`` is under way for whoever asks, as a part of the present whole or by itself."""
        self._under_way[name] = (gated.allowance().who, _whole.get() or name)

    def end(self, name: str) -> None:
        """``name`` is over, however; what it used is made durable."""
        if self._under_way.pop(name, None) is not None and self._usage.cpu_s:
            files.write_json(self._file, self._usage)

    def charge(self, cpu_s: float) -> None:
        """Whoever asks has used ``cpu_s`` more. The twin's own work is nobody's."""
        allowed = gated.allowance()
        if allowed.cpu_s_per_day is None:
            return
        self._usage.cpu_s[allowed.who] = round(self.used_today(allowed.who) + cpu_s, 3)

    def used_today(self, who: str) -> float:
        """CPU seconds that ``who`` has used since midnight UTC."""
        today = self._now().date().isoformat()
        if self._usage.day != today:
            self._usage = _Usage(today, {})
        return self._usage.cpu_s.get(who, 0.0)


def priority() -> int:
    """How far behind others whoever asks stands in the queue for workers; 0 goes first."""
    return gated.allowance().priority


def _kept(file: Path) -> _Usage:
    try:
        return msgspec.json.decode(file.read_bytes(), type=_Usage)
    except (FileNotFoundError, msgspec.MsgspecError):
        return _Usage()
