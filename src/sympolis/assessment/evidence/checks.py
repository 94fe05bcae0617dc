"""The checks: each looks at one thing of a running twin and says whether it holds, with the figures that say so.

A check is a few lines, so that an evaluator can read what a claim rests on. Words and links stand in ``checks.toml``,
and a test holds that every check has both.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any, Final

from sympolis.assessment.evidence.facts import Facts

PASSED_SHARE: Final = 0.95
"""Share of a public conformance suite that has to pass before conformance is claimed."""
OPEN_LICENCES: Final = ("CC0", "CC-BY", "ODbL", "PDDL", "ODC-BY", "DL-DE", "IODL", "EUPL")
"""Beginnings of licences under which data may be used for any purpose (CC-BY-NC and -ND are not among them)."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What a check saw: whether it holds, and its figures by name."""

    met: bool
    figures: Mapping[str, int | str]


Check = Callable[[Facts], Seen]
CHECKS: dict[str, Check] = {}


@cache
def product() -> Mapping[str, Any]:
    """What is known of this release (``product.toml``)."""
    text = resources.files(__package__ or "").joinpath("product.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


def _check(name: str) -> Callable[[Check], Check]:
    def kept(check: Check) -> Check:
        CHECKS[name] = check
        return check

    return kept


def _all(values: Iterable[bool]) -> Seen:
    """Holds where there is something and all of it is so."""
    found = list(values)
    return Seen(bool(found) and all(found), {"count": sum(found), "of": len(found)})


def _least(count: int, needed: int = 1) -> Seen:
    return Seen(count >= needed, {"count": count, "of": needed})


def _part(facts: Facts, *names: str) -> Seen:
    """Holds where all these parts are at work."""
    return _all(name in facts.parts for name in names)


def _interfaces(facts: Facts, *names: str) -> Seen:
    there = {one.id for one in facts.interfaces}
    return _all(name in there for name in names)


# ---- data ----------------------------------------------------------------------------------------------------------


@_check("datasets-catalogued")
def _datasets_catalogued(facts: Facts) -> Seen:
    return _least(len(facts.datasets))


@_check("datasets-licensed")
def _datasets_licensed(facts: Facts) -> Seen:
    return _all(bool(one.licence and one.owner) for one in facts.datasets)


@_check("datasets-open")
def _datasets_open(facts: Facts) -> Seen:
    return _least(sum(is_open(one.licence) for one in facts.datasets))


@_check("datasets-described")
def _datasets_described(facts: Facts) -> Seen:
    return _all(one.described for one in facts.datasets)


@_check("datasets-themed")
def _datasets_themed(facts: Facts) -> Seen:
    return _least(len({theme for one in facts.datasets for theme in one.themes}), 2)


@_check("datasets-in-languages")
def _datasets_in_languages(facts: Facts) -> Seen:
    return _all(all(one.title.get(language) for language in facts.languages) for one in facts.datasets)


@_check("datasets-modelled-mostly")
def _datasets_modelled_mostly(facts: Facts) -> Seen:
    count, of = sum(bool(one.data_model) for one in facts.datasets), len(facts.datasets)
    return Seen(bool(of) and 2 * count > of, {"count": count, "of": of})


@_check("datasets-modelled")
def _datasets_modelled(facts: Facts) -> Seen:
    return _all(bool(one.data_model) for one in facts.datasets)


@_check("datasets-dynamic")
def _datasets_dynamic(facts: Facts) -> Seen:
    return _least(sum(one.reads_anew for one in facts.datasets), 2)


@_check("datasets-once")
def _datasets_once(facts: Facts) -> Seen:
    return Seen(
        "masterdata" in facts.parts and facts.entities > 0, {"count": facts.entities, "of": facts.entities}
    )


@_check("datasets-expire")
def _datasets_expire(facts: Facts) -> Seen:
    return _all(one.expires for one in facts.datasets)


@_check("data-models-published")
def _data_models_published(facts: Facts) -> Seen:
    return _least(facts.data_models)


@_check("history-kept")
def _history_kept(facts: Facts) -> Seen:
    return _least(facts.observations)


@_check("quality-gate")
def _quality_gate(facts: Facts) -> Seen:
    return _part(facts, "quality")


# ---- interfaces ----------------------------------------------------------------------------------------------------


@_check("interfaces-open")
def _interfaces_open(facts: Facts) -> Seen:
    return _least(sum(bool(one.standard) for one in facts.interfaces))


@_check("interfaces-several")
def _interfaces_several(facts: Facts) -> Seen:
    return _least(sum(bool(one.standard) for one in facts.interfaces), 3)


@_check("api-described")
def _api_described(facts: Facts) -> Seen:
    return _least(facts.operations)


@_check("linked-data")
def _linked_data(facts: Facts) -> Seen:
    return _interfaces(facts, "ngsi-ld", "ldes")


@_check("changes-told")
def _changes_told(facts: Facts) -> Seen:
    return _part(facts, "subscriptions")


@_check("geospatial-interfaces")
def _geospatial_interfaces(facts: Facts) -> Seen:
    return _interfaces(facts, "ogc", "tiles")


@_check("whole-files")
def _whole_files(facts: Facts) -> Seen:
    return _interfaces(facts, "downloads")


@_check("models-callable")
def _models_callable(facts: Facts) -> Seen:
    return Seen(
        _interfaces(facts, "processes").met and bool(facts.models), {"count": len(facts.models), "of": 1}
    )


@_check("conformance-tested")
def _conformance_tested(facts: Facts) -> Seen:  # noqa: ARG001 - known of the release
    found = product()["conformance"]
    return Seen(
        found["passed"] >= PASSED_SHARE * found["tests"], {"count": found["passed"], "of": found["tests"]}
    )


@_check("standards-stated")
def _standards_stated(facts: Facts) -> Seen:
    return _all(bool(one.standard) for one in facts.interfaces)


# ---- protection ----------------------------------------------------------------------------------------------------


@_check("identity-required")
def _identity_required(facts: Facts) -> Seen:
    return Seen(facts.identity == "required", {"value": facts.identity})


@_check("rights-on-operations")
def _rights_on_operations(facts: Facts) -> Seen:
    return Seen(
        facts.guarded > 0 and "access" in facts.parts, {"count": facts.guarded, "of": facts.operations}
    )


@_check("actions-logged")
def _actions_logged(facts: Facts) -> Seen:
    return _part(facts, "audit")


@_check("transport-encrypted")
def _transport_encrypted(facts: Facts) -> Seen:
    return Seen(facts.encrypted, {})


@_check("policies-kept")
def _policies_kept(facts: Facts) -> Seen:
    return _least(facts.policies)


@_check("policies-everywhere")
def _policies_everywhere(facts: Facts) -> Seen:
    return _all(one.policy for one in facts.datasets)


@_check("release-staged")
def _release_staged(facts: Facts) -> Seen:
    return _part(facts, "stages")


@_check("subjects-answered")
def _subjects_answered(facts: Facts) -> Seen:
    return _part(facts, "subjects")


@_check("people-protected")
def _people_protected(facts: Facts) -> Seen:
    return _least(sum(one.protects_people for one in facts.datasets))


@_check("integrity-proved")
def _integrity_proved(facts: Facts) -> Seen:
    return _part(facts, "decisions")


# ---- models and services -------------------------------------------------------------------------------------------


@_check("models-described")
def _models_described(facts: Facts) -> Seen:
    return _all(one.bounded for one in facts.models)


@_check("models-calibrated")
def _models_calibrated(facts: Facts) -> Seen:
    return _least(sum(one.calibrated for one in facts.models))


@_check("models-licensed")
def _models_licensed(facts: Facts) -> Seen:
    return _all(bool(one.licence) for one in facts.models if one.learned)


@_check("learned-models")
def _learned_models(facts: Facts) -> Seen:
    return _least(sum(one.learned for one in facts.models) + facts.forecasts)


@_check("ai-services")
def _ai_services(facts: Facts) -> Seen:
    return _least(sum(one.learned for one in facts.models) + facts.forecasts, 2)


@_check("risk-stated")
def _risk_stated(facts: Facts) -> Seen:
    return _all(bool(one.risk) for one in facts.models if one.learned)


@_check("services-run")
def _services_run(facts: Facts) -> Seen:
    return _least(sum(one.runs_here for one in facts.services))


@_check("services-two")
def _services_two(facts: Facts) -> Seen:
    return _least(sum(one.runs_here for one in facts.services), 2)


@_check("services-chained")
def _services_chained(facts: Facts) -> Seen:
    return _least(sum(len(one.models) > 1 for one in facts.services))


@_check("scenarios-simulated")
def _scenarios_simulated(facts: Facts) -> Seen:
    return _least(facts.finished_runs)


@_check("scenarios-compared")
def _scenarios_compared(facts: Facts) -> Seen:
    return _least(facts.finished_runs, 2)


@_check("forecasts-made")
def _forecasts_made(facts: Facts) -> Seen:
    return _least(facts.forecasts)


@_check("results-traced")
def _results_traced(facts: Facts) -> Seen:
    return Seen("lineage" in facts.parts and facts.finished_runs > 0, {"count": facts.finished_runs, "of": 1})


@_check("energy-counted")
def _energy_counted(facts: Facts) -> Seen:
    return Seen(facts.energy_kwh is not None, {"value": f"{facts.energy_kwh or 0:.3f}"})


@_check("layers-managed")
def _layers_managed(facts: Facts) -> Seen:
    return _part(facts, "layers")


# ---- exchange ------------------------------------------------------------------------------------------------------


@_check("identity-verifiable")
def _identity_verifiable(facts: Facts) -> Seen:
    return _part(facts, "federation")


@_check("contracts-negotiable")
def _contracts_negotiable(facts: Facts) -> Seen:
    return _part(facts, "contracts")


@_check("partners-known")
def _partners_known(facts: Facts) -> Seen:
    return _least(facts.partners)


@_check("agreements-made")
def _agreements_made(facts: Facts) -> Seen:
    return _least(facts.agreements)


@_check("offers-found")
def _offers_found(facts: Facts) -> Seen:
    return Seen("discovery" in facts.parts and facts.partners > 0, {"count": facts.partners, "of": 1})


# ---- people --------------------------------------------------------------------------------------------------------


@_check("feedback-taken")
def _feedback_taken(facts: Facts) -> Seen:
    return _part(facts, "participation")


@_check("people-notified")
def _people_notified(facts: Facts) -> Seen:
    return _part(facts, "notices")


@_check("interface-in-languages")
def _interface_in_languages(facts: Facts) -> Seen:
    spoken = product()["interface"]["languages"]
    return _all(language in spoken for language in facts.languages)


@_check("interface-accessible")
def _interface_accessible(facts: Facts) -> Seen:  # noqa: ARG001 - known of the release
    found = product()["accessibility"]
    return Seen("wcag2aa" in found["rules"], {"value": found["standard"]})


@_check("guides-published")
def _guides_published(facts: Facts) -> Seen:  # noqa: ARG001 - known of the release
    return _least(len(product()["documentation"]["guides"]))


@_check("source-open")
def _source_open(facts: Facts) -> Seen:  # noqa: ARG001 - known of the release
    return Seen(True, {"value": product()["licence"]["id"]})


@_check("decisions-recorded")
def _decisions_recorded(facts: Facts) -> Seen:
    return _part(facts, "decisions")


@_check("plans-linked")
def _plans_linked(facts: Facts) -> Seen:
    return _part(facts, "plans")


def is_open(licence: str) -> bool:
    """Whether this licence lets anybody use the data for any purpose."""
    return licence.upper().startswith(tuple(one.upper() for one in OPEN_LICENCES)) and not any(
        bound in licence.upper() for bound in ("-NC", "-ND")
    )
