"""The bill of materials of a simulator says what is really there: its files, and what its code and its extras need."""

from __future__ import annotations

import hashlib
import importlib.metadata
from typing import Any

import pytest

from sympolis.city.assets import parts
from sympolis.city.assets.model_bill import bill_of_simulator
from sympolis.domain import errors
from sympolis.plugins import loader

SIMULATORS = sorted(loader.simulators())


def by_name(bill: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {one["name"]: one for one in bill["components"]}


@pytest.mark.parametrize("simulator", SIMULATORS)
def test_every_simulator_has_one_that_is_whole(simulator: str) -> None:
    bill = bill_of_simulator(simulator)
    manifest = loader.simulators().manifest(simulator)
    own = bill["metadata"]["component"]
    assert (own["name"], own["version"]) == (simulator, manifest.version)
    assert own["licenses"] == [{"license": {"name": manifest.licence}}]
    refs = [own["bom-ref"], *(one["bom-ref"] for one in bill["components"])]
    assert len(refs) == len(set(refs))
    named = {ref for one in bill["dependencies"] for ref in (one["ref"], *one["dependsOn"])}
    assert named <= set(refs), "every dependency is a component"
    assert {"sympolis", "manifest.toml", "__init__.py"} <= by_name(bill).keys()


def test_it_lists_what_the_extra_and_the_code_need_and_what_that_requires() -> None:
    bill = bill_of_simulator("heat_network")
    found = by_name(bill)
    scipy = found["scipy"]
    assert scipy["version"] == importlib.metadata.version("scipy") and scipy["licenses"]
    assert scipy["purl"] == f"pkg:pypi/scipy@{scipy['version']}"
    needs = {one["ref"]: one["dependsOn"] for one in bill["dependencies"]}
    assert found["numpy"]["bom-ref"] in needs[scipy["bom-ref"]]
    assert scipy["bom-ref"] in needs[bill["metadata"]["component"]["bom-ref"]]
    assert "pytest" not in found, "what an extra of a library wants is not needed here"


def test_what_only_the_code_tells_is_listed_too() -> None:
    assert not [one for one in loader.simulators().manifest("mobility_policy").needs if "extra:" in one]
    assert "numpy" in by_name(bill_of_simulator("mobility_policy"))


def test_files_have_the_hashes_of_what_runs_and_tests_are_left_out() -> None:
    plugin = next(one for one in loader.plugins() if one.manifest.id == "mobility_policy")
    files = [one for one in bill_of_simulator("mobility_policy")["components"] if one["type"] == "file"]
    assert not [one for one in files if "tests" in one["name"] or one["name"].endswith(".pyc")]
    for one in files:
        content = (plugin.folder / one["name"]).read_bytes()
        assert one["hashes"] == [{"alg": "SHA-256", "content": hashlib.sha256(content).hexdigest()}]


def test_a_simulator_that_no_plugin_gives_has_none() -> None:
    with pytest.raises(errors.NotFound):
        bill_of_simulator("unheard")


def test_names_are_compared_as_registries_do() -> None:
    assert parts.canonical("Eclipse_SUMO..x") == "eclipse-sumo-x"
    assert "numpy" in parts.required("scipy") and parts.required("no-such-distribution") == ()
