"""Every check holds for an exemplary twin, and falls when the one thing it looks at is taken away."""

from __future__ import annotations

import csv
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from sympolis.assessment.evidence import examine
from sympolis.assessment.evidence.checks import CHECKS, is_open, product
from sympolis.assessment.evidence.facts import Facts
from sympolis.assessment.evidence.findings import words
from sympolis.testing.exemplary import AIR, LEARNED, SIMULATED, SOUND, TRAFFIC, exemplary

ROOT = Path(__file__).parents[2]
OF_THE_RELEASE = {"conformance-tested", "interface-accessible", "guides-published", "source-open"}


def both(**change: Any) -> dict[str, Any]:
    return {"datasets": (replace(TRAFFIC, **change), replace(AIR, **change))}


def one(**change: Any) -> dict[str, Any]:
    return {"datasets": (TRAFFIC, replace(AIR, **change))}


def without(*names: str) -> dict[str, Any]:
    return {"parts": exemplary().parts - set(names)}


def closed(*names: str) -> dict[str, Any]:
    return {"interfaces": tuple(it for it in exemplary().interfaces if it.id not in names)}


def set_up(**change: Any) -> dict[str, Any]:
    return {"setup": replace(SOUND, **change)}


TAKEN_AWAY: dict[str, dict[str, Any]] = {
    "datasets-catalogued": {"datasets": ()},
    "datasets-licensed": one(licence=""),
    "datasets-open": both(licence="CC-BY-NC-4.0"),
    "datasets-described": one(described=False),
    "datasets-themed": one(themes=("TRAN",)),
    "datasets-in-languages": one(title={"it": "Aria"}),
    "datasets-modelled-mostly": one(data_model=""),
    "datasets-modelled": one(data_model=""),
    "datasets-dynamic": one(reads_anew=False),
    "datasets-once": without("masterdata"),
    "datasets-expire": one(expires=False),
    "data-models-published": {"data_models": 0},
    "history-kept": {"observations": 0},
    "quality-gate": without("quality"),
    "interfaces-open": {"interfaces": ()},
    "interfaces-several": closed("ngsi-ld", "ogc", "tiles", "ldes"),
    "api-described": {"operations": 0},
    "linked-data": closed("ldes"),
    "changes-told": without("subscriptions"),
    "geospatial-interfaces": closed("tiles"),
    "whole-files": closed("downloads"),
    "models-callable": {"models": ()},
    "standards-stated": {"interfaces": (replace(exemplary().interfaces[0], standard=""),)},
    "identity-required": {"identity": "machine"},
    "rights-on-operations": without("access"),
    "actions-logged": without("audit"),
    "transport-encrypted": {"encrypted": False},
    "policies-kept": {"policies": 0},
    "policies-everywhere": one(policy=False),
    "release-staged": without("stages"),
    "subjects-answered": without("subjects"),
    "people-protected": both(protects_people=False),
    "integrity-proved": without("decisions"),
    "models-described": {"models": (SIMULATED, replace(LEARNED, bounded=False))},
    "models-calibrated": {"models": (replace(SIMULATED, calibrated=False),)},
    "models-licensed": {"models": (replace(LEARNED, licence=""),)},
    "learned-models": {"models": (SIMULATED,), "forecasts": 0},
    "ai-services": {"models": (SIMULATED, LEARNED), "forecasts": 0},
    "risk-stated": {"models": (replace(LEARNED, risk=""),)},
    "services-run": {"services": tuple(replace(it, runs_here=False) for it in exemplary().services)},
    "services-two": {"services": exemplary().services[:1]},
    "services-chained": {"services": exemplary().services[1:]},
    "scenarios-simulated": {"finished_runs": 0},
    "scenarios-compared": {"finished_runs": 1},
    "forecasts-made": {"forecasts": 0},
    "results-traced": without("lineage"),
    "energy-counted": {"energy_kwh": None},
    "layers-managed": without("layers"),
    "identity-verifiable": without("federation"),
    "contracts-negotiable": without("contracts"),
    "partners-known": {"partners": 0},
    "agreements-made": {"agreements": 0},
    "authority-onboarded": {"onboarded": False},
    "assets-published": {"assets": 0},
    "baseline-kept": {"moments": ("interim",)},
    "halfyears-kept": {"moments": ("baseline",)},
    "offers-found": without("discovery"),
    "feedback-taken": without("participation"),
    "people-notified": without("notices"),
    "interface-in-languages": {"languages": ("it", "sl")},
    "decisions-recorded": without("decisions"),
    "plans-linked": without("plans"),
    "training-counted": {"training_kwh": None},
    "results-reused": {"reused_runs": 0},
    "hosts-bounded": set_up(hosts=("*",)),
    "frames-bounded": set_up(embedders=("*",)),
    "headers-sent": set_up(headers=("x-content-type-options",)),
    "bodies-bounded": set_up(most_body_bytes=2**30),
    "private-addresses-refused": set_up(private_addresses=True),
    "data-folder-private": set_up(folder_mode=0o755),
    "sign-in-slowed": set_up(proxies=("0.0.0.0/0",)),
    "keys-expire": set_up(longest_key_days=900),
    "single-sign-on": set_up(issuers=("http://login.example",)),
    "mail-encrypted": set_up(mail="smtp"),
    "test-mode-off": set_up(test_mode=True),
    "proxies-narrow": set_up(proxies=("10.0.0.0/8",)),
    "store-durable": set_up(durable=False),
    "workers-bounded": set_up(worker_memory_mb=0),
    "logging-discreet": set_up(debugging=True),
}


def test_each_check_has_a_counterexample_or_is_known_of_the_release() -> None:
    assert set(TAKEN_AWAY) | OF_THE_RELEASE == set(CHECKS)


def test_every_check_holds_for_an_exemplary_twin() -> None:
    assert [name for name, found in examine(exemplary()).items() if not found.met] == []


@pytest.mark.parametrize("name", TAKEN_AWAY)
def test_a_check_falls_when_its_thing_is_taken_away(name: str) -> None:
    facts: Facts = replace(exemplary(), **TAKEN_AWAY[name])
    assert not examine(facts)[name].met


def test_checks_over_nothing_claim_nothing() -> None:
    bare = Facts(at=exemplary().at, city="bare", title={}, operator="", country="IT")
    assert {name for name, found in examine(bare).items() if found.met} == OF_THE_RELEASE


def test_words_of_every_check_say_something_in_each_language_and_lead_somewhere() -> None:
    assert set(words()) == set(CHECKS)
    for name, said in words().items():
        assert said["links"], name
        for member in ("text", "todo"):
            assert {language for language, text in said[member].items() if text} == {"it", "de", "en"}, name
        assert 0 <= said["days"][0] <= said["days"][1], name


def test_figures_stand_in_the_text() -> None:
    found = examine(replace(exemplary(), **one(licence="")))["datasets-licensed"]
    assert found.text["en"] == "Datasets with a licence and an owner: 1 of 2."
    assert "todo" in found.to_json() and found.to_json()["links"]


@pytest.mark.parametrize(
    ("licence", "opened"),
    [("CC-BY-4.0", True), ("ODbL-1.0", True), ("CC-BY-NC-4.0", False), ("CC-BY-ND-4.0", False), ("", False)],
)
def test_a_licence_is_open_when_it_binds_no_purpose(licence: str, opened: bool) -> None:
    assert is_open(licence) is opened


def test_what_is_claimed_of_the_release_is_what_its_files_say() -> None:
    found = product()
    with (ROOT / found["conformance"]["proof"]).open(encoding="utf-8") as file:
        results = [row["embedded"] for row in csv.DictReader(file)]
    ran = [one for one in results if one != "-"]
    assert (found["conformance"]["tests"], found["conformance"]["passed"]) == (len(ran), ran.count("pass"))
    tested = (ROOT / found["accessibility"]["proof"]).read_text(encoding="utf-8")
    assert all(f'"{rule}"' in tested for rule in found["accessibility"]["rules"])
    spoken = {path.stem for path in (ROOT / found["interface"]["proof"]).glob("*.json")}
    assert spoken == set(found["interface"]["languages"])
    assert all((ROOT / guide).exists() for guide in found["documentation"]["guides"])
    assert "Apache License" in (ROOT / found["licence"]["proof"]).read_text(encoding="utf-8")
