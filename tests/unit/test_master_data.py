"""Who a name means: aliases, times, mergers, decisions that are remembered and can be undone."""

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sympolis.domain import errors
from sympolis.governance.masterdata.folding import in_force
from sympolis.governance.masterdata.model import Book, Decision, Kind, MemoryBook, Thing
from sympolis.governance.masterdata.names import candidates, distance_m, folded
from sympolis.governance.masterdata.registry import MasterData

NOW = datetime(2024, 6, 1, tzinfo=UTC)
STREETS = Kind(
    id="streets",
    title={"en": "Streets"},
    entity_type="Street",
    drop=("via", "viale"),
    replace={"p.zza": "piazza"},
)
THINGS = (
    Thing(id="12", name="Via Aurelio Saffi", codes=("0012",), position=(11.33, 44.49)),
    Thing(id="13", name="Piazza Maggiore", position=(11.343, 44.494)),
    Thing(id="14", name="Via Roma", valid_from=date(1900, 1, 1)),
    Thing(id="15", name="Via Roma", valid_from=date(1950, 1, 1), position=(11.4, 44.5)),
    Thing(id="16", name="Via Vecchia", valid_to=date(2000, 1, 1), successors=("12",)),
)


def made(book: Book | None = None) -> MasterData:
    return MasterData({"streets": STREETS}, {"streets": THINGS}, book or MemoryBook(), lambda: NOW)


def decide(known: MasterData, action: str, **more: object) -> Decision:
    given = {"number": 0, "at": NOW, "by": "A. Rossi", "kind": "streets", "action": action, **more}
    return known.decide(Decision(**given))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("words", "day", "ids"),
    [
        ("12", None, ("12",)),
        ("0012", None, ("12",)),
        ("via  AURELIO saffi", None, ("12",)),
        ("Via Roma", None, ("14", "15")),
        ("Via Vecchia", None, ("12",)),
        ("Via Vecchia", datetime(1990, 1, 1, tzinfo=UTC), ("16",)),
        ("Via Saffi", None, ()),
    ],
)
def test_whom_a_name_means(words: str, day: datetime | None, ids: tuple[str, ...]) -> None:
    assert made().find("streets", words, day) == ids


def test_an_accepted_name_is_an_alias_and_changes_the_version() -> None:
    known = made()
    before = known.version(["streets"])
    known.note("streets", "Via Saffi", "works")
    total, [match] = known.matches("streets")
    assert total == 1
    assert match.candidates[0].thing.id == "12"
    assert any("like it" in reason for reason in match.candidates[0].reasons)
    decide(known, "accept", words="Via Saffi", thing="12")
    assert known.find("streets", "via saffi", None) == ("12",)
    assert known.matches() == (0, [])
    assert known.version(["streets"]) != before


def test_a_decision_can_be_undone_and_stays_in_the_book() -> None:
    book = MemoryBook()
    known = made(book)
    before = known.version(["streets"])
    taken = decide(known, "accept", words="Via Saffi", thing="12")
    decide(known, "undo", undoes=taken.number)
    assert known.find("streets", "Via Saffi", None) == ()
    assert known.version(["streets"]) == before
    assert [one.action for one in known.history("streets", "12")] == ["accept", "undo"]
    assert made(book).find("streets", "Via Saffi", None) == ()
    with pytest.raises(errors.Conflict):
        decide(known, "undo", undoes=taken.number)


def test_a_rejected_name_is_not_proposed_again() -> None:
    known = made()
    decide(known, "reject", words="Via Saffi", thing="12")
    assert "12" not in [one.thing.id for one in known.candidates("streets", "Via Saffi")]


def test_a_rejection_settles_a_name_of_two_things() -> None:
    known = made()
    decide(known, "reject", words="Via Roma", thing="14")
    assert known.find("streets", "Via Roma", None) == ("15",)


def test_merged_things_lead_to_what_they_became() -> None:
    known = made()
    decide(known, "merge", thing="13", others=["12"], day="2020-01-01")
    assert known.find("streets", "Via Aurelio Saffi", None) == ("13",)
    assert known.find("streets", "0012", None) == ("13",)
    assert known.find("streets", "12", datetime(2019, 1, 1, tzinfo=UTC)) == ("12",)
    assert known.find("streets", "Via Vecchia", None) == ("13",)
    assert known.thing("streets", "12").valid_to == date(2020, 1, 1)


def test_split_and_renamed_things() -> None:
    known = made()
    decide(known, "add", thing="13a", words="Piazza Maggiore Nord", day="2023-01-01")
    decide(known, "split", thing="13", others=["13a", "14"], day="2023-01-01")
    assert known.find("streets", "Piazza Maggiore", None) == ("13a", "14")
    decide(known, "rename", thing="12", words="Via della Pace")
    assert known.thing("streets", "12").name == "Via della Pace"
    assert known.find("streets", "Via Aurelio Saffi", None) == ("12",)
    assert [one.id for one in known.things("streets", date(2022, 1, 1))] == ["12", "13", "14", "15"]


@pytest.mark.parametrize(
    ("action", "more", "kind"),
    [
        ("accept", {"words": "x", "thing": "99"}, errors.NotFound),
        ("accept", {"words": " ", "thing": "12"}, errors.InvalidRequest),
        ("accept", {"words": "x", "thing": "12", "by": ""}, errors.InvalidRequest),
        ("accept", {"words": "x", "thing": "12", "kind": "roads"}, errors.NotFound),
        ("merge", {"thing": "12", "others": ["12"]}, errors.InvalidRequest),
        ("merge", {"thing": "12", "others": []}, errors.InvalidRequest),
        ("add", {"thing": "12", "words": "x"}, errors.Conflict),
    ],
)
def test_what_cannot_be_decided(action: str, more: dict[str, object], kind: type[Exception]) -> None:
    known = made()
    with pytest.raises(kind):
        decide(known, action, **more)
    assert known.decisions() == []


@pytest.mark.parametrize(
    ("words", "best"),
    [
        ("v. Saffi", "12"),
        ("Saffi Aurelio", "12"),
        ("P.zza Maggiore", "13"),
        ("0012", "12"),
        ("Via Rma", "14"),
    ],
)
def test_candidates(words: str, best: str) -> None:
    found = candidates(words, THINGS, STREETS)
    assert found[0].thing.id == best
    assert all(0 <= one.score <= 1 for one in found)


def test_what_is_near_is_likelier() -> None:
    found = candidates("Via Roma", THINGS, STREETS, (11.4, 44.5))
    far = Thing(id="20", name="Via Roma", position=(11.0, 44.0))
    assert found[0].thing.id in ("14", "15")
    [near, away] = candidates("Via Roma", (THINGS[3], far), STREETS, (11.4, 44.5))
    assert near.thing.id == "15" and near.score > away.score
    assert "0 m away" in near.reasons


def test_distances() -> None:
    assert distance_m((11.0, 44.0), (11.0, 45.0)) == pytest.approx(
        111_195, rel=1e-4
    )  # a degree of the meridian


@given(st.text(max_size=40))
def test_folding_is_idempotent(text: str) -> None:
    assert folded(folded(text)) == folded(text)


@given(st.lists(st.tuples(st.sampled_from(["accept", "undo"]), st.integers(1, 8)), max_size=8))
def test_undone_decisions_never_count(moves: list[tuple[str, int]]) -> None:
    taken = [
        Decision(
            number=n, at=NOW, by="x", kind="streets", action=action, undoes=target if action == "undo" else 0
        )
        for n, (action, target) in enumerate(moves, 1)
    ]
    plain = [
        one for one in taken if one.action != "undo" or taken[one.undoes - 1 : one.undoes] not in ([], [one])
    ]
    plain = [one for one in plain if one.action != "undo" or taken[one.undoes - 1].action == "accept"]
    counting = {one.number for one in in_force(plain)}
    undone = {one.undoes for one in plain if one.action == "undo"}
    accepted = {one.number for one in plain if one.action == "accept"}
    assert counting == accepted - undone


def test_an_undone_undo_brings_the_decision_back() -> None:
    def one(number: int, action: str, undoes: int = 0) -> Decision:
        return Decision(number=number, at=NOW, by="x", kind="streets", action=action, undoes=undoes)

    assert in_force([one(1, "accept"), one(2, "undo", 1)]) == []
    assert in_force([one(1, "accept"), one(2, "undo", 1), one(3, "undo", 2)]) == [one(1, "accept")]


def test_a_broken_delivery_does_not_look_for_thousands_of_names() -> None:
    known = made()
    found = [known.closest("streets", f"Via Saffi {n}") for n in range(500)]
    assert found[0] == "Via Aurelio Saffi (12)"
    assert found[-1] == ""
    decide(known, "reject", words="x", thing="12")
    assert known.closest("streets", "Via Saffi 499") == "Via Aurelio Saffi (12)"
