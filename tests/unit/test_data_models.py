"""Data models: one statement, three published forms that agree with each other and with the check at the door."""

import json
from datetime import UTC, datetime
from typing import Any

import jsonschema_rs
import pytest

from sympolis.domain import errors
from sympolis.domain.changes import Observation
from sympolis.domain.entity import Attribute, AttributeKind, Entity
from sympolis.governance.datamodels import forms
from sympolis.governance.datamodels.conformance import Conformance
from sympolis.governance.datamodels.door import ModelDoor
from sympolis.governance.datamodels.model import DataModel, ModelAttribute
from sympolis.governance.datamodels.registry import Registry

AT = "https://city.example/api/data-models/Bench/1.0.0"
BENCH = DataModel(
    name="Bench",
    version="1.0.0",
    title={"en": "Bench"},
    base="https://city.example/terms/",
    attributes={
        "seats": ModelAttribute(type="integer", minimum=1, maximum=20, required=True),
        "material": ModelAttribute(type="text", values=("wood", "stone")),
        "height": ModelAttribute(type="number", unit="CMT", minimum=0),
        "refPark": ModelAttribute(type="relationship"),
        "location": ModelAttribute(type="geometry", iri="https://uri.etsi.org/ngsi-ld/location"),
    },
)
GOOD: dict[str, Any] = {"seats": 4, "material": "wood", "height": 45.5, "refPark": "urn:ngsi-ld:Park:x:1"}
CASES = [
    ({}, None),
    ({"seats": 0}, ("seats", "value")),
    ({"seats": "4"}, ("seats", "value")),
    ({"seats": None}, ("seats", "required")),
    ({"material": "gold"}, ("material", "value")),
    ({"height": -1}, ("height", "value")),
    ({"refPark": "park one"}, ("refPark", "value")),
]


def entity(values: dict[str, Any], *, unit: str = "CMT") -> Entity:
    attributes = {}
    for name, value in values.items():
        if value is None:
            continue
        kind = AttributeKind.RELATIONSHIP if name == "refPark" else AttributeKind.PROPERTY
        attributes[BENCH.attribute_iri(name)] = (
            Attribute(kind, value, unit_code=unit if name == "height" else None),
        )
    return Entity("urn:ngsi-ld:Bench:x:1", (BENCH.iri,), attributes)


@pytest.mark.parametrize(("change", "finding"), CASES)
def test_schema_and_door_agree(change: dict[str, Any], finding: tuple[str, str] | None) -> None:
    values = {**GOOD, **change}
    document = {"id": "urn:x", "type": "Bench", **{k: v for k, v in values.items() if v is not None}}
    assert jsonschema_rs.is_valid(forms.json_schema(BENCH, AT), document) is (finding is None)
    found = Conformance(BENCH).entity(entity(values))
    assert [(one.attribute, one.rule) for one in found] == ([] if finding is None else [finding])
    assert all(one.hint and one.message for one in found)


@pytest.mark.filterwarnings("ignore:ConjunctiveGraph:DeprecationWarning")  # rdflib's own JSON-LD parser
@pytest.mark.parametrize(
    ("change", "finding"), [case for case in CASES if case[0] != {"refPark": "park one"}]
)
def test_the_shapes_agree(change: dict[str, Any], finding: tuple[str, str] | None) -> None:
    from pyshacl import validate
    from rdflib import Graph

    values = {k: v for k, v in {**GOOD, **change}.items() if v is not None}
    body: dict[str, Any] = {"@context": [forms.context(BENCH)["@context"], {
        "type": "@type", "id": "@id", "value": forms.NGSI_LD + "hasValue", "unitCode": forms.NGSI_LD + "unitCode",
        "object": {"@id": forms.NGSI_LD + "hasObject", "@type": "@id"},
    }], "id": "urn:ngsi-ld:Bench:x:1", "type": "Bench"}  # fmt: skip
    for name, value in values.items():
        body[name] = {"object": value} if name == "refPark" else {"value": value}
    body["height"]["unitCode"] = "CMT"
    data = Graph().parse(data=json.dumps(body), format="json-ld")
    shapes = Graph().parse(data=forms.shapes(BENCH, AT), format="turtle")
    conforms, _, text = validate(data, shacl_graph=shapes)
    assert conforms is (finding is None), text


def test_a_wrong_unit_says_what_to_write() -> None:
    [found] = Conformance(BENCH).entity(entity(GOOD, unit="MTR"))
    assert (found.attribute, found.rule) == ("height", "unit")
    assert 'from_unit = "MTR"' in found.hint


def test_a_property_where_a_relationship_belongs() -> None:
    wrong = Entity("urn:x", (BENCH.iri,), {
        BENCH.attribute_iri("refPark"): (Attribute(AttributeKind.PROPERTY, "urn:y"),),
        BENCH.attribute_iri("seats"): (Attribute(AttributeKind.PROPERTY, 2),),
    })  # fmt: skip
    assert [one.rule for one in Conformance(BENCH).entity(wrong)] == ["kind"]


def test_observations_are_judged_value_by_value() -> None:
    at = datetime(2024, 1, 1, tzinfo=UTC)
    points = [
        Observation("urn:x", (BENCH.iri,), BENCH.attribute_iri("height"), at, value, "CMT", None)
        for value in (1, -1, -2)
    ]
    [found] = Conformance(BENCH).observations(points)
    assert found.attribute == "height" and "-1" in found.message


def test_what_a_door_does() -> None:
    bad = entity({**GOOD, "seats": 99})
    held = ModelDoor(BENCH, "quarantine", where="sources/benches.toml", whole=True)
    assert [one.attribute for one in held.findings(bad)] == ["seats"]
    warned = ModelDoor(BENCH, "warn", where="sources/benches.toml", whole=True)
    assert warned.findings(bad) == []
    assert warned.to_json()["findings"][0]["rows"] == 1
    strict = ModelDoor(BENCH, "reject", where="sources/benches.toml", whole=True)
    with pytest.raises(errors.SourceFailed, match="seats 99 is not integer, 1 to 20"):
        strict.findings(bad)
    assert strict.findings(entity(GOOD)) == []


def test_versions_and_names() -> None:
    newer = DataModel(name="Tree", version="1.10.0", title={"en": "Tree"}, base="https://city.example/")
    registry = Registry([newer])
    assert registry.get("Tree").version == "1.10.0"
    assert registry.get("Tree", "1.0.0").base == "urn:sympolis:term:"
    assert "name" in newer.attributes or "name" in registry.get("Tree").attributes
    with pytest.raises(errors.NotFound, match="Treee"):
        registry.get("Treee")
    with pytest.raises(errors.NotFound, match="no version 3"):
        registry.get("Tree", "3.0.0")


@pytest.mark.parametrize("model", Registry().all(), ids=lambda model: model.name)
def test_every_model_has_usable_forms(model: DataModel) -> None:
    from rdflib import Graph

    from sympolis.acquisition.units import UNITS

    jsonschema_rs.validator_for(forms.json_schema(model, AT))
    assert len(Graph().parse(data=forms.shapes(model, AT), format="turtle")) > 10
    assert {one.unit for one in model.attributes.values()} - {None} <= set(UNITS)
    assert all(":" in iri for iri in forms.context(model)["@context"].values())
