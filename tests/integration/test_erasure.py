"""Somebody asks what is held of them, and to be forgotten: everywhere, for good, in what backups bring back as well."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from sympolis.analysis.dashboards.composed import Draft, Known, Visibility
from sympolis.analysis.dashboards.composing import Reader
from sympolis.app import moving
from sympolis.app.assembly import open_twin
from sympolis.app.participating import Participation
from sympolis.app.twin import Twin, data_folder
from sympolis.context.dumps import erased, whole
from sympolis.context.dumps.files import DumpReader, DumpWriter
from sympolis.decision.notices.record import Delivery, Notice, Reading, State
from sympolis.decision.notices.rule import About, Channel, Rule, Way
from sympolis.decision.review import Record
from sympolis.domain.errors import DumpInvalid
from sympolis.governance.identity.records import User
from sympolis.orchestration import joint_plan
from sympolis.orchestration.joint_plan import Edit, JointPlan
from sympolis.settings import Settings
from sympolis.testing.asgi_client import Client
from sympolis.testing.small_city import BAD_ROW, DAYS, LOOPS, count_at, loop_id, write_package

HEADER = "loop,date," + ",".join(f"h{hour:02d}" for hour in range(24))
WHO = loop_id(BAD_ROW - 1)
OTHER = loop_id(0)
WHY = "asked for on 3 March, file 17"
NOTICED = datetime(2026, 3, 2, tzinfo=UTC)
TODAY = date.today()  # noqa: DTZ011 - phases are days of the city
PROJECT = f"""
id = "square"
title = {{ en = "The square" }}
question = {{ en = "What does it need?" }}
owner = {{ en = "Town" }}
moderation = "after"

[area]
type = "Polygon"
coordinates = [[[11.30, 44.47], [11.36, 44.47], [11.36, 44.52], [11.30, 44.52], [11.30, 44.47]]]

[[categories]]
id = "green"
title = {{ en = "Trees" }}

[[phases]]
id = "collect"
title = {{ en = "Collect" }}
since = {TODAY - timedelta(days=2)}
until = {TODAY + timedelta(days=2)}
kinds = ["idea"]
"""


def counts(first: int) -> bytes:
    """Three days of March from the ``first`` on, for all loops."""
    rows = [
        f"{loop},2024-03-{day}," + ",".join(str(count_at(loop, hour)) for hour in range(24))
        for day in range(first, first + 3)
        for loop in range(LOOPS)
    ]
    return "\n".join([HEADER, *rows, ""]).encode()


@pytest.fixture
def place(tmp_path: Path) -> Settings:
    folder = write_package(tmp_path / "smallville")
    return Settings(city=str(folder), data=tmp_path / "data")


def with_twin(place: Settings, work: Callable[[Client, Twin], Any]) -> Any:
    with asyncio.Runner() as runner:
        twin = runner.run(open_twin(place))
        try:
            runner.run(twin.coordinator.run_all())
            return work(Client(twin.asgi, loop=runner.get_loop()), twin)
        finally:
            runner.run(twin.close())


def export(place: Settings, out: Path) -> Path:
    writer = DumpWriter(whole.empty_folder(out))
    asyncio.run(moving.export_into(writer, place, data_folder(place), kind="city"))
    return out


def restored(dump: Path, place: Settings, data: Path) -> Settings:
    settings = Settings(city=place.city, data=data)
    reader = DumpReader(dump)
    asyncio.run(moving.restore_from(reader, settings, moving.target_folder(settings, reader)))
    return settings


def deposit(client: Client, first: int) -> str:
    headers = {"content-type": "text/csv"}
    sent = client.request("POST", "/api/sources/counts/deliveries", body=counts(first), headers=headers)
    assert sent.status == 201 and sent.json["accepted"], sent.body
    return str(sent.json["delivery"])


def talking(twin: Twin) -> Participation:
    assert twin.participation is not None
    return twin.participation


def with_project(place: Settings) -> None:
    folder = Path(place.city) / "participation"
    folder.mkdir()
    (folder / "square.toml").write_text(PROJECT, encoding="utf-8")


def noticed(twin: Twin, who: str) -> None:
    """Somebody has a rule that tells them by mail; it was met, and they saw to it."""
    assert twin.notices is not None
    book, way = twin.notices.book, Way(Channel.EMAIL, f"{who}@city.example")
    rule = Rule(id=f"for-{who}", title={"en": "Late"}, about=About.SOURCE, subject="*", to=(way,))
    reading = Reading(about=About.SOURCE, subject="counts", title={"en": "Counts"}, value=1.0, at=NOTICED)
    notice = Notice(
        id=f"notice-{who}", rule=rule.id, title=rule.title, reading=reading, urgent=False,
        state=State.ACKNOWLEDGED, raised_at=NOTICED, acknowledged_at=NOTICED, acknowledged_by=who,
    )  # fmt: skip
    book.keep_rule(rule)
    book.keep(notice, [Delivery(id=f"told-{who}", notice=notice.id, way=way, due=NOTICED)])


def expanded(twin: Twin) -> Callable[[str], str]:
    return twin.ground.contexts.resolve_local(twin.city.context["@context"]).expand


def is_there(client: Client, entity: str) -> bool:
    return client.get(f"/ngsi-ld/v1/entities/{entity}").status == 200


def has_past(client: Client, entity: str) -> bool:
    return client.get(f"/ngsi-ld/v1/temporal/entities/{entity}").status == 200


def test_a_report_names_every_row_wherever_it_is_kept(place: Settings) -> None:
    def work(client: Client, _: Twin) -> None:
        delivery = deposit(client, 11)
        found = client.post("/api/admin/subjects", {"id": WHO})
        assert found.status == 200, found.body
        rows = {(one["source"], one["delivery"]): len(one["rows"]) for one in found.json["rows"]}
        assert rows == {
            ("loops", "sample"): 1,
            ("counts", delivery): 3,
            ("counts", "sample"): len(DAYS),
            ("counts", "held"): 1,
        }
        [held] = [one for one in found.json["rows"] if one["delivery"] == "held"]
        assert held["rows"][0]["number"] == BAD_ROW
        assert [found.json["history"][name] for name in found.json["history"] if "intensity" in name] == [
            5 * 24
        ]

    with_twin(place, work)


def test_nothing_is_held_of_somebody_unknown(place: Settings) -> None:
    answer = with_twin(place, lambda client, _: client.post("/api/admin/subjects", {"id": "urn:x:nobody"}))
    assert (answer.status, answer.json["detail"]) == (404, "nothing is held of urn:x:nobody")


def test_who_is_erased_is_nowhere_and_does_not_come_back(place: Settings) -> None:
    def work(client: Client, twin: Twin) -> None:
        delivery = deposit(client, 11)
        history = client.post("/api/admin/subjects", {"id": WHO}).json["history"]
        done = client.post("/api/admin/erasures", {"id": WHO, "why": WHY})
        assert done.status == 200, done.body
        assert done.json["deliveries"] == [f"counts/{delivery}"]
        assert done.json["instances"] >= sum(history.values()) and done.json["held_rows"] == 1
        assert [one.partition(":")[0] for one in done.json["left"]] == ["loops", "counts"]
        for _ in range(2):
            assert not is_there(client, WHO)
            assert not has_past(client, WHO)
            assert is_there(client, OTHER) and has_past(client, OTHER)
            assert twin.coordinator.quarantine("counts")[0] == 0
            client.loop.run_until_complete(
                twin.coordinator.run_all(force=True)
            )  # the samples speak of them still
        deposit(client, 14)
        assert not has_past(client, WHO)
        assert client.post("/api/admin/erasures", {"id": WHO, "why": WHY}).json["instances"] == 0

    with_twin(place, work)


def test_the_book_says_when_by_whom_and_why_but_not_whom(place: Settings) -> None:
    def work(client: Client, _: Twin) -> None:
        client.post("/api/admin/erasures", {"id": WHO, "why": WHY})
        answer = client.get("/api/admin/erasures")
        [one] = answer.json["erasures"]
        assert (one["why"], sorted(one["sources"])) == (WHY, ["counts", "loops"])
        assert WHO.encode() not in answer.body

    with_twin(place, work)
    assert all(
        WHO.encode() not in path.read_bytes() for path in (place.data / "smallville" / "identity").iterdir()
    )


def test_a_backup_from_before_does_not_bring_them_back(place: Settings, tmp_path: Path) -> None:
    with_twin(place, lambda client, _: deposit(client, 11))
    dump = export(place, tmp_path / "backup")

    def erase(client: Client, _: Twin) -> None:
        done = client.post("/api/admin/erasures", {"id": WHO, "why": WHY})
        assert done.json["backups"] == [str(dump)]

    with_twin(place, erase)
    again = restored(dump, place, tmp_path / "again")

    def look(client: Client, twin: Twin) -> None:
        assert not is_there(client, WHO) and not has_past(client, WHO)
        assert is_there(client, OTHER) and has_past(client, OTHER)
        assert twin.coordinator.quarantine("counts")[0] == 0
        assert [one["why"] for one in client.get("/api/admin/erasures").json["erasures"]] == [WHY]

    with_twin(again, look)
    assert not (data_folder(again) / "deliveries" / "counts").exists()


def test_what_somebody_said_does_not_come_back_with_a_backup(place: Settings, tmp_path: Path) -> None:
    """She has it erased by an administrator, he erases his himself; both are in the backup of the day before."""
    with_project(place)
    hers, his, others = "urn:sympolis:subject:anna", "bert", "carla"

    def say(client: Client, twin: Twin) -> None:
        desk = talking(twin).desk
        for who in ("anna", his, others):
            draft = {"kind": "idea", "category": "green", "title": f"By {who}", "text": f"Trees, says {who}."}
            said = desk.contribute("square", draft, desk.by_account("square", who))
            client.loop.run_until_complete(said)

    with_twin(place, say)
    dump = export(place, tmp_path / "backup")

    def erase(client: Client, twin: Twin) -> None:
        done = client.post("/api/admin/erasures", {"id": hers, "why": WHY}).json
        assert (done["participation"], done["backups"], done["left"]) == (1, [str(dump)], [])
        desk = talking(twin).desk
        assert desk.erase(desk.by_account("square", his))[0] == 1

    with_twin(place, erase)
    assert not any(name in (dump / erased.FILE).read_text() for name in ("anna", his, "square"))

    def look(_: Client, twin: Twin) -> None:
        found = talking(twin).desk.book.contributions("square")
        assert sorted(one.title for one in found) == ["", "", f"By {others}"]

    with_twin(place, look)
    with_twin(restored(dump, place, tmp_path / "again"), look)


def test_names_in_dashboards_and_reviews_do_not_come_back_with_a_backup(
    place: Settings, tmp_path: Path
) -> None:
    """Her drafts go; what others rely on stays, without her name; his is left alone."""

    def compose(_: Client, twin: Twin) -> None:
        assert twin.compositions is not None
        for who in ("anna", "bert"):
            reader = Reader(id=who, composes=True)
            for visibility in (Visibility.DRAFT, Visibility.SHARED):
                draft = Draft(title={"en": f"{visibility} of {who}"}, visibility=visibility)
                made = twin.compositions.create(draft, reader, Known())
                twin.compositions.change(made.id, draft, reader, Known(), version=1)
            twin.desk.review_book.keep(Record(scenario=f"by-{who}", owner=who))
            noticed(twin, who)

    def left(twin: Twin) -> set[tuple[str, str, str]]:
        assert twin.compositions is not None
        boards = twin.compositions.book.newest()
        return {(one.title["en"], one.owner, one.modified_by) for one in boards}

    with_twin(place, compose)
    dump = export(place, tmp_path / "backup")

    def erase(client: Client, _: Twin) -> None:
        whose = "urn:sympolis:subject:anna"
        held = client.post("/api/admin/subjects", {"id": whose}).json
        assert (len(held["dashboards"]), held["scenarios"]) == (2, ["by-anna"])
        assert held["notices"] == ["notice-anna"]
        done = client.post("/api/admin/erasures", {"id": whose, "why": WHY}).json
        assert (done["dashboards"], done["scenarios"], done["backups"]) == (2, 1, [str(dump)])
        again = client.post("/api/admin/erasures", {"id": whose, "why": WHY}).json
        assert (again["dashboards"], again["scenarios"]) == (0, 0)
        box = {"id": "mailto:Anna@city.example", "why": WHY}
        assert client.post("/api/admin/subjects", {"id": box["id"]}).json["notices"] == [
            "for-anna",
            "told-anna",
        ]
        assert (done["notices"], client.post("/api/admin/erasures", box).json["notices"]) == (1, 2)

    def look(_: Client, twin: Twin) -> None:
        assert left(twin) == {
            ("shared of anna", "", ""),
            ("draft of bert", "bert", "bert"),
            ("shared of bert", "bert", "bert"),
        }
        assert twin.compositions is not None
        assert twin.compositions.book.people() == ["bert"] and twin.desk.review_book.people() == {"bert"}
        assert twin.notices is not None
        assert twin.notices.book.people() == ["bert", "mailto:bert@city.example"]
        assert [len(one.to) for one in twin.notices.book.rules()] == [0, 1], "the rule stays, she is not told"

    with_twin(place, erase)
    assert "anna" not in (dump / erased.FILE).read_text()
    with_twin(place, look)
    with_twin(restored(dump, place, tmp_path / "again"), look)


def test_names_in_joint_plans_do_not_come_back_with_a_backup(place: Settings, tmp_path: Path) -> None:
    """Edits bear the name of an account, or its id: hers go, from the past, too; the edits and his name stay."""
    whose, mine = "urn:sympolis:subject:anna", "urn:ngsi-ld:JointPlan:smallville:quiet"

    def sign(client: Client, twin: Twin) -> None:
        assert twin.government is not None
        twin.government.directory.keep_user(User(id="anna", name="Anna Rossi", created_at=NOTICED))
        edits = [
            Edit(number, NOTICED.isoformat(), by, "", (), run=f"run-{number}")
            for number, by in enumerate(("Anna Rossi", "bert", "anna"), start=1)
        ]
        for plan in (tuple(edits[:1]), tuple(edits)):  # the first state is history when the second comes
            made = JointPlan("quiet", "together", {"en": "Quiet"}, edits=plan)
            entity = joint_plan.entity(made, twin.city.id, expanded(twin))
            client.loop.run_until_complete(twin.ground.broker.upsert([entity]))

    def erase(client: Client, _: Twin) -> None:
        assert client.post("/api/admin/subjects", {"id": whose}).json["plans"] == ["quiet"]
        done = client.post("/api/admin/erasures", {"id": whose, "why": WHY}).json
        assert (done["plans"], done["backups"], done["left"]) == (1, [str(dump)], [])
        assert client.post("/api/admin/erasures", {"id": whose, "why": WHY}).json["plans"] == 0
        assert client.post("/api/admin/subjects", {"id": whose}).json["plans"] == []

    def look(client: Client, twin: Twin) -> None:
        kept = client.loop.run_until_complete(twin.ground.broker.retrieve(mine))
        plan = joint_plan.plan_of(kept, expanded(twin))
        assert plan is not None and plan.version == 3
        assert [(one.by, one.run) for one in plan.edits] == [("", "run-1"), ("bert", "run-2"), ("", "run-3")]
        past = client.get(f"/ngsi-ld/v1/temporal/entities/{mine}")
        assert past.status == 200, past.body
        assert b"anna" not in past.body.lower(), "nor do earlier states name her"

    with_twin(place, sign)
    dump = export(place, tmp_path / "backup")
    with_twin(place, erase)
    assert "anna" not in (dump / erased.FILE).read_text().lower()
    with_twin(place, look)
    with_twin(restored(dump, place, tmp_path / "again"), look)


def test_a_backup_that_cannot_be_reached_is_named(place: Settings, tmp_path: Path) -> None:
    with_twin(place, lambda client, _: deposit(client, 11))
    dump = export(place, tmp_path / "backup")
    dump.rename(tmp_path / "elsewhere")
    done = with_twin(place, lambda client, _: client.post("/api/admin/erasures", {"id": WHO, "why": WHY}))
    assert done.json["backups"] == []
    assert any(one.startswith(str(dump)) for one in done.json["left"])


def test_a_damaged_list_of_erasures_stops_a_restore(place: Settings, tmp_path: Path) -> None:
    with_twin(place, lambda client, _: deposit(client, 11))
    dump = export(place, tmp_path / "backup")
    (dump / erased.FILE).write_text('{"mark": ')
    with pytest.raises(DumpInvalid, match="list of erasures"):
        restored(dump, place, tmp_path / "again")


@pytest.mark.parametrize(
    "body",
    [{}, {"id": ""}, {"id": 3}, {"id": WHO}, {"id": WHO, "why": "x"}, {"id": WHO, "why": WHY, "all": True}],
)
def test_a_wrong_request_erases_nothing(place: Settings, body: dict[str, Any]) -> None:
    def work(client: Client, _: Twin) -> None:
        assert client.post("/api/admin/erasures", body).status == 400
        assert is_there(client, WHO)

    with_twin(place, work)
