"""Scenarios and runs as NGSI-LD entities: results of models are twin data (architecture, section 7).

A ``Scenario`` entity holds the whole scenario document, so that any NGSI-LD client can read it; a ``SimulationRun``
says which model, parameters, seeds and data gave which figures, each with its interval, at which cost. Short names are
expanded with the city's terms; a name that no data model defines goes to the default vocabulary.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import Any

import msgspec

from sympolis.domain.entity import Attribute, AttributeKind, Entity
from sympolis.domain.scenario import Override, Scenario, ScenarioStatus, Window
from sympolis.orchestration.run import Figure, Run

SCENARIO = "Scenario"
SIMULATION_RUN = "SimulationRun"
MODEL_CALIBRATION = "ModelCalibration"

UNIT_CODES: Mapping[str, str] = {
    "1": "C62",
    "%": "P1",
    "s": "SEC",
    "min": "MIN",
    "h": "HUR",
    "km": "KMT",
    "m": "MTR",
    "km/h": "KMH",
    "g": "GRM",
    "kg": "KGM",
    "t": "TNE",
    "veh": "C62",
    "EUR": "EUR",
}
"""UN/CEFACT Recommendation 20 codes of the units that models use; others are kept as text only."""

Expand = Callable[[str], str]
Attributes = dict[str, tuple[Attribute, ...]]


def urn(kind: str, city: str, local: str) -> str:
    """The entity id of a local id, e.g. ``urn:ngsi-ld:Scenario:trento:quiet-centre``."""
    return f"urn:ngsi-ld:{kind}:{city}:{local}"


def scenario_entity(scenario: Scenario, city: str, expand: Expand) -> Entity:
    """The entity that holds ``scenario``."""
    made = Maker(expand)
    made.text("title", scenario.title)
    made.text("question", scenario.question)
    made.value("model", scenario.simulator)
    made.json("overrides", [asdict(override) for override in scenario.overrides])
    made.json("window", asdict(scenario.window))
    made.value("base", scenario.base)
    made.value("author", scenario.author)
    made.value("status", str(scenario.status))
    made.value("documentVersion", scenario.version)
    return Entity(urn(SCENARIO, city, scenario.id), (expand(SCENARIO),), made.attributes)


def scenario_of(entity: Entity, expand: Expand) -> Scenario | None:
    """The scenario that an entity holds; None where a client wrote something else under that type."""

    def value(name: str, default: Any = None) -> Any:
        return entity.value(expand(name), default)

    try:
        return Scenario(
            id=entity.id.rsplit(":", 1)[-1],
            title=msgspec.convert(value("title"), dict[str, str]),
            question=msgspec.convert(value("question", {}), dict[str, str]),
            simulator=msgspec.convert(value("model"), str),
            overrides=tuple(msgspec.convert(value("overrides", []), list[Override])),
            window=msgspec.convert(value("window", {}), Window),
            base=msgspec.convert(value("base", "baseline"), str),
            author=msgspec.convert(value("author", ""), str),
            status=ScenarioStatus(value("status", "draft")),
            version=msgspec.convert(value("documentVersion", 1), int),
            created_at=entity.created_at,
            modified_at=entity.modified_at,
        )
    except (msgspec.ValidationError, ValueError):
        return None


def run_entity(run: Run, city: str, expand: Expand) -> Entity:
    """The entity that reports a finished run."""
    made = Maker(expand)
    made.link("refScenario", urn(SCENARIO, city, run.scenario))
    made.value("name", f"{run.model} {run.model_version}: {run.scenario}")
    for name in ("model", "model_version", "mode", "seed", "data_version", "key", "calibration_id"):
        made.value(_camel(name), getattr(run, name))
    made.value("members", len(run.member_keys))
    made.value("scenarioVersion", run.scenario_version)
    made.value("status", str(run.status))
    made.value("cost", round(run.cost_cpu_s, 2), unit_code="SEC")
    made.json("window", asdict(run.window))
    made.json("parameters", {"fixed": dict(run.parameters), "sampled": dict(run.sampled)})
    made.json("overrides", [asdict(override) for override in run.overrides])
    made.json("calibration", {split: dict(figures) for split, figures in run.calibration.items()})
    made.value("results", f"/api/runs/{run.id}/results")
    if run.upstream:
        made.json("upstream", {need: urn(SIMULATION_RUN, city, fed) for need, fed in run.upstream.items()})
    for name in ("queued_at", "started_at", "finished_at"):
        if (at := getattr(run, name)) is not None:
            made.value(_camel(name), {"@type": "DateTime", "@value": at.isoformat().replace("+00:00", "Z")})
    for figure in run.indicators:
        made.figure(figure)
    return Entity(urn(SIMULATION_RUN, city, run.id), (expand(SIMULATION_RUN),), made.attributes)


def calibration_entity(
    found: Mapping[str, Any], drift: Mapping[str, Any] | None, city: str, expand: Expand
) -> Entity:
    """The entity that reports a calibration (its document) and what is known of its drift."""
    made = Maker(expand)
    made.value("name", f"{found['model']} {found['version']}: {found['id']}")
    for name in ("model", "version", "data_version"):
        made.value(_camel(name), found[name])
    made.instant("dateCalibrated", found["at"])
    made.value("cost", found["cost_cpu_s"], unit_code="SEC")
    for name in ("window", "figures", "parameters", "notes"):
        made.json(name, found[name])
    if drift is not None:
        made.json("drift", drift)
    return Entity(urn(MODEL_CALIBRATION, city, found["id"]), (expand(MODEL_CALIBRATION),), made.attributes)


class Maker:
    """Collects attributes under their expanded names."""

    def __init__(self, expand: Expand) -> None:
        self._expand = expand
        self.attributes: Attributes = {}

    def _add(self, name: str, attribute: Attribute) -> None:
        self.attributes[self._expand(name)] = (attribute,)

    def value(self, name: str, value: Any, *, unit_code: str | None = None) -> None:
        if value not in ("", None):
            self._add(name, Attribute(AttributeKind.PROPERTY, value, unit_code=unit_code))

    def text(self, name: str, texts: Mapping[str, str]) -> None:
        if texts:
            self._add(name, Attribute(AttributeKind.LANGUAGE_PROPERTY, dict(texts)))

    def json(self, name: str, value: Any) -> None:
        self._add(name, Attribute(AttributeKind.JSON_PROPERTY, msgspec.to_builtins(value)))

    def instant(self, name: str, at: str) -> None:
        """A moment, ISO 8601 in UTC."""
        self.value(name, {"@type": "DateTime", "@value": at})

    def link(self, name: str, target: str) -> None:
        self._add(name, Attribute(AttributeKind.RELATIONSHIP, target))

    def figure(self, figure: Figure) -> None:
        """An indicator: its value, and unit and interval as sub-attributes."""
        unit_code = UNIT_CODES.get(figure.unit)
        inner = {
            "intervalLow": (figure.low, unit_code),
            "intervalHigh": (figure.high, unit_code),
            "intervalLevel": (figure.level, None),
            "unitText": (figure.unit, None),
        }
        parts = {
            self._expand(name): (Attribute(AttributeKind.PROPERTY, value, unit_code=code),)
            for name, (value, code) in inner.items()
            if value != ""
        }
        self._add(
            _camel(figure.name),
            Attribute(AttributeKind.PROPERTY, figure.value, unit_code=unit_code, attributes=parts),
        )


def _camel(name: str) -> str:
    head, *rest = name.split("_")
    return head + "".join(part.capitalize() for part in rest)
