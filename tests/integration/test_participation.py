"""Participation over HTTP: who may say what, when and where; how it is read, moderated, answered, forgotten."""

from __future__ import annotations

import asyncio
import dataclasses
import io
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from sympolis.api.asgi import create_api
from sympolis.api.parts import ApiSettings
from sympolis.app.assembly import open_twin
from sympolis.app.participating import open_participation
from sympolis.app.twin import Twin
from sympolis.decision.notices.record import Notice, Reading, State
from sympolis.decision.notices.rule import About
from sympolis.decision.participation.project import ProjectPlan
from sympolis.domain import reading
from sympolis.governance.audit.verification import verify
from sympolis.governance.masterdata.model import MemoryBook
from sympolis.governance.masterdata.registry import MasterData
from sympolis.orchestration.desk import Desk
from sympolis.settings import Settings
from sympolis.stores.embedded.participation import EmbeddedParticipation
from sympolis.stores.memory import MemoryStore
from sympolis.testing.asgi_client import Answer, Client
from sympolis.testing.small_city import write_package
from sympolis.testing.small_twin import open_small_twin

API = "/api/participation"
TODAY = date.today()  # noqa: DTZ011 - phases are days of the city
PROJECT = f"""
id = "our-square"
title = {{ en = "Our square" }}
question = {{ en = "What does the square need?" }}
owner = {{ en = "Town of Smallville" }}
moderation = "before"
photos = true
keep_days = 30

[area]
type = "Polygon"
coordinates = [[[11.30, 44.47], [11.36, 44.47], [11.36, 44.52], [11.30, 44.52], [11.30, 44.47]]]

[[categories]]
id = "green"
title = {{ en = "Trees and shade" }}
[[categories]]
id = "ways"
title = {{ en = "Ways" }}

[[ages]]
id = "young"
title = {{ en = "under 30" }}
population = 300
source = "made up"
[[ages]]
id = "old"
title = {{ en = "30 and over" }}
population = 700
source = "made up"

[[phases]]
id = "collect"
title = {{ en = "Collect" }}
since = {TODAY - timedelta(days=10)}
until = {TODAY + timedelta(days=10)}
kinds = ["idea", "concern", "design"]
"""
IDEA = {
    "kind": "idea",
    "category": "green",
    "title": "Shade",
    "text": "Plant lime trees along the north side.",
}
INSIDE = {"type": "Point", "coordinates": [11.33, 44.495]}


@dataclass
class Town:
    """A twin that asks everybody who they are, a key for each role, and links for those who have none."""

    twin: Twin
    client: Client
    keys: dict[str, str] = field(default_factory=dict)

    def send(self, method: str, path: str, who: str = "", json: Any = None, **headers: str) -> Answer:
        if who in self.keys:
            headers["authorization"] = f"Bearer {self.keys[who]}"
        elif who:
            headers["sympolis-voice"] = who
        return self.client.request(method, API + path, json=json, headers=headers)

    def get(self, path: str, who: str = "") -> Answer:
        return self.send("GET", path, who)

    def link(self, project: str = "our-square") -> str:
        answer = self.send("POST", f"/projects/{project}/invitations", "planner", {"count": 1, "days": 5})
        assert answer.status == 201, answer.json
        return str(answer.json["links"][0].partition("voice=")[2])

    def contribute(self, who: str, **more: Any) -> str:
        answer = self.send("POST", "/projects/our-square/contributions", who, {**IDEA, **more})
        assert answer.status == 201, answer.json
        return str(answer.json["id"])

    def moderate(self, name: str, act: str = "publish", who: str = "planner", reason: str = "") -> Answer:
        return self.send("POST", f"/said/{name}/moderation", who, {"act": act, "reason": reason})

    def published(self, who: str, **more: Any) -> str:
        name = self.contribute(who, **more)
        assert self.moderate(name).status == 200
        return name

    @property
    def desk(self) -> Any:
        assert self.twin.participation is not None
        return self.twin.participation.desk


@pytest.fixture
def town(tmp_path: Path) -> Iterator[Town]:
    folder = write_package(tmp_path / "smallville")
    (folder / "participation").mkdir()
    (folder / "policies").mkdir(exist_ok=True)
    (folder / "policies" / "release.toml").write_text('[public]\nlicences = ["CC0-1.0"]\n', encoding="utf-8")
    (folder / "participation" / "our-square.toml").write_text(PROJECT, encoding="utf-8")
    runner = asyncio.Runner()
    loop = runner.get_loop()
    settings = Settings(city=str(folder), data=tmp_path / "data", store="memory", identity="required")
    twin = loop.run_until_complete(open_twin(settings))
    loop.run_until_complete(twin.coordinator.run_all())
    assert twin.government is not None
    found = Town(twin, Client(twin.asgi, loop))
    for role in ("citizen", "planner", "data-steward", "partner", "administrator"):
        twin.government.governed.accounts.add(role, roles=[role])
        found.keys[role] = twin.government.governed.accounts.add_key(role)[1]
    yield found
    loop.run_until_complete(twin.close())
    runner.close()


def test_everybody_reads_without_an_account(town: Town) -> None:
    name = town.published("citizen", place=INSIDE, name="Lime")
    (project,) = town.get("/projects").json["projects"]
    assert (project["id"], project["status"], project["contributions"]) == ("our-square", "open", 1)
    (shown,) = town.get("/projects/our-square/contributions").json["contributions"]
    assert (shown["id"], shown["name"], shown["place"]) == (name, "Lime", INSIDE)
    assert not {"author", "age", "home", "trail"} & shown.keys()
    assert town.get(f"/contributions/{name}").json["text"] == IDEA["text"]


def test_whoever_says_nothing_of_themselves_writes_nothing(town: Town) -> None:
    path = "/projects/our-square/contributions"
    assert town.send("POST", path, "", IDEA).status == 401
    assert town.send("POST", path, "partner", IDEA).status == 403
    assert town.send("POST", path, "not-a-link", IDEA).status == 401
    assert town.send("POST", path, "citizen", IDEA).status == 201


def test_a_link_is_enough_until_it_is_taken_back(town: Town) -> None:
    link = town.link()
    town.contribute(link)
    assert [one["title"] for one in town.get("/projects/our-square/mine", link).json["said"]] == ["Shade"]
    (invitation,) = town.get("/projects/our-square/invitations", "planner").json["invitations"]
    assert (
        town.send("DELETE", f"/projects/our-square/invitations/{invitation['voice']}", "planner").status
        == 204
    )
    assert town.get("/projects/our-square/mine", link).status == 401
    assert (
        town.send("POST", "/projects/our-square/contributions", link, {**IDEA, "title": "More"}).status == 401
    )


def test_whoever_is_invited_anew_speaks_by_the_new_link_alone(town: Town) -> None:
    """A link that went to the wrong reader is taken back; its owner's new one must not bring it back to life."""
    path, body = "/projects/our-square/invitations", {"mails": ["anna@example.org"], "days": 5}
    old, again = (
        town.send("POST", path, "planner", body).json["links"][0].partition("voice=")[2] for _ in range(2)
    )
    assert town.get("/projects/our-square/mine", old).status == 200, "a reminder ends no link"
    (invitation,) = town.get(path, "planner").json["invitations"]
    assert town.send("DELETE", f"{path}/{invitation['voice']}", "planner").status == 204
    fresh = town.send("POST", path, "planner", body).json["links"][0].partition("voice=")[2]
    answers = [town.get("/projects/our-square/mine", one).status for one in (old, again, fresh)]
    assert answers == [401, 401, 200]


def test_an_altered_link_is_refused(town: Town) -> None:
    header, payload, signature = town.link().split(".")
    for token in (
        f"{header}.{payload}.{signature[:-2]}AA",
        f"{header}.{payload[:-4]}AAAA.{signature}",
        f"{payload}.{signature}",
    ):
        assert town.get("/projects/our-square/mine", token).status == 401


def test_one_address_has_one_voice_and_is_written_down_nowhere(town: Town) -> None:
    body = {"mails": ["Anna@Example.org", "anna@example.org "], "days": 5}
    answer = town.send("POST", "/projects/our-square/invitations", "planner", body)
    assert len(answer.json["links"]) == 1
    assert "anna" not in str(town.get("/projects/our-square/invitations", "planner").json).lower()
    assert (
        town.send("POST", "/projects/our-square/invitations", "planner", {**body, "send": True}).status == 501
    )


def test_nothing_is_read_before_somebody_looked_and_each_step_has_its_reason(town: Town) -> None:
    link = town.link()
    name = town.contribute(link)
    assert town.get(f"/contributions/{name}").status == 404
    assert [one["id"] for one in town.get("/queue", "planner").json["queue"]] == [name]
    assert town.moderate(name, "hide").status == 400
    assert town.moderate(name, "hide", reason="It names a neighbour").status == 200
    (mine,) = town.get("/projects/our-square/mine", link).json["said"]
    assert mine["state"] == "hidden" and mine["trail"][-1]["reason"] == "It names a neighbour"
    assert "by" not in mine["trail"][-1]


def test_an_appeal_is_decided_by_somebody_else_and_once(town: Town) -> None:
    link = town.link()
    name = town.contribute(link)
    town.moderate(name, "hide", reason="Off topic")
    assert town.send("POST", f"/said/{name}/appeal", link, {"reason": "It is about the square"}).status == 200
    assert town.moderate(name).status == 409
    assert town.moderate(name, "hide", "data-steward", "Still off topic").status == 200
    assert town.send("POST", f"/said/{name}/appeal", link, {"reason": "Once more"}).status == 409


def test_moderating_is_for_those_who_may(town: Town) -> None:
    name = town.contribute("citizen")
    assert town.moderate(name, who="citizen").status == 403
    assert town.get("/queue", "citizen").status == 403
    assert town.get("/queue").status == 401
    assert town.send("POST", "/projects/our-square/invitations", "citizen", {"count": 1}).status == 403


def test_every_step_is_in_the_audit_log_without_words_or_links(town: Town) -> None:
    link = town.link()
    name = town.published(link)
    government = town.twin.government
    assert government is not None
    town.client.loop.run_until_complete(government.audit.settled())
    entries = [entry.event for _, entry in government.audit.trail.entries()]
    acts = [
        (event.operation, event.subject)
        for event in entries
        if event.operation in ("contribute", "moderateContribution")
    ]
    assert acts == [("contribute", ""), ("moderateContribution", "planner")]
    assert link not in str(entries) and "lime" not in str(entries)
    assert any(name in event.target for event in entries)


def test_the_audit_log_knows_a_participant_by_another_name_and_still_holds(town: Town) -> None:
    town.published("citizen")
    town.contribute("citizen", title="Water", text="A fountain for everybody who waits there.")
    government = town.twin.government
    assert government is not None
    town.client.loop.run_until_complete(government.audit.settled())
    said = [one.event for _, one in government.audit.trail.entries() if one.event.operation == "contribute"]
    [alias] = {event.subject for event in said}
    assert len(said) == 2 and alias.startswith("participant-") and {event.via for event in said} == {""}
    assert alias.removeprefix("participant-") != town.desk.voices.author("our-square", "account", "citizen")
    assert verify(government.audit.trail.entries()).whole


def test_who_sees_to_a_notice_is_for_those_who_share_the_work(town: Town) -> None:
    assert town.twin.notices is not None
    reading = Reading(
        about=About.SOURCE, subject="loops", title={"en": "Loops"}, value=1.0, at=datetime.now(UTC)
    )
    notice = Notice(
        id="n-1", rule="sources", title={"en": "Late"}, reading=reading, urgent=False,
        state=State.ACKNOWLEDGED, raised_at=datetime.now(UTC), acknowledged_by="planner",
    )  # fmt: skip
    town.twin.notices.book.keep(notice)

    def named(who: str) -> str:
        proof = {"authorization": f"Bearer {town.keys[who]}"}
        answer = town.client.request("GET", "/api/notifications", headers=proof)
        return str(answer.json["notifications"][0]["acknowledged_by"])

    assert (named("planner"), named("citizen")) == ("planner", "")


@pytest.mark.parametrize("sort", ["newest", "oldest", "rated", "discussed"])
def test_pages_follow_each_other_in_every_order(town: Town, sort: str) -> None:
    titles = ["Shade", "Water", "BÄNKE", "Light"]
    names = [town.published("citizen", title=title, text=f"{title} for all of us.") for title in titles]
    town.send("PUT", f"/contributions/{names[1]}/rating", "planner", {"value": 1})
    town.send("PUT", f"/contributions/{names[2]}/rating", "planner", {"value": -1})
    first = {"newest": 3, "oldest": 0, "rated": 1, "discussed": 3}
    path = f"/projects/our-square/contributions?sort={sort}"
    pages = [town.get(f"{path}&limit=1&offset={number}").json for number in range(5)]
    assert {page["total"] for page in pages} == {4} and pages[4]["contributions"] == []
    [whole] = [town.get(path).json["contributions"]]
    assert [one for page in pages for one in page["contributions"]] == whole
    assert whole[0]["id"] == names[first[sort]]
    assert [one["up"] - one["down"] for one in whole if sort == "rated"] in ([], [1, 0, 0, -1])
    found = town.get(f"{path}&q=b%C3%A4nke&kind=idea&category=green").json
    assert (found["total"], found["contributions"][0]["title"]) == (1, "BÄNKE")
    assert town.get(f"{path}&q=b%C3%A4nke&kind=design").json["total"] == 0


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"kind": "what-if"}, 409),
        ({"kind": "shout"}, 400),
        ({"category": "else"}, 400),
        ({"title": ""}, 400),
        ({"title": "x" * 121}, 400),
        ({"text": 7}, 400),
        ({"name": "me@example.org"}, 400),
        ({"place": {"type": "Point", "coordinates": [12.9, 44.5]}}, 400),
        ({"place": {"type": "Point", "coordinates": ["a", None]}}, 400),
        ({"place": {"type": "LineString", "coordinates": [[11.33, 44.49]] * 600}}, 400),
        ({"place": {"type": "MultiPoint", "coordinates": [[11.33, 44.49]]}}, 400),
        ({"place": [1, 2]}, 400),
        ({"pick": "area:urn:nowhere"}, 400),
        ({"pick": "::"}, 400),
        ({"home": "urn:nowhere"}, 400),
        ({"age": ["young"]}, 400),
        ({"scenario": "none-such"}, 404),
        ({"website": "https://example.org"}, 400),
        ({"author": "somebody"}, 400),
        ({"kind": "design"}, 400),
    ],
)
def test_what_does_not_fit_is_refused_with_the_place(town: Town, change: dict[str, Any], status: int) -> None:
    answer = town.send("POST", "/projects/our-square/contributions", "citizen", {**IDEA, **change})
    assert answer.status == status, answer.json
    assert answer.json["where"]


def test_a_place_is_picked_from_a_list(town: Town) -> None:
    places = town.get("/projects/our-square/places").json["places"]
    area = next(one for one in places if one["kind"] == "area")
    name = town.published("citizen", pick=area["id"])
    shown = town.get(f"/contributions/{name}").json
    assert shown["place_name"] == area["name"]
    assert shown["place"] == {"type": "Point", "coordinates": area["position"]}


def test_the_same_words_and_too_many_are_refused(town: Town) -> None:
    link = town.link()
    town.contribute(link)
    again = {**IDEA, "text": "plant LIME trees, along the north side!"}
    assert town.send("POST", "/projects/our-square/contributions", town.link(), again).status == 409
    for number in range(5):
        assert town.contribute(link, title=f"Number {number}")
    late = town.send("POST", "/projects/our-square/contributions", link, {**IDEA, "title": "One more"})
    assert late.status == 429


def test_comments_and_ratings_one_per_person(town: Town) -> None:
    name = town.published("citizen")
    first, second = town.link(), town.link()
    for who, value in ((first, 1), (first, 1), (second, -1)):
        assert town.send("PUT", f"/contributions/{name}/rating", who, {"value": value}).status == 200
    assert town.send("PUT", f"/contributions/{name}/rating", "citizen", {"value": 1}).status == 409
    assert town.send("PUT", f"/contributions/{name}/rating", first, {"value": True}).status == 400
    comment = town.send("POST", f"/contributions/{name}/comments", first, {"text": "I agree."})
    assert comment.status == 201 and town.moderate(comment.json["id"]).status == 200
    shown = town.get(f"/contributions/{name}").json
    assert (shown["up"], shown["down"], shown["comments"]) == (1, 1, 1)
    assert [one["text"] for one in shown["discussion"]] == ["I agree."]


def test_three_readers_who_object_have_it_looked_at_again(town: Town) -> None:
    name, reason = town.published("citizen"), {"reason": "It is an advertisement"}
    links = [town.link() for _ in range(3)]
    assert town.send("POST", f"/said/{name}/reports", links[0], reason).status == 204
    assert town.send("POST", f"/said/{name}/reports", links[0], reason).status == 409
    for link in links[1:]:
        assert town.get(f"/contributions/{name}").status == 200
        assert town.send("POST", f"/said/{name}/reports", link, reason).status == 204
    assert town.get(f"/contributions/{name}").status == 404
    assert town.get("/queue", "planner").json["queue"][0]["reports"] == 3


def test_a_photo_loses_what_its_camera_wrote(town: Town) -> None:
    image = pytest.importorskip("PIL.Image")
    link = town.link()
    name = town.contribute(link)
    exif = image.Exif()
    exif[0x010F] = "Camera of Anna"
    raw = io.BytesIO()
    image.new("RGB", (2400, 600), "green").save(raw, "JPEG", exif=exif)
    headers = {
        "sympolis-voice": link,
        "content-type": "image/jpeg",
        "content-length": str(len(raw.getvalue())),
    }
    path = f"{API}/contributions/{name}/photos"
    answer = town.client.request("POST", path, body=raw.getvalue(), headers=headers)
    assert answer.status == 201, answer.json
    assert town.get(f"/photos/{answer.json['id']}").status == 404  # nobody has looked yet
    town.moderate(name)
    shown = town.get(f"/photos/{answer.json['id']}")
    with image.open(io.BytesIO(shown.body)) as made:
        assert (made.format, made.size, dict(made.getexif())) == ("JPEG", (1600, 400), {})
    bad = town.client.request("POST", path, body=b"GIF89a", headers={**headers, "content-length": "6"})
    assert bad.status == 415


def test_the_city_answers_and_the_answer_leads_to_what_was_said(town: Town) -> None:
    name = town.published("citizen")
    body = {"said": "Shade is missing", "did": "40 trees are planted by spring.", "contributions": [name]}
    assert town.send("POST", "/projects/our-square/answers", "citizen", body).status == 403
    assert town.send("POST", "/projects/our-square/answers", "planner", body).status == 201
    assert (
        town.send(
            "POST", "/projects/our-square/answers", "planner", {**body, "contributions": ["c-no"]}
        ).status
        == 404
    )
    (answer,) = town.get(f"/contributions/{name}").json["answers"]
    assert answer["did"] == body["did"]
    assert "by" not in answer, "an office answers, not somebody's account"


def test_a_decision_file_cites_what_was_said_without_a_name(town: Town) -> None:
    name = town.published("citizen", name="Lime")
    assert town.twin.participation is not None
    (cited,) = town.client.loop.run_until_complete(town.twin.participation.hearing.cite([name]))
    assert cited["text"] == IDEA["text"] and "name" not in cited
    draft = {"title": "Trees", "question": "Plant them?", "contributions": [name]}
    proof = {"authorization": f"Bearer {town.keys['planner']}"}
    opened = town.client.request("POST", "/api/decisions", json=draft, headers=proof)
    assert opened.status == 201, opened.json
    draft["contributions"] = ["c-none"]
    assert town.client.request("POST", "/api/decisions", json=draft, headers=proof).status == 404


def test_statistics_count_people_once(town: Town) -> None:
    link = town.link()
    for number in range(3):
        town.published(link, title=f"Tree {number}", age="young", place=INSIDE)
    found = town.get("/projects/our-square/statistics").json
    assert (found["contributions"], found["voices"], found["located"]) == (3, 1, 3)
    ages = {one["id"]: one for one in found["representativeness"]["age"]}
    assert (ages["young"]["voices"], ages["old"]["voices"]) == (0, 0), "one person alone is never told of"
    assert ages["young"]["verdict"] == "too few to tell"


def test_the_export_holds_what_everybody_may_read_and_no_formula(town: Town) -> None:
    town.published("citizen", title="=cmd()", place=INSIDE)
    town.contribute(town.link(), title="Not looked at yet")
    table = town.get("/projects/our-square/export?format=csv").body.decode("utf-8-sig")
    assert "'=cmd()" in table and "Not looked at" not in table
    collection = town.get("/projects/our-square/export?format=geojson").json
    assert [one["geometry"] for one in collection["features"]] == [INSIDE]
    assert town.get("/projects/our-square/export?format=pdf").status == 400


def test_pds_gives_the_same_in_the_words_of_dipas(town: Town) -> None:
    name = town.published("citizen", place=INSIDE)
    comment = town.send("POST", f"/contributions/{name}/comments", town.link(), {"text": "Yes."}).json["id"]
    town.moderate(comment)
    (project,) = town.get("/pds/projects").json["features"]
    assert project["properties"]["nameFull"] == "Our square" and project["geometry"]["type"] == "Polygon"
    (feature,) = town.get("/pds/projects/our-square/contributions").json["features"]
    assert feature["properties"]["contributionContent"] == IDEA["text"]
    assert feature["properties"]["category"] == "Trees and shade"
    (place,) = town.get(f"/pds/projects/our-square/contributions/{name}/comments").json["features"]
    assert [one["commentContent"] for one in place["properties"]["comments"]] == ["Yes."]
    assert town.get("/pds/projects/none").status == 404


def test_people_learn_what_is_held_of_them_and_have_it_erased(town: Town) -> None:
    name = town.published("citizen", name="Lime", place=INSIDE)
    person = {"id": "urn:sympolis:subject:citizen"}
    proof = {"authorization": f"Bearer {town.keys['administrator']}"}
    report = town.client.request("POST", "/api/admin/subjects", json=person, headers=proof)
    assert [one["id"] for one in report.json["participation"][0]["said"]] == [name]
    wish = {**person, "why": "She asked for it"}
    assert town.client.request("POST", "/api/admin/erasures", json=wish, headers=proof).status == 200
    assert town.get(f"/contributions/{name}").status == 404
    kept = town.desk.book.contribution(name)
    assert (kept.author, kept.name, kept.text, kept.place, kept.state) == ("", "", "", None, "erased")


def test_whoever_has_a_link_erases_their_own(town: Town) -> None:
    link = town.link()
    name = town.published(link)
    assert town.send("DELETE", "/projects/our-square/mine", link).json == {"erased": 1}
    assert town.get(f"/contributions/{name}").status == 404
    assert town.get("/projects/our-square/mine", link).status == 401  # the link has gone with it


def test_in_time_nothing_leads_to_a_person_any_more(town: Town) -> None:
    name = town.published(town.link(), name="Lime", age="young")
    assert town.send("POST", "/retention", "planner", {}).json == {"projects": []}
    town.desk.now = lambda: datetime.now(UTC) + timedelta(days=42)
    assert town.send("POST", "/retention", "planner", {}).json["projects"][0]["project"] == "our-square"
    kept = town.desk.book.contribution(name)
    assert (kept.author, kept.name, kept.age, kept.text) == ("", "", "", IDEA["text"])
    assert town.get(f"/contributions/{name}").status == 200


def test_after_the_last_day_nothing_is_said(town: Town) -> None:
    name = town.published("citizen")
    town.desk.now = lambda: datetime.now(UTC) + timedelta(days=20)
    assert (
        town.send("POST", "/projects/our-square/contributions", "citizen", {**IDEA, "title": "Late"}).status
        == 409
    )
    assert town.send("POST", f"/contributions/{name}/comments", "citizen", {"text": "Late"}).status == 409
    assert town.get(f"/contributions/{name}").status == 200


def test_projects_are_made_by_the_same_rules_as_in_a_package(town: Town) -> None:
    plan = {
        "id": "hill",
        "title": {"en": "The hill"},
        "question": {"en": "Which way up?"},
        "owner": {"en": "Town"},
        "phases": [
            {
                "id": "all",
                "title": {"en": "All"},
                "since": "2020-01-01",
                "until": "2099-12-31",
                "kinds": ["idea"],
            }
        ],
        "categories": [{"id": "ways", "title": {"en": "Ways"}}],
    }
    assert town.send("POST", "/projects", "citizen", plan).status == 403
    assert town.send("POST", "/projects", "planner", {**plan, "phases": []}).status == 400
    assert (
        town.send(
            "POST", "/projects", "planner", {**plan, "area": {"type": "Point", "coordinates": [1, 2]}}
        ).status
        == 400
    )
    assert town.send("POST", "/projects", "planner", {**plan, "id": "../hill"}).status == 400
    assert town.send("POST", "/projects", "planner", plan).status == 201
    assert town.send("POST", "/projects", "planner", plan).status == 409
    assert town.send("PUT", "/projects/hill", "planner", {**plan, "title": {"en": "Hill"}}).status == 200
    assert town.get("/projects/hill").json["title"] == {"en": "Hill"}
    assert town.send("DELETE", "/projects/hill", "planner").status == 204
    assert town.send("DELETE", "/projects/our-square", "planner").status == 409


# --- the bounded what-if, and what one person runs alone


@pytest.fixture
def machine(tmp_path: Path) -> Iterator[tuple[Client, Desk]]:
    """A machine's own twin, which asks nobody who they are; the project opens its service's charge up to 5 EUR."""
    runner = asyncio.Runner()
    loop, store = runner.get_loop(), MemoryStore()
    _, parts = loop.run_until_complete(open_small_twin(tmp_path, store, ApiSettings()))
    assert parts.city is not None and parts.desk is not None
    document = tomllib.loads(PROJECT.replace('"design"]', '"design", "what-if"]'))
    document["what_if"] = {"service": "entry-charge", "levers": [{"name": "charge", "low": 0, "high": 5}]}
    findings: list[reading.Finding] = []
    plan = reading.read(ProjectPlan, {**document, "moderation": "after"}, "project", findings)
    assert plan is not None, findings
    terms = loop.run_until_complete(parts.contexts.resolve(parts.city.context["@context"]))
    participation = open_participation(
        dataclasses.replace(parts.city, participation=(plan,)),
        parts.broker,
        terms,
        desk=parts.desk,
        registers=MasterData({}, {}, MemoryBook()),
        book=EmbeddedParticipation.in_memory(),
        key=b"k" * 32,
    )
    client = Client(create_api(dataclasses.replace(parts, participation=participation)), loop)
    yield client, parts.desk
    loop.run_until_complete(parts.desk.close())
    loop.run_until_complete(store.close())
    participation.close()
    runner.close()


@pytest.fixture
def alone(machine: tuple[Client, Desk]) -> Client:
    return machine[0]


def test_what_a_citizen_builds_is_checked_computed_and_contributed(machine: tuple[Client, Desk]) -> None:
    alone, desk = machine
    path = f"{API}/projects/our-square"
    assert alone.get(path).json["levers"][0]["high"] == 5
    assert alone.post(f"{path}/what-ifs", {"levers": {"charge": 5.5}}).status == 400
    assert alone.post(f"{path}/what-ifs", {"levers": {"speed": 3}}).status == 400
    draft = {**IDEA, "kind": "what-if", "title": "A charge of 4", "levers": {"charge": 4}}
    answer = alone.post(f"{path}/contributions", draft)
    assert answer.status == 201, answer.json
    run = answer.json["run"]
    alone.loop.run_until_complete(_finished(desk, run))
    shown = alone.get(f"{API}/contributions/{answer.json['id']}").json
    assert shown["levers"] == {"charge": 4} and shown["result"]["status"] == "done"
    assert {one["name"] for one in shown["result"]["figures"]} >= {"nox", "travel"}
    assert alone.get(f"{path}/what-ifs/{run}").status == 200
    others = [one["id"] for one in alone.loop.run_until_complete(desk.runs()) if one["service"] is None]
    assert others, "today's state is computed beside it"
    assert {alone.get(f"{path}/what-ifs/{one}").status for one in (*others, "run-none")} == {404}


def test_each_participant_has_one_run_under_way(alone: Client) -> None:
    path = f"{API}/projects/our-square"
    links = alone.post(f"{path}/invitations", {"count": 2}).json["links"]
    one, other = (link.partition("voice=")[2] for link in links)
    answers = [
        alone.post(f"{path}/what-ifs", {"levers": {"charge": charge}}, sympolis_voice=who)
        for charge, who in ((1, one), (2, one), (3, other))
    ]
    assert [answer.status for answer in answers] == [202, 429, 202]


def test_whoever_runs_a_twin_alone_decides_appeals_too(alone: Client) -> None:
    name = alone.post(f"{API}/projects/our-square/contributions", IDEA).json["id"]
    for act, reason in (("hide", "Off topic"), ("publish", "")):
        answer = alone.post(f"{API}/said/{name}/moderation", {"act": act, "reason": reason})
        assert answer.status == 200, answer.json
        if act == "hide":
            assert alone.post(f"{API}/said/{name}/appeal", {"reason": "It is not"}).status == 200
    assert alone.get(f"{API}/contributions/{name}").status == 200


async def _finished(desk: Desk, run: str) -> None:
    async for _ in desk.run_events(run):
        pass
