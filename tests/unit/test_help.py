"""Help without a server: working days, routing, tutorials as data, and whether the search finds the page."""

from __future__ import annotations

import asyncio
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from sympolis.api import rights
from sympolis.api.help.observing import Observed
from sympolis.api.parts import ApiParts
from sympolis.domain import errors
from sympolis.help import passages
from sympolis.help.academy import FACTS, Academy, Check, Fact, Step, Tutorial, tutorials
from sympolis.help.clock import Calendar, easter, holiday_complaint
from sympolis.help.passages import split
from sympolis.help.questions import MOST_OPEN, Answerer, QuestionDesk, State
from sympolis.help.routing import HelpPlan, Topic, complaints, default_topics, route, topics_of
from sympolis.help.search import Index
from sympolis.stores.embedded.helping import EmbeddedHelp

ROME = ZoneInfo("Europe/Rome")
ANN, STEWARD = "ann", Answerer(id="stew", roles=frozenset({"data-steward"}), answers=True)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ROME)


@pytest.mark.parametrize(
    ("asked", "due"),
    [
        ("2026-11-16T10:00", "2026-11-18T10:00"),  # Monday to Wednesday
        ("2026-11-19T16:30", "2026-11-23T16:30"),  # over a weekend
        ("2026-11-21T12:00", "2026-11-25T00:00"),  # a Saturday's clock begins on Monday morning
        ("2026-12-24T09:00", "2026-12-29T09:00"),  # Christmas Day, St Stephen's on a Saturday
        ("2026-04-02T09:00", "2026-04-07T09:00"),  # over Easter Monday
        ("2026-10-23T12:00", "2026-10-27T12:00"),  # summer time ends in between
    ],
)
def test_two_working_days(asked: str, due: str) -> None:
    calendar = Calendar(("12-25", "12-26", "easter+1", "2026-01-06"), ROME)
    assert calendar.after(at(asked), 2) == at(due)


@pytest.mark.parametrize(
    ("year", "day"), [(1961, "04-02"), (2000, "04-23"), (2024, "03-31"), (2026, "04-05"), (2038, "04-25")]
)
def test_easter(year: int, day: str) -> None:
    assert easter(year) == date.fromisoformat(f"{year}-{day}")


@pytest.mark.parametrize("written", ["12-32", "Christmas", "easter+x", "2026-13-01", "2026-02-30", ""])
def test_no_holiday(written: str) -> None:
    assert holiday_complaint(written) is not None
    assert complaints(HelpPlan(holidays=(written,)))


@pytest.mark.parametrize(
    ("asked", "topic"),
    [
        ("Why was this row put into quarantine?", "data"),
        ("Perché questa riga è in quarantena?", "data"),
        ("Die Datenqualität dieser Quelle ist schlecht", "data"),
        ("How uncertain is this forecast?", "models"),
        ("Kann man mein Konto und Passwort zurücksetzen?", "technology"),
        ("Come posso cancellare i miei dati personali?", "privacy"),
        ("We look for a partner for a consortium", "federation"),
        ("Wie vergleiche ich zwei Szenarien?", "planning"),
        ("Guten Tag!", "general"),
    ],
)
def test_questions_find_their_topic(asked: str, topic: str) -> None:
    assert route(asked, default_topics()).id == topic


def test_a_citys_topic_comes_before_and_may_take_anothers_place() -> None:
    own = Topic(id="trees", title={"en": "Trees"}, words={"en": "tree"}, people=("rosa",))
    other = Topic(id="data", title={"en": "Figures"}, words={"en": "figure"}, roles=("planner",))
    topics = topics_of(HelpPlan(topics=(own, other)))
    assert [one.id for one in topics[:2]] == ["trees", "data"]
    assert [one.id for one in topics].count("data") == 1
    assert topics[-1].id == "general"
    assert route("Which trees?", topics) is own


class Clock:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.now = at("2026-11-16T10:00").astimezone(UTC)

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def desk(clock: Clock) -> QuestionDesk:
    return QuestionDesk(EmbeddedHelp.in_memory(), HelpPlan(), Calendar((), ROME), clock)


def test_a_question_is_open_then_overdue_then_answered(desk: QuestionDesk, clock: Clock) -> None:
    asked = desk.ask("Why is this row in quarantine?", ANN)
    assert (asked.topic, asked.state(clock.now)) == ("data", State.OPEN)
    assert desk.is_for(asked, STEWARD)
    assert not desk.is_for(asked, Answerer(id="p", roles=frozenset({"planner"}), answers=True))
    assert not desk.overdue()
    clock.now += timedelta(days=2, seconds=1)
    assert asked.state(clock.now) is State.OVERDUE
    assert desk.overdue() == {"data": 1}
    answered = desk.answer(asked.id, "It was negative.", STEWARD)
    assert answered.state(clock.now) is State.ANSWERED
    assert not desk.overdue()
    assert desk.mine(Answerer(id=ANN), limit=5)[0].answer == "It was negative."
    assert desk.answer(asked.id, "It was below nothing.", STEWARD).answer == "It was below nothing."


def test_people_named_go_before_roles() -> None:
    topic = Topic(id="data", title={}, words={"en": "row"}, roles=("data-steward",), people=("rosa",))
    desk = QuestionDesk(EmbeddedHelp.in_memory(), HelpPlan(topics=(topic,)), Calendar((), ROME))
    asked = desk.ask("A row?", ANN)
    assert desk.is_for(asked, Answerer(id="rosa", answers=True))
    assert not desk.is_for(asked, STEWARD)


def test_questions_are_their_askers_and_the_desks(desk: QuestionDesk) -> None:
    asked = desk.ask("A row?", ANN)
    with pytest.raises(errors.NotFound):
        desk.get(asked.id, Answerer(id="bob"))
    with pytest.raises(errors.Forbidden):
        desk.withdraw(asked.id, STEWARD)
    assert desk.move(asked.id, "privacy", STEWARD).topic == "privacy"
    with pytest.raises(errors.BadRequestData):
        desk.move(asked.id, "football", STEWARD)
    desk.withdraw(asked.id, Answerer(id=ANN))
    assert desk.book.count() == 0


@pytest.mark.parametrize("text", ["", "  \n", "x" * 4001, "a\x00b"])
def test_odd_questions_are_refused(desk: QuestionDesk, text: str) -> None:
    with pytest.raises(errors.BadRequestData):
        desk.ask(text, ANN)


def test_nobody_asks_without_end(desk: QuestionDesk, clock: Clock) -> None:
    for number in range(MOST_OPEN):
        desk.ask(f"Row {number}?", ANN)
    with pytest.raises(errors.QuotaExceeded):
        desk.ask("One more?", ANN)
    desk.ask("Somebody else's?", "bob")


def test_forgetting_takes_questions_and_progress(desk: QuestionDesk) -> None:
    book = desk.book
    assert isinstance(book, EmbeddedHelp)
    desk.ask("A row?", ANN)
    desk.ask("A row?", "bob")

    async def none(_: str) -> Fact | None:
        return None

    asyncio.run(Academy(book, none).begin("first-what-if", ANN))
    assert book.askers() == ["ann", "bob"]
    assert book.forget(ANN) == 2
    assert book.askers() == ["bob"]


def test_steps_are_noticed_by_count_by_time_and_by_deed(clock: Clock) -> None:
    facts: dict[str, Fact | None] = {
        "scenarios": Fact(3),
        "deliveries": Fact(2, clock.now - timedelta(days=1)),
    }

    async def look(name: str) -> Fact | None:
        return facts.get(name)

    def step(name: str, check: Check) -> Step:
        return Step(id=name, title={}, text={}, check=check)

    academy = Academy(EmbeddedHelp.in_memory(), look, clock)
    steps = (
        step("more", Check(fact="scenarios")),
        step("newer", Check(fact="deliveries")),
        step("there", Check(fact="scenarios", already=True)),
        step("did", Check(did=("compareRuns",))),
        step("absent", Check(fact="partners")),
    )
    academy.tutorials = {"t": Tutorial(id="t", title={}, lead={}, minutes=1, page="glossary", steps=steps)}

    async def walk() -> list[set[str]]:
        seen = [set((await academy.begin("t", ANN)).done)]
        facts["scenarios"] = Fact(4)
        facts["deliveries"] = Fact(2, clock.now + timedelta(minutes=1))
        academy.did("bob", "compareRuns")
        for _ in range(2):
            progress = await academy.where("t", ANN)
            assert progress is not None
            seen.append(set(progress.done))
            academy.did(ANN, "compareRuns")
        facts["scenarios"] = Fact(0)  # what is done stays done
        progress = await academy.where("t", ANN)
        assert progress is not None
        return [*seen, set(progress.done)]

    first = {"there", "more", "newer"}
    assert asyncio.run(walk()) == [{"there"}, first, first | {"did"}, first | {"did"}]


def test_tutorials_speak_three_languages_and_ask_for_what_there_is() -> None:
    known = {"fact": set(FACTS), "did": set(rights.RIGHTS)}
    assert len(tutorials()) >= 4
    for one in tutorials():
        assert one.page in passages.pages()
        assert len({step.id for step in one.steps}) == len(one.steps)
        for texts in (one.title, one.lead, *(t for step in one.steps for t in (step.title, step.text))):
            assert {"it", "de", "en"} <= {language for language, text in texts.items() if text}
        for step in one.steps:
            assert step.check.fact or step.check.did, step.id
            assert not step.check.fact or step.check.fact in known["fact"]
            assert set(step.check.did) <= known["did"]
            assert step.view or step.command


def test_every_fact_can_be_read() -> None:
    observed = Observed(ApiParts(broker=None, contexts=None))  # type: ignore[arg-type]
    assert [asyncio.run(observed(one)) for one in FACTS] == [None] * len(FACTS)


@pytest.fixture(scope="module")
def index() -> Index:
    return Index(passages.passages())


@pytest.mark.parametrize(
    ("asked", "page"),
    [
        ("how do I mend a bad row in quarantine", "howto/bring-in-a-source"),
        ("be told when a source is late", "howto/be-told"),
        ("download a dataset as GeoParquet", "howto/download"),
        ("erase what is held of a person", "howto/answer-a-subject"),
        ("what does the 90 % interval mean", "explanation/uncertainty"),
        ("restore from a backup", "howto/operate-the-broker"),
        ("give a colleague a role", "howto/sign-in-and-roles"),
        ("use the map layers in QGIS", "howto/use-it-in-qgis"),
        ("come correggo una riga in quarantena", "howto/bring-in-a-source"),
        ("ricevere un avviso quando una fonte è in ritardo", "howto/be-told"),
        ("quanto è incerto un risultato", "explanation/uncertainty"),
        ("eseguire uno scenario", "howto/run-a-scenario"),
        ("Wie lösche ich Daten einer Person", "howto/answer-a-subject"),
        ("Zeile in Quarantäne berichtigen", "howto/bring-in-a-source"),
        ("Datenqualität überwachen", "howto/judge-quality"),
        ("Wärmeplanung", "howto/make-a-heat-plan"),
        ("Partner für ein Konsortium finden", "howto/find-partners"),
        ("wie bekomme ich Hilfe", "howto/ask-for-help"),
    ],
)
def test_the_page_is_among_the_first_five(index: Index, asked: str, page: str) -> None:
    found = [one.passage.page for one in index.find(asked, limit=5)]
    assert page in found


OTHERS: dict[str, tuple[str, ...]] = {
    "compare two scenarios side by side": ("howto/run-a-scenario",),
    "where does this number on the map come from": ("howto/judge-quality", "tutorials/ten-tasks"),
    "download the map as a picture": ("howto/tell-a-story",),
    "who may see personal data": ("howto/keep-people-out",),
    "comment on a street in my neighbourhood": ("howto/ask-people",),
    "close a road and see what happens to traffic": ("howto/run-a-scenario",),
    "tell me when the air gets bad": ("howto/be-told",),
    "Szenarien vergleichen": ("howto/run-a-scenario",),
    "Welche Lizenz haben diese Daten, darf ich sie weitergeben": ("howto/release-a-dataset",),
    "neue Datenquelle anschließen": ("howto/bring-in-a-source", "tutorials/connect-your-first-source"),
    "Bürger beteiligen und Beiträge moderieren": ("howto/ask-people",),
    "Vertrag mit einer anderen Stadt aushandeln": ("howto/trade-under-contract",),
    "Wie sicher ist die Vorhersage": ("howto/forecast", "explanation/uncertainty"),
    "Benutzer und Rollen verwalten": ("howto/sign-in-and-roles", "reference/roles"),
    "confrontare due scenari": ("howto/run-a-scenario",),
    "qualità dei dati di una fonte": ("howto/judge-quality",),
    "condividere dati con altre città": ("howto/trade-under-contract", "howto/share-assets"),
    "raccontare una storia con la mappa": ("howto/tell-a-story",),
    "cancellare i dati personali": ("howto/answer-a-subject",),
    "previsione del traffico per domani": ("howto/forecast", "models/forecasts-bologna"),
}
"""Written from what people do with the interface, by somebody who had not seen pages or words of the search."""


def test_what_others_asked_is_mostly_among_the_first_three(index: Index) -> None:
    missed = [
        asked
        for asked, wanted in OTHERS.items()
        if not {one.passage.page for one in index.find(asked, limit=3)} & set(wanted)
    ]
    assert len(missed) <= 2, missed


def test_terms_and_resources_are_found(index: Index) -> None:
    term = index.find("what is a quarantine", limit=8)
    assert any(one.passage.page == "glossary" and one.passage.heading == "quarantine" for one in term)
    assert any(
        one.passage.address.startswith("https://smartdatamodels") for one in index.find("Smart Data Models")
    )


@pytest.mark.parametrize("asked", ["", "?!", "the and of", "xqzzyk", "a" * 100_000])
def test_what_means_nothing_finds_nothing(index: Index, asked: str) -> None:
    assert index.find(asked) == []


def test_an_index_of_nothing_and_of_one() -> None:
    assert Index([]).find("anything") == []
    one = Index(split("howto/x", "# A page\n\nAbout trees."))
    assert [hit.passage.text for hit in one.find("trees")] == ["About trees."]


def test_pages_are_split_below_their_headings() -> None:
    text = (
        "# Title\n\nFirst.\n\n## Part\n\n```\n# no heading\n\nstill code\n```\n\n[A link](x.md), **bold**.\n"
    )
    found = list(split("howto/x", text))
    assert [(one.heading, one.text) for one in found] == [
        ("", "First."),
        ("Part", "# no heading\nstill code\nA link, bold."),
    ]


@pytest.mark.parametrize(
    "page", ["../pyproject", "howto/../../x", "howto/nothing", "", "howto/be-told.md", "x" * 500]
)
def test_only_pages_are_read(page: str) -> None:
    with pytest.raises(errors.NotFound):
        passages.read(page)


def test_names_of_pages_are_of_pages_that_exist_and_every_guide_has_one() -> None:
    assert set(passages.names()) <= set(passages.pages())
    guides = {one for one in passages.pages() if one.startswith(("howto/", "tutorials/", "explanation/"))}
    assert guides <= set(passages.names())
    assert all(set(one) == {"it", "de"} for one in passages.names().values())
