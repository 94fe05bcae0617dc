"""The facts of a twin of which every check holds: tests take one thing away and see which claim falls with it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from sympolis.assessment.evidence.facts import Dataset, Facts, Interface, Model, Service, Setup

PARTS = frozenset(
    {
        *(
            "quality",
            "masterdata",
            "subscriptions",
            "access",
            "audit",
            "stages",
            "subjects",
            "lineage",
            "layers",
        ),
        *("decisions", "participation", "notices", "federation", "discovery", "contracts", "plans"),
    }
)
STANDARDS = {
    "ngsi-ld": "https://uri.etsi.org/ngsi-ld/",
    "ogc": "http://www.opengis.net/spec/ogcapi-features-1/1.0",
    "tiles": "http://www.opengis.net/spec/ogcapi-tiles-1/1.0",
    "ldes": "https://w3id.org/ldes/specification",
    "downloads": "https://geoparquet.org/releases/v1.1.0/",
    "processes": "http://www.opengis.net/spec/ogcapi-processes-1/1.0",
}
TRAFFIC = Dataset(
    id="traffic",
    title={"it": "Traffico", "en": "Traffic"},
    owner="Town of Exampleton",
    licence="CC-BY-4.0",
    entity_type="TrafficFlowObserved",
    described=True,
    themes=("TRAN",),
    data_model="TrafficFlowObserved 0.1.0",
    reads_anew=True,
    expires=True,
    protects_people=True,
    policy=True,
)
AIR = replace(
    TRAFFIC,
    id="air",
    title={"it": "Aria", "en": "Air"},
    owner="Regional agency",
    themes=("ENVI",),
    data_model="AirQuality 1.0.0",
)
SIMULATED = Model(
    id="traffic", title={"en": "Traffic"}, version="1.0.0", bounded=True, calibrated=True, data=("RoadSegment",)
)  # fmt: skip
LEARNED = Model(
    id="counts",
    title={"it": "Conteggi", "de": "Zählungen", "en": "Counts"},
    version="1.0.0",
    learned=True,
    bounded=True,
    calibrated=True,
    licence="Apache-2.0",
    owner="Town of Exampleton",
    data=("traffic",),
    components=("lightgbm 4.5 (MIT)",),
    intended_use={"it": "Prevedere.", "de": "Vorhersagen.", "en": "To forecast."},
    risk="minimal",
    reasons={"en": "Counts of vehicles, no persons."},
    oversight={"it": "L'ufficio decide.", "de": "Das Amt entscheidet.", "en": "The office decides."},
)


SOUND = Setup(
    hosts=("twin.example",),
    headers=("content-security-policy", "x-content-type-options", "referrer-policy"),
    issuers=("https://login.example",),
    proxies=("127.0.0.1", "::1"),
    folder_mode=0o700,
    most_body_bytes=16 * 2**20,
    timeout_s=60.0,
    worker_memory_mb=4096,
)


def exemplary() -> Facts:
    """The facts. Each call gives equal ones."""
    return Facts(
        at=datetime(2026, 3, 2, 9, tzinfo=UTC),
        city="exampleton",
        title={"it": "Gemello di Exampleton", "de": "Zwilling von Exampleton", "en": "Twin of Exampleton"},
        operator="Town of Exampleton",
        country="IT",
        version="0.1.0",
        languages=("it", "en"),
        datasets=(TRAFFIC, AIR),
        interfaces=tuple(
            Interface(id=name, title={"en": name}, path=f"/{name}", standard=iri)
            for name, iri in STANDARDS.items()
        ),
        models=(SIMULATED, LEARNED),
        services=(
            Service(id="charge", title={"en": "A charge"}, runs_here=True, models=("traffic", "air")),
            Service(id="zone", title={"en": "A zone"}, runs_here=True, models=("traffic",)),
        ),
        parts=PARTS,
        operations=400,
        guarded=300,
        identity="required",
        encrypted=True,
        data_models=2,
        entities=100,
        observations=1000,
        forecasts=1,
        scenarios=2,
        finished_runs=2,
        policies=2,
        partners=1,
        agreements=1,
        onboarded=True,
        assets=1,
        moments=("baseline", "interim"),
        energy_kwh=0.2,
        training_kwh=0.01,
        inference_kwh=0.001,
        reused_runs=1,
        setup=SOUND,
    )
