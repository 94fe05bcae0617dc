"""A store around a store that has a judge look at what clients write, before it is written.

The judge sees the state before and after each change inside the writer, so that no way of writing (create, merge,
append, batch, replace) passes it by. It is put there only where a city has rules for what may be written.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, cast

from sympolis.context.store import Decision, Store, Write
from sympolis.domain.changes import Outcome
from sympolis.domain.entity import Entity

Judge = Callable[[Entity | None, Entity], None]
"""Given the state before (None: a new entity) and after; refuses by raising a ``SympolisError``. Pure and quick."""

CLIENTS = "request:"
"""What the cause of a client's change begins with; sources and models have doors of their own."""


def judged(store: Store, judge: Judge) -> Store:
    """``store``, with ``judge`` asked for every change that a client wants; it offers whatever the store offers."""
    kind = type(store)
    names = [name for name in dir(kind) if not name.startswith("_") and callable(getattr(kind, name))]
    made = type("JudgedStore", (_Judged,), {name: _passed_on(name) for name in names if name != "write"})
    return cast("Store", made(store, judge))


def _passed_on(name: str) -> Callable[..., Any]:
    def call(self: _Judged, *args: Any, **kwargs: Any) -> Any:
        return getattr(self.inner, name)(*args, **kwargs)

    call.__name__ = name
    return call


class _Judged:
    def __init__(self, store: Any, judge: Judge) -> None:
        self.inner = store
        self._judge = judge

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)

    async def write(self, writes: Sequence[Write], *, tenant: str = "", cause: str = "") -> list[Outcome]:
        """See ``Store``."""
        if cause.startswith(CLIENTS):
            writes = [replace(one, decide=self._judged(one.decide)) for one in writes]
        return cast("list[Outcome]", await self.inner.write(writes, tenant=tenant, cause=cause))

    def _judged(self, decide: Decision) -> Decision:
        def decide_and_judge(before: Entity | None, at: datetime) -> Entity | None:
            after = decide(before, at)
            if after is not None and after is not before:
                self._judge(before, after)
            return after

        return decide_and_judge
