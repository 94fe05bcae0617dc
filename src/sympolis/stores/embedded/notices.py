"""Rules, notices and deliveries in a SQLite file of their own; a notice and its deliveries are one transaction."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import ClassVar, Self

import apsw
import msgspec
from msgspec.structs import replace

from sympolis.decision.notices.record import Delivery, Notice, State
from sympolis.decision.notices.rule import Channel, Rule, Way
from sympolis.stores.embedded import files
from sympolis.stores.embedded.book import Book


class EmbeddedNotices(Book):
    """See ``decision.notices.record.NoticeBook``."""

    FILE: ClassVar[str] = "notices.sqlite"
    STATEMENTS: ClassVar[str] = "notices.sql"
    MEND: ClassVar[str] = (
        "restore it from a backup, or move it away: rules made here are then to be made again"
    )

    @classmethod
    def in_memory(cls) -> Self:
        """A book that lasts as long as the process."""
        files.check_library()
        return cls(apsw.Connection(":memory:"))

    def rules(self) -> list[Rule]:
        """See ``NoticeBook``."""
        return [msgspec.json.decode(body, type=Rule) for (body,) in self._rows("rules")]

    def keep_rule(self, rule: Rule) -> None:
        """See ``NoticeBook``."""
        with self._at_once() as connection:
            files.fetch_all(connection, self._sql["keep_rule"], {"id": rule.id, "body": _text(rule)})

    def drop_rule(self, rule: str) -> bool:
        """See ``NoticeBook``."""
        with self._at_once() as connection:
            return bool(files.fetch_all(connection, self._sql["drop_rule"], {"id": rule}))

    def notices(self, *, limit: int, only: State | None = None) -> list[Notice]:
        """See ``NoticeBook``."""
        rows = self._rows("notices", limit=limit, state=only or "")
        return [msgspec.json.decode(body, type=Notice) for (body,) in rows]

    def notice(self, notice: str) -> Notice | None:
        """See ``NoticeBook``."""
        rows = self._rows("notice", id=notice)
        return msgspec.json.decode(rows[0][0], type=Notice) if rows else None

    def standing(self, rule: str) -> Notice | None:
        """See ``NoticeBook``."""
        rows = self._rows("standing", rule=rule)
        return msgspec.json.decode(rows[0][0], type=Notice) if rows else None

    def keep(self, notice: Notice, deliveries: Sequence[Delivery] = ()) -> None:
        """See ``NoticeBook``."""
        values = {"id": notice.id, "rule": notice.rule, "state": notice.state, "body": _text(notice)}
        with self._at_once() as connection:
            files.fetch_all(
                connection, self._sql["keep_notice"], {**values, "raised_at": _instant(notice.raised_at)}
            )
            self._put(connection, deliveries)

    def waiting(self, until: datetime, *, limit: int) -> list[Delivery]:
        """See ``NoticeBook``."""
        return _deliveries(self._rows("waiting", until=_instant(until), limit=limit))

    def settle(self, deliveries: Sequence[Delivery]) -> None:
        """See ``NoticeBook``."""
        with self._at_once() as connection:
            self._put(connection, deliveries)

    def deliveries(self, notice: str) -> list[Delivery]:
        """See ``NoticeBook``."""
        return _deliveries(self._rows("deliveries", notice=notice))

    def given_up(self, *, limit: int) -> list[Delivery]:
        """See ``NoticeBook``."""
        return _deliveries(self._rows("given_up", limit=limit))

    def people(self) -> list[str]:
        """See ``NoticeBook``."""
        return [who for (who,) in self._rows("people")]

    def named(self, person: str) -> list[str]:
        """See ``NoticeBook``."""
        kept = [*self._rows("acknowledged", person=person), *self._rows("delivered", person=person)]
        return [
            *(rule.id for rule in self.rules() if _without(rule, person) != rule),
            *(one for (one,) in kept),
        ]

    def forget(self, person: str) -> int:
        """See ``NoticeBook``."""
        changed = [after for rule in self.rules() if (after := _without(rule, person)) != rule]
        with self._at_once() as connection:
            for rule in changed:
                files.fetch_all(connection, self._sql["keep_rule"], {"id": rule.id, "body": _text(rule)})
            gone = [
                files.fetch_all(connection, self._sql[name], {"person": person})
                for name in ("forget_acknowledged", "forget_delivered")
            ]
        return len(changed) + sum(map(len, gone))

    def _put(self, connection: apsw.Connection, deliveries: Sequence[Delivery]) -> None:
        for one in deliveries:
            values = {"id": one.id, "notice": one.notice, "state": one.state, "body": _text(one)}
            files.fetch_all(connection, self._sql["keep_delivery"], {**values, "due": _instant(one.due)})


def _text(record: msgspec.Struct) -> str:
    return msgspec.json.encode(record).decode()


def _without(rule: Rule, person: str) -> Rule:
    """The rule as it is when it tells somebody no more."""

    def others(ways: Sequence[Way]) -> tuple[Way, ...]:
        return tuple(
            one
            for one in ways
            if one.channel is not Channel.EMAIL or f"mailto:{one.to}".lower() != person.lower()
        )

    return replace(rule, to=others(rule.to), escalate_to=others(rule.escalate_to))


def _instant(at: datetime) -> str:
    """In UTC and of one length, so that texts sort as moments."""
    return at.astimezone(UTC).isoformat(timespec="microseconds")


def _deliveries(rows: Sequence[tuple[str]]) -> list[Delivery]:
    return [msgspec.json.decode(body, type=Delivery) for (body,) in rows]
