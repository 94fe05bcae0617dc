"""From a row that names a street nobody knows to a steward's decision and the row in the twin."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from sympolis import settings
from sympolis.city import check
from sympolis.cli.client import connect
from sympolis.cli.verbs import app
from sympolis.domain import errors
from sympolis.testing.small_city import write_package

KIND = 'id = "ways"\ntitle = { en = "Ways" }\nentity_type = "RoadSegment"\ndrop = ["via"]\n'
REGISTER = (
    "id,name,aliases,valid_to,successors\n0,Via Uno,Via Prima,,\n1,Via Due,,,\n9,Via Antica,,2001-01-01,1\n"
)
MAPPING = """id = "works"
version = "1"
entity_type = "StatisticalArea"
entity_id = "{nr}"
[[joins]]
field = "via"
kind = "ways"
as = "way"
[[attributes]]
name = "name"
template = "works in {way}"
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = write_package(tmp_path / "smallville")
    (folder / "master-data").mkdir()
    (folder / "master-data/ways.toml").write_text(KIND)
    (folder / "master-data/ways.csv").write_text(REGISTER)
    (folder / "mappings/works.toml").write_text(MAPPING)
    (folder / "samples/works.csv").write_text("nr,via\nw1,Via Uno\nw2,Via prima\nw3,V. Duee\nw4,Via Antica\n")
    text = (folder / "sources/counts.toml").read_text().split("[expectations]")[0]
    text = (
        text.replace('"counts"', '"works"')
        .replace("counts.csv", "works.csv")
        .replace("order = 3", "order = 9")
    )
    (folder / "sources/works.toml").write_text(text)
    return folder


def asked(folder: Path) -> Any:
    return settings.read({"city": str(folder), "data": folder.parent / "data", "store": "memory"})


def test_the_package_is_sound(folder: Path) -> None:
    assert [one for one in check.check(folder) if one.error] == []
    (folder / "master-data/ways.csv").write_text(REGISTER.replace(",1\n", ",77\n"))
    assert any("leads to '77'" in str(one) for one in check.check(folder))
    (folder / "master-data/ways.csv").write_text(REGISTER + "0,Via Tre,,,\n")
    assert any("is there already" in str(one) for one in check.check(folder))
    (folder / "mappings/works.toml").write_text(MAPPING.replace('"ways"', '"way"'))
    assert any("no kind of master data 'way'" in str(one) for one in check.check(folder))


def test_from_an_unknown_name_to_the_row(folder: Path) -> None:
    with connect(asked(folder)) as twin:
        run = twin.post("/api/sources/works/runs", {})
        assert (run["accepted"], run["quarantined"]) == (3, 1)
        [row] = twin.get("/api/sources/works/quarantine")["rows"]
        assert "near: Via Due (1)" in row["reasons"][0]["message"]
        found = twin.get("/api/master-data/matches?kind=ways")
        assert found["total"] == 1
        assert found["matches"][0]["candidates"][0]["id"] == "1"
        decision = {"kind": "ways", "action": "accept", "words": "V. Duee", "thing": "1", "by": "A. Rossi"}
        taken = twin.post("/api/master-data/decisions", decision)
        assert taken["number"] == 1
        run = twin.post("/api/sources/works/runs", {})
        assert (run["accepted"] + run["unchanged"], run["quarantined"], run["skipped"]) == (4, 0, False)
        path = "/ngsi-ld/v1/entities/urn:ngsi-ld:StatisticalArea:smallville"
        assert twin.entities(f"{path}:w3")["name"]["value"] == "works in 1"
        assert twin.entities(f"{path}:w2")["name"]["value"] == "works in 0"
        assert twin.entities(f"{path}:w4")["name"]["value"] == "works in 1"
        thing = twin.get("/api/master-data/ways/1")
        assert thing["aliases"] == ["V. Duee"] and thing["decisions"][0]["by"] == "A. Rossi"
        assert twin.get("/api/master-data/ways?name=v+duee")["total"] == 1
        assert twin.get("/api/master-data/ways?at=2000-01-01")["total"] == 3
        assert twin.get("/api/master-data/ways?at=today")["total"] == 2


@pytest.mark.parametrize(
    ("document", "kind"),
    [
        ({"kind": "ways", "action": "bless", "by": "x"}, errors.InvalidRequest),
        ({"kind": "ways", "action": "accept", "words": "x", "thing": "77", "by": "x"}, errors.NotFound),
        ({"kind": "ways", "action": "merge", "thing": "1", "others": "0", "by": "x"}, errors.InvalidRequest),
        ({"kind": "ways", "action": "retire", "thing": "1", "day": "soon", "by": "x"}, errors.InvalidRequest),
        ({"kind": "ways", "action": "undo", "undoes": 5, "by": "x"}, errors.Conflict),
        ({"kind": "ways", "action": "accept", "word": "x", "by": "x"}, errors.InvalidRequest),
    ],
)
def test_what_makes_no_sense_is_a_sentence(folder: Path, document: Any, kind: type[Exception]) -> None:
    with connect(asked(folder)) as twin, pytest.raises(kind):
        twin.post("/api/master-data/decisions", document)


def test_the_commands_remember(folder: Path) -> None:
    def sympolis(*words: str) -> Any:
        where = ["--city", str(folder), "--data", str(folder.parent / "data"), "--format", "json"]
        done = CliRunner().invoke(app, [*words, *where])
        assert done.exit_code == 0, done.output
        return json.loads(done.stdout)

    sympolis("source", "run", "works")
    assert sympolis("master-data", "matches")["matches"][0]["words"] == "V. Duee"
    sympolis("master-data", "reject", "ways", "V. Duee", "0", "--by", "A. Rossi")
    taken = sympolis("master-data", "accept", "ways", "V. Duee", "1", "--by", "A. Rossi")
    assert sympolis("master-data", "matches")["total"] == 0
    sympolis("master-data", "merge", "ways", "0", "1", "--by", "A. Rossi", "--day", "2024-01-01")
    assert sympolis("master-data", "list", "ways", "--name", "V. Duee")["total"] == 2
    sympolis("master-data", "undo", "ways", str(taken["number"]), "--by", "A. Rossi")
    assert sympolis("master-data", "list")[0]["things"] == 3


WAYS_WITH_PLACES = """id,name,lon,lat
0,Via Uno,11.301,44.5
1,Via Due,11.4,44.5
2,Via Uno,11.304,44.5
3,Via Tre,11.3502,44.5
4,Via Quattro,11.3503,44.5
"""
WORKS_WITH_PLACES = """nr,via,lon,lat
w1,Via Uno,11.3,44.5
w2,,11.4001,44.5
w3,,11.35,44.5
w4,Via Due,11.3,44.5
"""


def test_a_rows_place_decides_where_it_is_clear(folder: Path) -> None:
    (folder / "master-data/ways.csv").write_text(WAYS_WITH_PLACES)
    (folder / "samples/works.csv").write_text(WORKS_WITH_PLACES)
    near = MAPPING.replace('as = "way"', 'as = "way"\nwithin_m = 500')
    place = '[geometry]\nform = "xy"\nfields = ["lon", "lat"]\n'
    (folder / "mappings/works.toml").write_text(near + place)
    assert [one for one in check.check(folder) if one.error] == []
    with connect(asked(folder)) as twin:
        run = twin.post("/api/sources/works/runs", {})
        assert (run["accepted"], run["quarantined"]) == (2, 2)
        told = [one["reasons"][0]["message"] for one in twin.get("/api/sources/works/quarantine")["rows"]]
        assert told == [
            "the place may be 3 (16 m away) or 4 (24 m away) of ways",
            "'Via Due' may be 1 (7,931 m away) of ways",
        ]
        words = [one["words"] for one in twin.get("/api/master-data/matches?kind=ways")["matches"]]
        assert sorted(words) == ["Via Due at N44.50000 E11.30000", "at N44.50000 E11.35000"]
        decision = {"kind": "ways", "action": "accept", "words": "at N44.50000 E11.35000", "thing": "4"}
        twin.post("/api/master-data/decisions", {**decision, "by": "A. Rossi"})
        run = twin.post("/api/sources/works/runs", {})
        assert (run["accepted"] + run["unchanged"], run["quarantined"]) == (3, 1)
        path = "/ngsi-ld/v1/entities/urn:ngsi-ld:StatisticalArea:smallville"
        names = [twin.entities(f"{path}:{one}")["name"]["value"] for one in ("w1", "w2", "w3")]
        assert names == ["works in 0", "works in 1", "works in 4"]


NEW_TERMS = ("alternateName", "sameAs", "validFrom", "masterData", "decisions")
STREET = "urn:ngsi-ld:RoadSegment:smallville"


@pytest.fixture
def entities(folder: Path) -> Path:
    """The same package, whose ways are entities by themselves."""
    (folder / "master-data/ways.toml").write_text(KIND + "entities = true\n")
    (folder / "master-data/ways.csv").write_text(
        "id,name,aliases,valid_from,valid_to,successors,lon,lat\n"
        "w1,Via Uno,Via Prima,1900-01-01,,,11.3,44.5\nw2,Via Due,,,,,,\nold,Via Antica,,,2001-01-01,w1,,\n"
    )
    context = folder / "contexts/smallville.jsonld"
    document = json.loads(context.read_text())
    document["@context"] |= {name: f"https://example.org/{name}" for name in NEW_TERMS}
    context.write_text(json.dumps(document))
    return folder


def ways(twin: Any) -> dict[str, Any]:
    found = twin.entities("/ngsi-ld/v1/entities?type=RoadSegment&limit=100")
    return {one["id"].rpartition(":")[2]: one for one in found if "masterData" in one}


def test_a_register_makes_entities_and_keeps_them_in_step(entities: Path) -> None:
    assert [one for one in check.check(entities) if one.error] == []
    with connect(asked(entities)) as twin:
        twin.post("/api/sources/streets/runs", {})
        decision = {"kind": "ways", "by": "A. Rossi", "reason": "as the council decided"}
        accepted = twin.post(
            "/api/master-data/decisions", {**decision, "action": "accept", "words": "V. Uno", "thing": "w1"}
        )
        first = ways(twin)
        assert sorted(first) == ["w1", "w2"]
        assert first["w1"]["name"]["value"] == "Via Uno"
        assert first["w1"]["alternateName"]["value"] == ["Via Prima", "V. Uno"]
        assert first["w1"]["sameAs"]["object"] == [f"{STREET}:old"]
        assert first["w1"]["location"]["value"]["coordinates"] == [11.3, 44.5]
        assert first["w1"]["validFrom"]["value"] == "1900-01-01"
        [told] = first["w1"]["decisions"]["value"]
        assert (told["action"], told["reason"]) == ("accept", "as the council decided")
        assert "Rossi" not in json.dumps(first["w1"]), "who decided is for those who may ask the book"

        twin.post("/api/master-data/decisions", {**decision, "action": "undo", "undoes": accepted["number"]})
        assert ways(twin)["w1"]["alternateName"]["value"] == ["Via Prima"]
        twin.post(
            "/api/master-data/decisions", {**decision, "action": "merge", "thing": "w1", "others": ["w2"]}
        )
        merged = ways(twin)
        assert sorted(merged) == ["w1"]
        assert merged["w1"]["sameAs"]["object"] == [f"{STREET}:old", f"{STREET}:w2"]
        with pytest.raises(errors.NotFound):
            twin.entities(f"/ngsi-ld/v1/entities/{STREET}:w2")


def test_what_a_source_says_of_the_same_entity_stays(entities: Path) -> None:
    """The register does not rename what a source describes, and takes only its own with it when it goes."""
    (entities / "master-data/ways.csv").write_text("id,name\nw1,Via Uno\n")
    with connect(asked(entities)) as twin:
        vocabulary = "https://smallville.example/terms/"
        name = {f"{vocabulary}name": {"type": "Property", "value": "Uno"}}
        mine = {"id": f"{STREET}:w1", "type": f"{vocabulary}RoadSegment", **name}
        twin.post("/ngsi-ld/v1/entityOperations/upsert", [mine])
        decision = {"kind": "ways", "by": "A. Rossi"}
        alias = {**decision, "action": "accept", "words": "V. Uno", "thing": "w1"}
        twin.post("/api/master-data/decisions", alias)
        found = ways(twin)["w1"]
        assert (found["name"]["value"], found["alternateName"]["value"]) == ("Uno", ["V. Uno"])
        twin.post("/api/master-data/decisions", {**decision, "action": "retire", "thing": "w1"})
        left = twin.entities(f"/ngsi-ld/v1/entities/{STREET}:w1")
        assert "masterData" not in left and left["name"]["value"] == "Uno"


def test_an_erased_thing_does_not_come_back(entities: Path) -> None:
    with connect(asked(entities)) as twin:
        alias = {"kind": "ways", "by": "A. Rossi", "action": "accept", "words": "V. Due", "thing": "w2"}
        twin.post("/api/master-data/decisions", alias)
        assert "w2" in ways(twin)
        twin.post("/api/admin/erasures", {"id": f"{STREET}:w2", "why": "asked for"})
        twin.post("/api/master-data/decisions", {**alias, "words": "Via 2"})
        assert sorted(ways(twin)) == ["w1"]
