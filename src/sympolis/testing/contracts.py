"""The contract that every book of contracts has to keep, as tests.

Derive a test class from ``ContractBookContract`` and give it the fixture ``book``; pytest then runs all of it.
"""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from sympolis.dataspace.contracts.book import ContractBook, Use
from sympolis.dataspace.dsp.machines import Act
from sympolis.dataspace.dsp.processes import Agreement, Negotiation, Sent, Transfer
from sympolis.dataspace.dsp.vocabulary import Side

START = datetime(2026, 5, 8, 7, 0, tzinfo=UTC)


def a_negotiation(number: int = 1, **changes: Any) -> Negotiation:
    """A negotiation as a provider; later numbers began later."""
    at = START + timedelta(hours=number)
    made = Negotiation(
        id=f"urn:n:{number}", side=Side.PROVIDER, partner="did:web:a.test", address="http://a.test/dsp",
        began=at, changed=at, peer=f"urn:peer:{number}", state="REQUESTED", dataset="urn:d:1",
    )  # fmt: skip
    return msgspec.structs.replace(made, **changes)


def a_transfer(number: int = 1, **changes: Any) -> Transfer:
    """A transfer under ``urn:a:1``."""
    at = START + timedelta(hours=number)
    made = Transfer(
        id=f"urn:t:{number}", side=Side.PROVIDER, partner="did:web:a.test", address="http://a.test/dsp",
        began=at, changed=at, peer=f"urn:peer:{number}", state="STARTED", agreement="urn:a:1", format="File-PULL",
    )  # fmt: skip
    return msgspec.structs.replace(made, **changes)


def an_agreement(number: int = 1, **changes: Any) -> Agreement:
    """An agreement as a provider."""
    made = Agreement(
        id=f"urn:a:{number}", side=Side.PROVIDER, partner="did:web:a.test", dataset="urn:d:1",
        policy={"@id": f"urn:a:{number}", "permission": [{"action": "use"}]}, negotiation="urn:n:1",
        address="http://a.test/dsp", agreed=START + timedelta(hours=number),
    )  # fmt: skip
    return msgspec.structs.replace(made, **changes)


def a_use(request: str = "r1", **changes: Any) -> Use:
    """A use of ``urn:t:1``."""
    made = Use(
        at=START, side=Side.PROVIDER, transfer="urn:t:1", agreement="urn:a:1", partner="did:web:a.test",
        dataset="urn:d:1", request=request, target="/ldes/Tree", status=200, bytes=0,
    )  # fmt: skip
    return msgspec.structs.replace(made, **changes)


def run_durable(book: ContractBook) -> None:
    """Wait until all is on disk."""
    asyncio.run(book.durable())


class ContractBookContract:
    """See the module."""

    def test_what_is_added_is_found(self, book: ContractBook) -> None:
        """By its own id and by the partner's, each kind apart."""
        for record in (a_negotiation(), a_transfer(), an_agreement()):
            assert book.add(record)
        assert book.find(Negotiation, "urn:n:1") == a_negotiation()
        assert book.find(Transfer, "urn:t:1") == a_transfer()
        assert book.find(Agreement, "urn:a:1") == an_agreement()
        assert book.find(Transfer, "urn:n:1") is None
        assert book.find_peer(Negotiation, "did:web:a.test", "urn:peer:1") == a_negotiation()
        assert book.find_peer(Negotiation, "did:web:b.test", "urn:peer:1") is None
        assert book.find_peer(Negotiation, "did:web:a.test", "") is None

    def test_a_partners_name_is_taken_once(self, book: ContractBook) -> None:
        """So the same first message, twice at once, makes one process."""
        assert book.add(a_negotiation())
        assert not book.add(a_negotiation())
        assert not book.add(a_negotiation(2, peer="urn:peer:1"))
        assert book.add(a_negotiation(3, peer="urn:peer:1", partner="did:web:b.test"))
        assert book.add(a_negotiation(4, peer=""))
        assert book.add(a_negotiation(5, peer=""))

    def test_only_the_next_version_is_kept(self, book: ContractBook) -> None:
        """Whoever changes an old version changes nothing."""
        book.add(a_negotiation())
        assert book.replace(a_negotiation(state="AGREED", version=1))
        assert not book.replace(a_negotiation(state="OFFERED", version=1))
        assert not book.replace(a_negotiation(2, version=1))
        found = book.find(Negotiation, "urn:n:1")
        assert found is not None
        assert found.state == "AGREED"

    def test_pages_are_newest_first(self, book: ContractBook) -> None:
        """Before an instant, with a partner, under an agreement."""
        for number in range(1, 6):
            book.add(a_transfer(number, agreement="urn:a:2" if number == 4 else "urn:a:1"))
        assert [one.id for one in book.page(Transfer, limit=2)] == ["urn:t:5", "urn:t:4"]
        before = START + timedelta(hours=3)
        assert [one.id for one in book.page(Transfer, before=before)] == ["urn:t:2", "urn:t:1"]
        assert [one.id for one in book.page(Transfer, tie="urn:a:2")] == ["urn:t:4"]
        assert book.page(Transfer, partner="did:web:b.test") == []

    def test_what_waits_is_found_again(self, book: ContractBook) -> None:
        """A restart sends what was on its way."""
        sent = Sent(act=Act.AGREE, path="/x", body={"@type": "x"}, since=START)
        book.add(a_negotiation(1, pending=sent))
        book.add(a_negotiation(2))
        assert [one.id for one in book.waiting(Negotiation)] == ["urn:n:1"]
        book.replace(a_negotiation(1, version=1))
        assert book.waiting(Negotiation) == []

    def test_what_is_open_is_counted(self, book: ContractBook) -> None:
        """By partner, without what is over."""
        for number, state in enumerate(("REQUESTED", "FINALIZED", "AGREED", "TERMINATED")):
            book.add(a_negotiation(number, state=state))
        book.add(a_negotiation(9, partner="did:web:b.test"))
        assert book.count_open(Negotiation, "did:web:a.test") == 2
        assert book.count_open(Transfer, "did:web:a.test") == 0

    def test_what_ended_long_ago_is_let_go(self, book: ContractBook) -> None:
        """By when it ended, not by when it began; what goes on, agreements and uses stay."""
        late = START + timedelta(days=9)
        book.add(a_negotiation(1, state="FINALIZED"))
        book.add(a_negotiation(2, state="FINALIZED", changed=late))
        book.add(a_negotiation(3))
        book.add(a_transfer(4, state="TERMINATED"))
        book.add(an_agreement(5, ended=START))
        book.use(a_use("r1"))
        run_durable(book)
        before = START + timedelta(days=1)
        assert book.forget(Negotiation, before=before, most=10) == 1
        run_durable(book)
        assert book.forget(Negotiation, before=before, most=10) == 0
        assert [one.id for one in book.page(Negotiation)] == ["urn:n:3", "urn:n:2"]
        assert book.find(Negotiation, "urn:n:1") is None
        assert book.find_peer(Negotiation, "did:web:a.test", "urn:peer:1") is None
        assert book.forget(Transfer, before=before, most=10) == 1
        assert book.find(Agreement, "urn:a:5") is not None
        assert len(book.uses()) == 1
        assert book.count_open(Negotiation, "did:web:a.test") == 1

    def test_nobody_keeps_more_ended_ones_than_their_share(self, book: ContractBook) -> None:
        """The oldest of a partner go first, a portion at a time; those of others stay."""
        for number in range(1, 6):
            book.add(a_negotiation(number, state="TERMINATED"))
        book.add(a_negotiation(9, state="TERMINATED", partner="did:web:b.test"))
        run_durable(book)
        assert book.forget(Negotiation, before=START, most=2, limit=2) == 2
        run_durable(book)
        assert book.forget(Negotiation, before=START, most=2, limit=2) == 1
        run_durable(book)
        assert [one.id for one in book.page(Negotiation)] == ["urn:n:9", "urn:n:5", "urn:n:4"]

    def test_uses_are_numbered_and_finished(self, book: ContractBook) -> None:
        """In order, also those with the same name."""
        assert [book.use(a_use("r1")), book.use(a_use("r1")), book.use(a_use("r2", transfer="urn:t:2"))] == [
            1,
            2,
            3,
        ]
        book.finish(a_use("r1", bytes=7, number=2))
        assert [(one.number, one.bytes) for one in book.uses(transfer="urn:t:1")] == [(1, 0), (2, 7)]
        assert [one.number for one in book.uses(after=1, limit=1)] == [2]
        assert [one.number for one in book.uses(agreement="urn:a:1")] == [1, 2, 3]
        assert [one.number for one in book.uses(newest=True, limit=2)] == [3, 2]
        run_durable(book)
        assert [one.number for one in book.uses(newest=True, limit=2)] == [3, 2]

    def test_counts_only_grow(self, book: ContractBook) -> None:
        """By rule."""
        assert book.counted("rule") == 0
        assert [book.count("rule"), book.count("rule"), book.count("other")] == [1, 2, 1]
        assert book.counted("rule") == 2
