"""The contract of whatever keeps subscriptions, what is still to be told and what was given up (``SubscriptionBooks``).

Derive a test class from ``SubscriptionBooksContract`` and give it ``reopen``; see ``testing.stores``.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from sympolis.context.subscriptions.books import (
    MOST_DEAD_LETTERS,
    DeadLetter,
    KeptSubscription,
    Pending,
    Settlement,
    SubscriptionBooks,
)
from sympolis.context.subscriptions.subscription import Record

NOW = datetime(2024, 5, 8, 7, 0, tzinfo=UTC)


def subscription(name: str, **document: Any) -> KeptSubscription:
    """One that was made at ``NOW``."""
    return KeptSubscription(
        f"urn:s:{name}", {"type": "Subscription", **document}, {"Road": "urn:x:Road"}, None, NOW, NOW
    )


def waiting(number: int, name: str, tenant: str = "") -> Pending:
    """Something to tell."""
    return Pending(number, tenant, f"urn:s:{name}", f"urn:e:{number}", NOW, b'{"speed":%d}' % number)


def letter(number: int, name: str, tenant: str = "") -> DeadLetter:
    """Something that was given up."""
    return DeadLetter(number, tenant, f"urn:s:{name}", "http://x/", NOW, "no answer", 3, (b'{"a":1}', b"[2]"))


class SubscriptionBooksContract:
    """See the module's text. The tenants "" and "city" are there."""

    def reopen(self) -> SubscriptionBooks:
        """The books, empty at first; called again: closed and opened anew. They may be settled."""
        raise NotImplementedError

    def test_what_is_kept_is_there_after_a_restart(self) -> None:
        """By tenant, by id, with all members."""
        books = self.reopen()
        books.keep("", subscription("b", throttling=1))
        books.keep("", replace(subscription("a"), since=7, context=["http://x/context", {"a": "urn:a"}]))
        books.keep("city", subscription("a"))
        books = self.reopen()
        assert sorted(books.tenants()) == ["", "city"]
        first, second = books.subscriptions("")
        assert (first.id, first.since, first.context) == ("urn:s:a", 7, ["http://x/context", {"a": "urn:a"}])
        assert second == subscription("b", throttling=1)
        assert books.subscriptions("nobody") == []

    def test_a_changed_one_keeps_how_it_fared(self) -> None:
        """Its record is written by steps alone."""
        books, record = self.reopen(), Record(times_sent=3, times_failed=1, last_notification=NOW)
        books.keep("", subscription("a"))
        books.settle(Settlement(records={("", "urn:s:a"): record, ("", "urn:s:gone"): record}))
        books.keep("", replace(subscription("a", description="new"), record=Record(times_sent=99)))
        [found] = self.reopen().subscriptions("")
        assert (found.document["description"], found.record) == ("new", record)

    def test_the_queue_is_kept_in_order(self) -> None:
        """What a step adds waits until a step removes it."""
        books = self.reopen()
        books.keep("", subscription("a"))
        books.keep("city", subscription("a"))
        added = [waiting(3, "a"), waiting(1, "a"), waiting(2, "a", "city")]
        books.settle(Settlement(positions={"": 5}, added={one.number: one for one in added}))
        books = self.reopen()
        assert books.pending("") == [waiting(1, "a"), waiting(3, "a")]
        assert books.pending("city") == [waiting(2, "a", "city")]
        assert (books.position(""), books.position("city"), books.last_number()) == (5, None, 3)
        books.settle(Settlement(positions={"": 6}, removed=[1]))
        books = self.reopen()
        assert (books.pending(""), books.position("")) == ([waiting(3, "a")], 6)

    def test_what_was_given_up_is_listed_newest_first(self) -> None:
        """Of a tenant, or of one of its subscriptions."""
        books = self.reopen()
        for name in "ab":
            books.keep("", subscription(name))
        books.settle(Settlement(dead=[letter(1, "a"), letter(2, "b"), letter(3, "a")]))
        books = self.reopen()
        assert books.dead_letters("") == (3, [letter(3, "a"), letter(2, "b"), letter(1, "a")])
        assert books.dead_letters("", subscription="urn:s:a", limit=1, offset=1) == (2, [letter(1, "a")])
        assert books.dead_letters("city") == (0, [])
        assert books.last_number() == 3

    def test_what_was_given_up_is_bounded(self) -> None:
        """The oldest make room."""
        books, more = self.reopen(), 5
        books.keep("", subscription("a"))
        books.settle(Settlement(dead=[letter(one, "a") for one in range(1, MOST_DEAD_LETTERS + more + 1)]))
        total, [oldest] = books.dead_letters("", limit=1, offset=MOST_DEAD_LETTERS - 1)
        assert (total, oldest.number) == (MOST_DEAD_LETTERS, more + 1)

    def test_what_is_dropped_is_gone_with_all_it_had(self) -> None:
        """Its queue, its letters, its record; others keep theirs."""
        books = self.reopen()
        for name in "ab":
            books.keep("", subscription(name))
        books.settle(
            Settlement(
                added={1: waiting(1, "a"), 2: waiting(2, "b")},
                records={("", "urn:s:a"): Record(times_sent=1)},
                dead=[letter(3, "a"), letter(4, "b")],
            )
        )
        books.drop("", "urn:s:a")
        books.drop("", "urn:s:never")
        books = self.reopen()
        assert [one.id for one in books.subscriptions("")] == ["urn:s:b"]
        assert books.pending("") == [waiting(2, "b")]
        assert books.dead_letters("") == (1, [letter(4, "b")])
        books.keep("", subscription("a"))
        books.drop("", "urn:s:b")
        [found] = self.reopen().subscriptions("")
        assert found.record == Record()
