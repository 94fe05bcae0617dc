"""Entities in other words and back: what a mediation keeps comes back as it was; what it loses is told."""

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sympolis.acquisition import units
from sympolis.domain.entity import Attribute, AttributeKind, Entity
from sympolis.governance.datamodels.registry import Registry
from sympolis.governance.mediator.model import Mediation, Rule, shipped
from sympolis.governance.mediator.translating import Loss, Mediator, lost_by_design

AT = datetime(2024, 3, 4, 8, tzinfo=UTC)
BASE = "https://example.org/"
DATEX = next(one for one in shipped() if one.id == "datex2-traffic")
SOSA = next(one for one in shipped() if one.id == "sosa")


def mediator(mediation: Mediation) -> Mediator:
    return Mediator(mediation, lambda term: BASE + term, lambda iri: iri.removeprefix(BASE), units.converter)


def flow(values: dict[str, Any]) -> Entity:
    codes = {"occupancy": "C62", "averageVehicleSpeed": "KMH", "intensity": "C62"}
    attributes = {
        BASE + name: (Attribute(AttributeKind.PROPERTY, value, observed_at=AT, unit_code=codes.get(name)),)
        for name, value in values.items()
    }
    return Entity("urn:ngsi-ld:TrafficFlowObserved:x:1", (BASE + "TrafficFlowObserved",), attributes)


VALUES = st.fixed_dictionaries(
    {},
    optional={
        "intensity": st.integers(0, 20_000),
        "averageVehicleSpeed": st.floats(0, 250),
        "occupancy": st.floats(0, 1),
        "congested": st.booleans(),
        "laneId": st.integers(0, 9),
    },
)


@given(VALUES)
def test_what_is_kept_comes_back(values: dict[str, Any]) -> None:
    made, loss = mediator(DATEX), Loss()
    [document] = made.translate(flow(values), loss)
    assert loss.to_json() == []
    back = made.restore(document, Registry().get("TrafficFlowObserved").attributes)
    assert set(back) == set(values)
    for name, value in values.items():
        assert back[name]["value"] == pytest.approx(value)


@given(VALUES, st.text(min_size=1, max_size=5))
def test_what_is_lost_is_told(values: dict[str, Any], name: str) -> None:
    loss = Loss()
    mediator(DATEX).translate(flow({**values, "vehicleType": name}), loss)
    assert [one["attribute"] for one in loss.to_json()] == ["vehicleType"]


def test_the_other_models_form() -> None:
    [document] = mediator(DATEX).translate(
        flow({"intensity": 120, "occupancy": 0.25, "congested": False}), Loss()
    )
    assert document == {
        "type": "SiteMeasurements",
        "measurementSiteReference": {"id": "urn:ngsi-ld:TrafficFlowObserved:x:1"},
        "measurementTimeDefault": "2024-03-04T08:00:00Z",
        "physicalQuantity": {
            "trafficFlow": {"vehicleFlowRate": 120},
            "trafficConcentration": {"occupancy": 25.0},
            "trafficStatus": {"trafficStatusValue": "freeFlow"},
        },
    }


def test_a_unit_that_does_not_convert_and_a_word_that_is_missing() -> None:
    rules = (Rule(take="a", put="a", unit="KMH"), Rule(take="b", put="b", codes={"x": "y"}))
    mediation = Mediation(id="m", version="1", title={}, sources=("*",), type="T", rules=rules)
    given = {
        BASE + "a": (Attribute(AttributeKind.PROPERTY, 3, unit_code="CEL"),),
        BASE + "b": (
            Attribute(AttributeKind.PROPERTY, "z"),
            Attribute(AttributeKind.PROPERTY, "x", dataset_id="u:2"),
        ),
    }
    loss = Loss()
    assert mediator(mediation).translate(Entity("urn:1", (BASE + "T",), given), loss) == [
        {"type": "T", "id": "urn:1"}
    ]
    assert {(one["attribute"], one["why"].split()[0]) for one in loss.to_json()} == {
        ("a", "is"),
        ("b", "has"),
    }


def test_every_observed_number_is_an_observation() -> None:
    loss = Loss()
    found = mediator(SOSA).translate(flow({"intensity": 120, "congested": True}), loss)
    assert found == [
        {
            "id": "urn:ngsi-ld:TrafficFlowObserved:x:1:intensity:2024-03-04T08:00:00Z",
            "type": "Observation",
            "hasFeatureOfInterest": "urn:ngsi-ld:TrafficFlowObserved:x:1",
            "observedProperty": BASE + "intensity",
            "hasSimpleResult": 120,
            "phenomenonTime": "2024-03-04T08:00:00Z",
            "resultTime": "2024-03-04T08:00:00Z",
            "unitCode": "C62",
        }
    ]
    assert [one["attribute"] for one in loss.to_json()] == ["congested"]


def test_rules_speak_of_attributes_that_the_models_have() -> None:
    registry = Registry()
    known = {name for kind in DATEX.sources for name in registry.get(kind).attributes}
    assert {rule.take for rule in DATEX.rules} <= known
    assert "vehicleType" in lost_by_design(DATEX, registry.get("TrafficFlowObserved").attributes)
    assert all(units.mistake(rule.unit, rule.from_unit) is None for rule in DATEX.rules)
