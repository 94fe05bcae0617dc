"""The contract that every book of master data has to keep, as tests.

Derive a test class from ``BookContract`` and give it the fixture ``book``; pytest then runs all of it.
"""

from __future__ import annotations

from datetime import UTC, datetime

from sympolis.governance.masterdata.model import Book, Decision, Unknown

AT = datetime(2024, 5, 8, 7, 0, tzinfo=UTC)


def a_decision(**changes: object) -> Decision:
    """Somebody accepts a name."""
    given = {
        "number": 0,
        "at": AT,
        "by": "A. Rossi",
        "kind": "streets",
        "action": "accept",
        "words": "Via Safi",
    }
    return Decision(**{**given, "thing": "12", **changes})  # type: ignore[arg-type]


def an_unknown(**changes: object) -> Unknown:
    """A name that nobody knows."""
    given = {"kind": "streets", "words": "Via Safi", "source": "works", "seen": AT}
    return Unknown(**{**given, **changes})  # type: ignore[arg-type]


class BookContract:
    """Decisions are numbered and stay; unknown names are counted."""

    def test_decisions_come_back_in_order_with_their_numbers(self, book: Book) -> None:
        """Numbers grow and are never used again."""
        taken = [book.decide(a_decision(words=f"name {n}", others=["7", "8"])) for n in range(3)]
        assert [one.number for one in taken] == [1, 2, 3]
        assert book.decisions() == taken

    def test_unknown_names_are_counted(self, book: Book) -> None:
        """The most frequent first; sources apart."""
        book.note(an_unknown())
        book.note(an_unknown(words="Via Roma", times=3))
        book.note(an_unknown(words="Via Roma"))
        book.note(an_unknown(words="Via Roma", source="other"))
        found = [(one.words, one.source, one.times) for one in book.unknowns()]
        assert found == [("Via Roma", "works", 4), ("Via Roma", "other", 1), ("Via Safi", "works", 1)]

    def test_an_empty_book(self, book: Book) -> None:
        """Nothing is decided, nothing open."""
        assert book.decisions() == []
        assert book.unknowns() == []
