"""Help in a real twin: questions with their rights and their clock, tutorials that notice, search, backup, erasure."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from sympolis.app.assembly import open_twin
from sympolis.app.moving import of_people_and_partners
from sympolis.app.twin import Twin
from sympolis.context.dumps import whole
from sympolis.context.dumps.files import DumpReader, DumpWriter
from sympolis.help.academy import Progress
from sympolis.help.forgetting import erase_marked, help_mark
from sympolis.help.questions import Question
from sympolis.settings import Settings
from sympolis.stores.embedded.helping import EmbeddedHelp
from sympolis.testing.asgi_client import Answer, Client
from sympolis.testing.small_city import write_package

ASKED = {"text": "Why is this row in quarantine?"}
HELP = """
holidays = ["12-25"]
[[topics]]
id = "data"
title = { en = "Data" }
words = { en = "row" }
people = ["steward"]
"""


@dataclass
class House:
    """A twin that asks everybody who they are."""

    twin: Twin
    client: Client
    keys: dict[str, str]

    def ask(self, method: str, path: str, who: str = "", json: Any = None) -> Answer:
        headers = {"authorization": f"Bearer {self.keys[who]}"} if who else {}
        return self.client.request(method, f"/api/{path}", json=json, headers=headers)

    def do(self, work: Any) -> Any:
        return self.client.loop.run_until_complete(work)


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    folder = write_package(tmp_path_factory.mktemp("city") / "smallville")
    (folder / "help.toml").write_text(HELP, "utf-8")
    data = tmp_path_factory.mktemp("data")
    with asyncio.Runner() as runner:
        loop = runner.get_loop()
        settings = Settings(city=str(folder), data=data, store="memory", identity="required")
        twin = loop.run_until_complete(open_twin(settings))
        assert twin.government is not None
        keys = {}
        people = {"ann": "citizen", "steward": "data-steward", "planner": "planner", "owner": "data-owner"}
        for who, role in people.items():
            twin.government.governed.accounts.add(who, roles=[role])
            keys[who] = twin.government.governed.accounts.add_key(who)[1]
        loop.run_until_complete(twin.coordinator.run_all(lambda *_: None))
        yield House(twin, Client(twin.asgi, loop), keys)
        loop.run_until_complete(twin.close())


def test_search_and_pages_are_everybodys(house: House) -> None:
    found = house.ask("GET", "help/search?q=riga%20in%20quarantena&limit=3").json["answers"]
    first = next(one for one in found if one["page"] == "howto/bring-in-a-source")
    assert first["address"] == "#/help/pages/howto/bring-in-a-source" and first["passage"]
    page = house.ask("GET", "help/pages/howto/be-told").json
    assert page["text"].startswith("# Be told") and page["names"]["de"]
    assert {one["page"] for one in house.ask("GET", "help/pages").json["pages"]} >= {
        "glossary",
        "howto/be-told",
    }
    assert house.ask("GET", "help/pages/glossary").json["title"] == "Glossary"


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("help/search", 400),
        ("help/search?q=%20", 400),
        ("help/search?q=" + "x" * 501, 400),
        ("help/search?q=a&limit=0", 400),
        ("help/search?q=a&about=b", 400),
        ("help/pages/howto/..%2f..%2fpyproject", 404),
        ("help/pages/howto/nothing", 404),
        ("help/pages/src/parts", 404),
    ],
)
def test_what_cannot_be_found(house: House, path: str, status: int) -> None:
    assert house.ask("GET", path).status == status


def test_a_question_is_asked_routed_answered_and_kept(house: House) -> None:
    assert house.ask("POST", "help/questions", "", ASKED).status == 401
    answer = house.ask("POST", "help/questions", "ann", ASKED)
    asked = answer.json
    assert (answer.status, asked["topic"], asked["state"], asked["mine"]) == (201, "data", "open", True)
    assert answer.header("location") == f"/api/help/questions/{asked['id']}"
    assert "howto/bring-in-a-source" in {one["page"] for one in asked["suggestions"]}
    assert house.twin.city.help.holidays == ("12-25",)
    due = datetime.fromisoformat(asked["due"]) - datetime.fromisoformat(asked["asked_at"])
    assert due > timedelta(days=1)
    one = f"help/questions/{asked['id']}"
    assert [house.ask("GET", one, who).status for who in ("ann", "steward", "planner")] == [200] * 3
    assert house.ask("GET", one).status == 401
    for whose, who, there in (
        ("for-me", "steward", True),
        ("for-me", "planner", False),
        ("waiting", "planner", True),
    ):
        listed = house.ask("GET", f"help/questions?whose={whose}", who).json["questions"]
        assert (asked["id"] in {found["id"] for found in listed}) is there
    assert house.ask("GET", "help/questions?whose=waiting", "ann").status == 403
    assert house.ask("PUT", f"{one}/answer", "ann", {"text": "Me?"}).status == 403
    assert house.ask("PUT", f"{one}/topic", "steward", {"topic": "privacy"}).json["topic"] == "privacy"
    assert house.ask("PUT", f"{one}/topic", "steward", {"topic": "football"}).status == 400
    answered = house.ask("PUT", f"{one}/answer", "steward", {"text": "It was negative."}).json
    assert answered["state"] == "answered"
    mine = house.ask("GET", "help/questions", "ann").json["questions"]
    assert [found["answer"] for found in mine if found["id"] == asked["id"]] == ["It was negative."]
    assert "ann" not in str(answered) and "steward" not in str(mine)
    assert house.ask("DELETE", one, "planner").status == 403
    assert house.ask("DELETE", one, "ann").status == 204
    assert house.ask("GET", one, "ann").status == 404


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"text": ""},
        {"text": 5},
        {"text": "x" * 4001},
        {"text": "x", "who": "me"},
        {"text": "x", "topic": "no"},
    ],
)
def test_odd_questions(house: House, body: dict[str, Any]) -> None:
    assert house.ask("POST", "help/questions", "ann", body).status == 400


def test_an_overdue_question_raises_a_notice_without_its_words(house: House) -> None:
    assert house.twin.help is not None and house.twin.notices is not None
    desk = house.twin.help.desk
    asked = house.ask("POST", "help/questions", "planner", ASKED).json
    real, house.twin.help.desk.now = desk.now, lambda: real() + timedelta(days=30)
    try:
        house.do(house.twin.notices.look())
        assert house.ask("GET", f"help/questions/{asked['id']}", "planner").json["state"] == "overdue"
    finally:
        desk.now = real
    told = house.ask("GET", "notifications", "planner").json["notifications"]
    notice = next(one for one in told if one["rule"] == "questions")
    assert (notice["reading"]["subject"], notice["reading"]["value"]) == ("data", 1)
    assert "quarantine" not in str(notice)
    house.ask("PUT", f"help/questions/{asked['id']}/answer", "steward", {"text": "Sorry."})
    house.do(house.twin.notices.look())
    assert house.ask("GET", "notifications", "planner").json["notifications"][0]["state"] == "over"


def done(house: House, tutorial: str, who: str) -> set[str]:
    steps = house.ask("GET", f"help/tutorials/{tutorial}", who).json["steps"]
    return {one["id"] for one in steps if one["done_at"]}


def test_a_tutorial_notices_what_is_done_in_this_twin(house: House) -> None:
    one = "data-in-good-hands"
    assert done(house, one, "steward") == set()
    assert house.ask("PUT", f"help/tutorials/{one}/progress", "steward").json["begun_at"]
    house.ask("PUT", f"help/tutorials/{one}/progress", "planner")
    assert done(house, one, "steward") == set(), "what was there before does not count"
    held = house.ask("GET", "sources/counts/quarantine", "steward").json["rows"][0]
    assert done(house, one, "steward") == {"quarantine"}
    assert done(house, one, "planner") == set(), "what somebody did is theirs"
    assert house.ask("POST", "sources/loops/runs", "steward", {}).status < 300
    assert done(house, one, "steward") == {"quarantine", "read"}
    fields = {"fields": {"h08": "308"}}
    replayed = house.ask("POST", f"sources/counts/quarantine/{held['id']}/replay", "steward", fields)
    assert replayed.json["state"] == "replayed"
    assert done(house, one, "steward") == {"quarantine", "read", "replay"}
    assert done(house, one, "planner") == {"replay"}, "the twin's state is everybody's"
    listed = house.ask("GET", "help/tutorials", "steward").json["tutorials"]
    assert next(found["done"] for found in listed if found["id"] == one) == 3
    assert house.ask("DELETE", f"help/tutorials/{one}/progress", "steward").status == 204
    assert house.ask("DELETE", f"help/tutorials/{one}/progress", "steward").status == 404
    assert done(house, one, "steward") == set()
    assert house.ask("PUT", "help/tutorials/none/progress", "steward").status == 404


def test_who_is_erased_is_erased_here(house: House) -> None:
    person = {"id": "urn:sympolis:subject:ann"}
    house.ask("POST", "help/questions", "ann", ASKED)
    house.ask("PUT", "help/tutorials/look-and-ask/progress", "ann")
    held = house.ask("POST", "admin/subjects", "owner", person).json
    assert held["questions"][0]["text"] == ASKED["text"] and held["tutorials"] == ["look-and-ask"]
    gone = house.ask("POST", "admin/erasures", "owner", {**person, "why": "She asked for it"}).json
    assert gone["help"] == 2
    assert house.ask("GET", "help/questions", "ann").json["questions"] == []


def test_a_backup_carries_help_but_not_who_was_erased_since(tmp_path: Path) -> None:
    now = datetime(2026, 11, 16, tzinfo=UTC)
    book = EmbeddedHelp.open(tmp_path / "from")
    for asker in ("ann", "bob"):
        book.keep(Question(id=asker, asker=asker, text="?", topic="data", asked_at=now, due=now))
    book.keep_progress(Progress(person="ann", tutorial="t", begun_at=now))
    book.close()

    def parts(folder: Path) -> list[whole.Part]:
        return [one for one in of_people_and_partners(folder) if one.name == EmbeddedHelp.FILE]

    async def move() -> None:
        await whole.dump(parts(tmp_path / "from"), DumpWriter(tmp_path / "dump"), version="1", of={})
        (tmp_path / "to").mkdir()
        await whole.restore(parts(tmp_path / "to"), DumpReader(tmp_path / "dump"), begun=False)

    asyncio.run(move())
    again = EmbeddedHelp.open(tmp_path / "to")
    assert again.askers() == ["ann", "bob"]
    assert erase_marked(again, {help_mark("ann")}) == 2
    assert again.askers() == ["bob"]
    again.close()
