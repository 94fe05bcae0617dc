"""The port that keeps negotiations, transfers, agreements and uses; and one that lasts as long as the process."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import datetime
from typing import Any, Final, Protocol, TypeVar, cast

import msgspec

from sympolis.dataspace.dsp.processes import Agreement, Negotiation, Transfer
from sympolis.dataspace.dsp.vocabulary import Side

Record = Negotiation | Transfer | Agreement
R = TypeVar("R", Negotiation, Transfer, Agreement)
Ended = Negotiation | Transfer
"""What is let go some time after its end."""

MOST_LISTED: Final = 1000


class Use(msgspec.Struct, frozen=True, kw_only=True):
    """One request for data under an agreement, as one side saw it. ``request`` names it for both."""

    at: datetime
    side: Side
    transfer: str
    """The transfer by this side's own id."""
    agreement: str
    partner: str
    dataset: str
    request: str
    target: str
    status: int
    bytes: int
    purposes: tuple[str, ...] = ()
    reason: str = ""
    number: int = 0
    """Given when it is kept, in order."""


class ContractBook(Protocol):
    """What is kept is known at once, and on disk when ``durable`` returns: before anybody is answered or written to."""

    def add(self, record: Record) -> bool:
        """Keep a new one. False, and nothing kept, where its id, or its partner's id for it, is taken."""
        ...

    def replace(self, record: Record) -> bool:
        """Keep it in place of the version before it; False where that is not the present one any more."""
        ...

    def find(self, kind: type[R], record_id: str) -> R | None:
        """The one with this id of ours."""
        ...

    def find_peer(self, kind: type[R], partner: str, peer: str) -> R | None:
        """The one that a partner knows by this id."""
        ...

    def page(
        self,
        kind: type[R],
        *,
        before: datetime | None = None,
        limit: int = 100,
        partner: str = "",
        tie: str = "",
    ) -> list[R]:
        """Newest first, of those begun before an instant; ``tie`` keeps to what belongs to an agreement."""
        ...

    def waiting(self, kind: type[R]) -> list[R]:
        """Those with a message on its way."""
        ...

    def count_open(self, kind: type[R], partner: str) -> int:
        """How many a partner has that are not over."""
        ...

    def forget(self, kind: type[Ended], *, before: datetime, most: int, limit: int = 1000) -> int:
        """Let go of those that ended before an instant, and of a partner's oldest beyond ``most`` ended ones.

        ``limit`` at a time; how many went. Agreements and uses stay.
        """
        ...

    def use(self, use: Use) -> int:
        """Keep one more use; its number."""
        ...

    def finish(self, use: Use) -> None:
        """What came of the use with this number."""
        ...

    def uses(
        self,
        *,
        after: int = 0,
        limit: int = 100,
        transfer: str = "",
        agreement: str = "",
        newest: bool = False,
    ) -> list[Use]:
        """Uses in order; with ``newest`` the last ones, newest first."""
        ...

    def count(self, rule: str) -> int:
        """Count one more use of a rule; how many there are now."""
        ...

    def counted(self, rule: str) -> int:
        """How often a rule has been made use of."""
        ...

    async def durable(self) -> None:
        """Wait until all that was kept so far is on disk. Raises ``StoreUnavailable``."""
        ...

    def close(self) -> None:
        """Let go of the file."""
        ...


def peer_of(record: Record) -> str:
    """What the partner calls it; '' where it has no name with them yet, or has the same with both."""
    return "" if isinstance(record, Agreement) else record.peer


def tie_of(record: Record) -> str:
    """The agreement that it belongs to, if any."""
    return record.agreement if isinstance(record, Transfer) else ""


def is_over(record: Record) -> bool:
    """Whether nothing can happen to it any more; an agreement has ended."""
    return record.ended is not None if isinstance(record, Agreement) else record.is_over


def begun(record: Record) -> datetime:
    """When it began."""
    return record.agreed if isinstance(record, Agreement) else record.began


class MemoryBook:
    """See ``ContractBook``."""

    def __init__(self) -> None:
        self._kept: dict[tuple[type[Any], str], Record] = {}
        self._uses: list[Use] = []
        self._counts: dict[str, int] = {}

    def add(self, record: Record) -> bool:
        """See ``ContractBook``."""
        key = (type(record), record.id)
        if key in self._kept or self._taken(record):
            return False
        self._kept[key] = record
        return True

    def replace(self, record: Record) -> bool:
        """See ``ContractBook``."""
        key = (type(record), record.id)
        present = self._kept.get(key)
        if present is None or present.version != record.version - 1:
            return False
        self._kept[key] = record
        return True

    def find(self, kind: type[R], record_id: str) -> R | None:
        """See ``ContractBook``."""
        return cast("R | None", self._kept.get((kind, record_id)))

    def find_peer(self, kind: type[R], partner: str, peer: str) -> R | None:
        """See ``ContractBook``."""
        if not peer:
            return None
        return self._first(kind, lambda one: one.partner == partner and peer_of(one) == peer)

    def page(
        self,
        kind: type[R],
        *,
        before: datetime | None = None,
        limit: int = 100,
        partner: str = "",
        tie: str = "",
    ) -> list[R]:
        """See ``ContractBook``."""
        found = [
            one
            for one in self._all(kind)
            if (before is None or begun(one) < before)
            and partner in ("", one.partner)
            and tie in ("", tie_of(one))
        ]
        return sorted(found, key=begun, reverse=True)[:limit]

    def waiting(self, kind: type[R]) -> list[R]:
        """See ``ContractBook``."""
        return [one for one in self._all(kind) if getattr(one, "pending", None) is not None]

    def count_open(self, kind: type[R], partner: str) -> int:
        """See ``ContractBook``."""
        return sum(one.partner == partner and not is_over(one) for one in self._all(kind))

    def forget(self, kind: type[Ended], *, before: datetime, most: int, limit: int = 1000) -> int:
        """See ``ContractBook``."""
        ended = [one for one in self._newest(kind) if one.is_over]
        places = Counter[str]()
        gone = []
        for one in ended:
            places[one.partner] += 1
            if one.changed < before or places[one.partner] > most:
                gone.append(one)
        for one in gone[:limit]:
            del self._kept[kind, one.id]
        return len(gone[:limit])

    def use(self, use: Use) -> int:
        """See ``ContractBook``."""
        self._uses.append(msgspec.structs.replace(use, number=len(self._uses) + 1))
        return len(self._uses)

    def finish(self, use: Use) -> None:
        """See ``ContractBook``."""
        self._uses[use.number - 1] = use

    def uses(
        self,
        *,
        after: int = 0,
        limit: int = 100,
        transfer: str = "",
        agreement: str = "",
        newest: bool = False,
    ) -> list[Use]:
        """See ``ContractBook``."""
        found = [
            one
            for one in self._uses
            if one.number > after and transfer in ("", one.transfer) and agreement in ("", one.agreement)
        ]
        return (found[::-1] if newest else found)[:limit]

    def count(self, rule: str) -> int:
        """See ``ContractBook``."""
        self._counts[rule] = self._counts.get(rule, 0) + 1
        return self._counts[rule]

    def counted(self, rule: str) -> int:
        """See ``ContractBook``."""
        return self._counts.get(rule, 0)

    async def durable(self) -> None:
        """See ``ContractBook``."""

    def close(self) -> None:
        """See ``ContractBook``."""

    def _taken(self, record: Record) -> bool:
        kind: type[Any] = type(record)
        return self.find_peer(kind, record.partner, peer_of(record)) is not None

    def _newest(self, kind: type[Ended]) -> list[Ended]:
        found = [cast("Ended", one) for (of, _), one in self._kept.items() if of is kind]
        return sorted(found, key=begun, reverse=True)

    def _all(self, kind: type[R]) -> list[R]:
        return [cast("R", one) for (of, _), one in self._kept.items() if of is kind]

    def _first(self, kind: type[R], fits: Callable[[R], bool]) -> R | None:
        return next((one for one in self._all(kind) if fits(one)), None)
