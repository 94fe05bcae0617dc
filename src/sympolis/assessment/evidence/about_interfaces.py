"""Checks of the interfaces: which standards the twin answers by, and how that was tested."""

from __future__ import annotations

from typing import Final

from sympolis.assessment.evidence.checking import Seen, all_of, at_least, at_work, check, offered, product
from sympolis.assessment.evidence.facts import Facts

PASSED_SHARE: Final = 0.95
"""Share of a public conformance suite that has to pass before conformance is claimed."""


@check("interfaces-open")
def _interfaces_open(facts: Facts) -> Seen:
    return at_least(sum(bool(one.standard) for one in facts.interfaces))


@check("interfaces-several")
def _interfaces_several(facts: Facts) -> Seen:
    return at_least(sum(bool(one.standard) for one in facts.interfaces), 3)


@check("api-described")
def _api_described(facts: Facts) -> Seen:
    return at_least(facts.operations)


@check("linked-data")
def _linked_data(facts: Facts) -> Seen:
    return offered(facts, "ngsi-ld", "ldes")


@check("changes-told")
def _changes_told(facts: Facts) -> Seen:
    return at_work(facts, "subscriptions")


@check("geospatial-interfaces")
def _geospatial_interfaces(facts: Facts) -> Seen:
    return offered(facts, "ogc", "tiles")


@check("whole-files")
def _whole_files(facts: Facts) -> Seen:
    return offered(facts, "downloads")


@check("models-callable")
def _models_callable(facts: Facts) -> Seen:
    return Seen(offered(facts, "processes").met and bool(facts.models), {"count": len(facts.models), "of": 1})


@check("conformance-tested")
def _conformance_tested(facts: Facts) -> Seen:  # noqa: ARG001 - known of the release
    found = product()["conformance"]
    return Seen(
        found["passed"] >= PASSED_SHARE * found["tests"], {"count": found["passed"], "of": found["tests"]}
    )


@check("standards-stated")
def _standards_stated(facts: Facts) -> Seen:
    return all_of(bool(one.standard) for one in facts.interfaces)
