"""The ecosystem map: what is drawn, what people add, who is missing, what differs."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any
from xml.etree import ElementTree

import msgspec
import pytest

from sympolis.assessment.ecosystem import book as keeping
from sympolis.assessment.ecosystem.actors import TWIN, name_of
from sympolis.assessment.ecosystem.book import Annotation, Book, GivenAnnotation, completed
from sympolis.assessment.ecosystem.climate import coverage, indicator_set
from sympolis.assessment.ecosystem.comparing import compare
from sympolis.assessment.ecosystem.drawing import draw
from sympolis.assessment.ecosystem.helices import helix_of
from sympolis.assessment.ecosystem.hints import hints
from sympolis.assessment.ecosystem.initiatives import drawn, gaps, matched, open_gaps, register
from sympolis.assessment.ecosystem.layout import HEIGHT, WIDTH, lay_out
from sympolis.assessment.ecosystem.model import (
    Chosen,
    Flow,
    FlowKind,
    Helix,
    Map,
    Origin,
    Role,
    State,
    View,
    seen_as,
)
from sympolis.assessment.ecosystem.picture import png, svg
from sympolis.assessment.ecosystem.seen import (
    FEWEST,
    Seen,
    SeenAgreement,
    SeenGroup,
    SeenPartner,
    SeenService,
    SeenSource,
)
from sympolis.assessment.ecosystem.wording import words
from sympolis.assessment.evidence import Facts, examine
from sympolis.assessment.evidence.checks import CHECKS
from sympolis.domain import errors

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)


def source(name: str, owner: str, kind: str, **more: Any) -> SeenSource:
    return SeenSource(
        id=name,
        title={"en": name},
        owner=owner,
        licence="CC-BY-4.0",
        entity_type=kind,
        reads_anew=True,
        **more,
    )


def service(name: str, *needs: str, **more: Any) -> SeenService:
    return SeenService(id=name, title={"en": name}, runs_here=True, needs=needs, **more)


def small(**more: Any) -> Seen:
    whole: dict[str, Any] = {
        "at": NOW,
        "city": "smallville",
        "title": {"en": "Smallville"},
        "operator": "Town of Smallville",
        "sources": (
            source("roads", "Town of Smallville", "Road", themes=("TRAN",)),
            source("air", "Institute of Air", "AirQualityObserved", themes=("ENVI",)),
        ),
        "services": (service("charge", "Road"), service("noise", "Road", "AirQualityObserved")),
        "groups": (SeenGroup(id="users", title={"en": "Users"}, count=2),),
        "released": 1,
    }
    return Seen(**{**whole, **more})


def flow_of(found: Map, source: str, target: str, kind: FlowKind = FlowKind.DATA) -> Flow:
    [one] = [it for it in found.flows if (it.source, it.target, it.kind) == (source, target, kind)]
    return one


def test_owners_services_and_people_are_drawn_from_what_there_is() -> None:
    found = draw(small())
    assert {one.id for one in found.actors} == {
        "org-town-of-smallville",
        "org-institute-of-air",
        TWIN,
        "service-charge",
        "service-noise",
        "group-public",
        "group-users",
    }
    institute = found.actor("org-institute-of-air")
    assert institute is not None and institute.helix is Helix.ACADEMIA
    assert institute.roles == (Role.CONTRIBUTOR, Role.STEWARD) and institute.domains == ("ENVI",)
    into = flow_of(found, "org-institute-of-air", TWIN)
    assert into.items == ("air",) and into.rules == ("licence:CC-BY-4.0",)
    assert flow_of(found, TWIN, "service-noise").items == ("air", "roads")
    assert flow_of(found, "service-noise", "group-users", FlowKind.SERVICE)


def test_partners_are_drawn_with_what_is_under_contract() -> None:
    partners = (
        SeenPartner(id="did:web:beta", title={"en": "Beta"}),
        SeenPartner(id="did:web:gamma", title={"en": "G"}, active=False),
    )
    ours = (SeenAgreement(id="a", partner="did:web:beta", dataset="roads", provides=True),)
    found = draw(small(partners=partners, agreements=ours))
    beta = name_of("partner", "did:web:beta")
    assert flow_of(found, TWIN, beta).rules == ("contract",)
    actor = found.actor(beta)
    assert actor is not None and actor.roles == (Role.USER,)
    suspended = found.actor(name_of("partner", "did:web:gamma"))
    assert suspended is not None and suspended.risks == ("suspended",)
    assert not [one for one in found.flows if suspended.id in (one.source, one.target)]


def test_few_people_are_not_counted() -> None:
    few, many = draw(small()), draw(small(groups=(SeenGroup(id="users", title={}, count=FEWEST),)))
    assert few.actor("group-users").count is None and many.actor("group-users").count == FEWEST  # type: ignore[union-attr]


def test_ids_are_alike_for_the_same_name_and_apart_for_names_that_look_alike() -> None:
    assert name_of("org", "Città di X") == "org-citta-di-x"
    assert name_of("org", "水道局") != name_of("org", "交通局")
    assert len(name_of("org", "x" * 500)) < 80


@pytest.mark.parametrize(
    ("name", "helix"),
    [
        ("Stadtwerke Musterstadt GmbH", Helix.BUSINESS),
        ("University of Somewhere", Helix.ACADEMIA),
        ("OpenStreetMap contributors", Helix.CIVIL_SOCIETY),
        ("Comune di Esempio", Helix.GOVERNMENT),
        ("Arpa Regionale", Helix.GOVERNMENT),
        ("Xyzzy", Helix.UNKNOWN),
    ],
)
def test_the_helix_is_guessed_from_words(name: str, helix: Helix) -> None:
    assert helix_of(name) is helix


def named(seen: Seen, found: Map | None = None) -> dict[str, Any]:
    return {one.id: one for one in hints(found or draw(seen), seen)}


def test_who_is_missing_is_told() -> None:
    told = named(small())
    assert {"helix-missing:business", "role-missing:regulator", "helix-alone:academia"} <= set(told)
    assert "helix-missing:academia" not in told
    assert told["nothing-back:org-institute-of-air"].actors == ("org-institute-of-air",)


def test_a_source_on_which_much_rests_is_told_until_there_is_a_second() -> None:
    told = named(small())
    assert told["source-carries-much:roads"].items == ("roads", "charge", "noise")
    assert "source-carries-much:air" not in told, "half is not more than half"
    second = source("roads-2", "Province", "Road")
    again = named(small(sources=(*small().sources, second)))
    assert "source-carries-much:roads" not in again


def test_an_owner_without_whom_much_falls_is_told() -> None:
    foreign = tuple(replace(one, owner="Institute of Air") for one in small().sources)
    told = named(small(sources=foreign))
    assert told["owner-carries-much:org-institute-of-air"].items == ("charge", "noise")


def test_what_services_lack_is_told_once() -> None:
    lack = {"it": "alberi", "de": "Bäume", "en": "trees"}
    told = named(small(services=(service("a", lacks=(lack,)), service("b", lacks=(lack, lack)))))
    [need] = [one for one in told.values() if one.name == "need-uncovered"]
    assert need.items == ("a", "b") and "Bäume" in need.text["de"]


def hand(**body: Any) -> Any:
    given = {"kind": "organisation", "name": {"en": "Coop"}, **body}
    return keeping.read_actor(given, "hand-1", author="ada", at=NOW.isoformat())


def test_what_people_add_is_marked_and_closes_hints() -> None:
    coop = hand(helix="business", roles=["user"])
    found = completed(draw(small()), Book(actors={coop.id: coop}))
    added = found.actor("hand-1")
    assert added is not None and (added.origin, added.author) == (Origin.HAND, "ada")
    assert "helix-missing:business" not in named(small(), found)


def test_who_only_uses_stands_with_those_who_use() -> None:
    assert hand(roles=["user"]).layer == "people"
    assert hand(roles=["user", "contributor"]).layer == hand().layer == "sources"
    assert hand(roles=["user"], layer="sources").layer == "sources"


def test_an_annotation_adds_to_what_is_drawn() -> None:
    said = GivenAnnotation(note="letter of 2024", helix=Helix.BUSINESS, rules=("letter",))
    book = Book(annotations={"org-institute-of-air": Annotation(said=said, author="ada", at="2026")})
    one = completed(draw(small()), book).actor("org-institute-of-air")
    assert one is not None and one.helix is Helix.BUSINESS and one.origin is Origin.DRAWN
    assert one.rules == ("letter",) and one.author == "ada" and one.roles == (Role.CONTRIBUTOR, Role.STEWARD)


def test_what_is_planned_and_what_ends_make_the_target() -> None:
    coming = hand(state="planned")
    ending = GivenAnnotation(state=State.ENDING)
    book = Book(
        actors={coming.id: coming},
        annotations={"service-noise": Annotation(said=ending, author="ada", at="2026")},
    )
    whole = completed(draw(small()), book)
    now, then = seen_as(whole, View.CURRENT), seen_as(whole, View.TARGET)
    assert now.actor("hand-1") is None and then.actor("hand-1") is not None
    assert now.actor("service-noise") is not None and then.actor("service-noise") is None
    told = compare(now, then)
    assert [one["id"] for one in told["actors"]["added"]] == ["hand-1"]
    assert [one["id"] for one in told["actors"]["removed"]] == ["service-noise"]
    assert {one["source"] for one in told["flows"]["removed"]} == {TWIN, "service-noise"}
    assert compare(now, now)["same"] and not told["same"]


def test_a_change_names_the_fields() -> None:
    before, after = draw(small()), draw(small(sources=small().sources[:1]))
    told = compare(before, after)
    assert [one["id"] for one in told["actors"]["removed"]] == ["org-institute-of-air"]
    fields = {one["id"]: {it["field"] for it in one["changes"]} for one in told["flows"]["changed"]}
    assert fields == {"data.twin.service-noise": {"items", "domains"}}


@pytest.mark.parametrize(
    "body",
    [
        {"kind": "twin"},
        {"kind": "person"},
        {"name": {}},
        {"name": {"en": "x" * 301}},
        {"name": {"not a language": "x"}},
        {"links": ["javascript:alert(1)"]},
        {"state": "suggested"},
        {"roles": ["king"]},
        {"rules": ["x"] * 21},
        {"note": "x" * 5001},
        {"unknown": 1},
    ],
)
def test_what_is_no_actor_is_refused(body: dict[str, Any]) -> None:
    with pytest.raises(errors.BadRequestData):
        hand(**body)


def test_filters_keep_what_fits_and_what_belongs_to_all() -> None:
    whole = draw(small())
    environment = Chosen(domains=frozenset({"ENVI"})).of(whole)
    ids = {one.id for one in environment.actors}
    assert "org-institute-of-air" in ids and TWIN in ids and "org-town-of-smallville" not in ids
    assert {one.id for one in Chosen(roles=frozenset({"steward"})).of(whole).actors} == {
        "org-town-of-smallville",
        "org-institute-of-air",
    }
    assert not Chosen(layers=frozenset({"people"})).of(whole).flows


def test_boxes_do_not_overlap_and_the_layout_is_always_the_same() -> None:
    many = tuple(source(f"s{at}", f"Owner {at}", "Road") for at in range(30))
    found = draw(small(sources=many))
    layout = lay_out(found)
    places = sorted(layout.places.values())
    assert len(set(places)) == len(found.actors) == len(places)
    for (x, y), (following_x, following_y) in pairwise(places):
        assert x != following_x or following_y - y > HEIGHT
    assert all(0 <= x <= layout.width - WIDTH and y <= layout.height - HEIGHT for x, y in places)
    assert lay_out(draw(small(sources=tuple(reversed(many))))).places == layout.places


@pytest.mark.parametrize("language", ["it", "de", "en"])
def test_the_picture_is_xml_and_names_everybody(language: str) -> None:
    odd = small(title={"en": 'A <b> & "c"'})
    text = svg(draw(odd), language)
    tree = ElementTree.fromstring(text)
    boxes = [one for one in tree.iter("{http://www.w3.org/2000/svg}g")]
    assert {one.get("id") for one in boxes} == {one.id for one in draw(odd).actors}


def test_the_png_is_as_large_as_the_layout() -> None:
    image = pytest.importorskip("PIL.Image")
    pytest.importorskip("reportlab")
    from io import BytesIO

    found = draw(small())
    with image.open(BytesIO(png(found, "de"))) as opened:
        assert opened.size == (2 * lay_out(found).width, 2 * lay_out(found).height)
        assert len(opened.convert("RGB").getcolors(1 << 20)) > 20, "something is drawn"


def test_words_and_rules_are_whole() -> None:
    def texts(part: Any) -> Any:
        for value in part.values():
            if isinstance(value, dict) and set(value) & {"it", "de", "en"}:
                yield value
            elif isinstance(value, dict):
                yield from texts(value)

    assert all(set(one) == {"it", "de", "en"} and all(one.values()) for one in texts(words()))
    known = {one.id for one in gaps()}
    assert len(register().initiatives) == 23
    for one in register().initiatives:
        assert one.helps and set(one.helps) <= known, one.id
        assert one.assets and all(url.startswith("https://") for _, url in one.assets)
    assert {name for one in gaps() for name in one.checks} <= set(CHECKS)
    helped = {gap for one in register().initiatives for gap in one.helps}
    assert helped == known, "nobody helps with " + ", ".join(known - helped)


def facts() -> Facts:
    return Facts(at=NOW, city="smallville", title={"en": "Smallville"}, operator="Town", country="IT")


def test_gaps_lead_to_those_who_help() -> None:
    seen = small()
    found = open_gaps(seen, examine(facts()), hints(draw(seen), seen))
    rows = {one["id"]: [it["gap"] for it in one["helps"]] for one in matched(found)}
    assert "no-climate-plan" in rows["netzerocities"] and "no-simpl" in rows["simpl"]
    actors, flows = drawn(found)
    assert len(actors) == 23
    flow = next(one for one in flows if one.source == "programme-netzerocities")
    assert flow.state is State.SUGGESTED and "no-climate-plan" in flow.items
    planned = replace(seen, climate_plan=True, simpl=True)
    again = {one["id"]: one["helps"] for one in matched(open_gaps(planned, examine(facts()), []))}
    assert not again["simpl"] and [it["gap"] for it in again["netzerocities"]] == ["climate-indicators"]


def test_climate_indicators_name_the_sources_that_carry_data() -> None:
    found = coverage(small())
    assert found["of"] == len(indicator_set().indicators) and found["covered"] == 2
    rows = {one["id"]: [it["id"] for it in one["sources"]] for one in found["indicators"]}
    assert rows["no2"] == ["air"] and rows["ghg-waste"] == []


def test_a_map_survives_being_kept() -> None:
    whole = draw(small())
    assert msgspec.json.decode(msgspec.json.encode(whole), type=Map) == whole
