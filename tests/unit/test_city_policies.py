"""What a city package says in ``policies/`` is read whole, and mistakes in it are named by ``city check``."""

from __future__ import annotations

from pathlib import Path

import pytest

from sympolis.city import check
from sympolis.city.governing import load
from sympolis.testing.small_city import write_package

TURTLE = """
@prefix odrl: <http://www.w3.org/ns/odrl/2/> .
<urn:test:turtle> a odrl:Set ; odrl:permission [ odrl:action odrl:read ; odrl:target <urn:sympolis:dataset:streets> ] .
"""
TOML = """
uid = "urn:test:toml"
[[permission]]
action = "read"
target = "urn:sympolis:dataset:counts"
assignee = "urn:sympolis:role:partner"
"""
JSONLD = """
{"@type": "Set", "uid": "urn:test:json", "prohibition": [{"action": "use", "target": "urn:sympolis:datasets"}]}
"""


def package(tmp_path: Path, **files: str) -> Path:
    folder = write_package(tmp_path / "smallville")
    (folder / "policies").mkdir()
    for name, text in files.items():
        (folder / "policies" / name.replace("_", ".")).write_text(text, encoding="utf-8")
    return folder


def test_policies_come_in_three_forms(tmp_path: Path) -> None:
    folder = package(tmp_path, a_ttl=TURTLE, b_toml=TOML, c_jsonld=JSONLD, README_md="not a policy")
    assert [one.uid for one in load(folder).policies] == ["urn:test:turtle", "urn:test:toml", "urn:test:json"]
    assert [one for one in check.check(folder) if one.error] == []


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("roles_toml", '[roles.analyst]\nrights = ["fly"]', "'fly' is no right"),
        ("roles_toml", "[roles", "is not valid TOML"),
        ("release_toml", '[public]\ndatasets = ["streats"]', "no dataset 'streats'"),
        ("release_toml", "[private]", "is not known here"),
        ("a_jsonld", "{", "is not valid JSON"),
        ("a_jsonld", '{"permission": [{"acton": "read"}]}', "not known"),
        ("a_toml", TOML.replace("counts", "countss"), "no dataset urn:sympolis:dataset:countss"),
        ("a_toml", TOML.replace("partner", "partners"), "no role urn:sympolis:role:partners"),
        ("a_ttl", "this is no turtle", "not text/turtle"),
    ],
)
def test_mistakes_are_named_with_their_file(tmp_path: Path, name: str, text: str, said: str) -> None:
    folder = package(tmp_path, **{name: text})
    [finding] = [one for one in check.check(folder) if one.error]
    assert said in finding.message
    assert finding.where.startswith("smallville/policies")


def uneven(folder: Path) -> list[str]:
    return [one.message for one in check.check(folder) if "share the type" in one.message and not one.error]


def test_datasets_of_one_type_that_are_not_released_alike_are_told(tmp_path: Path) -> None:
    folder = package(tmp_path, release_toml='[public]\nlicences = ["CC0-1.0"]\nexcept = ["counts"]')
    [said] = uneven(folder)
    assert said == (
        "loops and counts share the type ItemFlowObserved, and only the first are released: strangers get none of it"
    )
    (folder / "policies/release.toml").write_text('[public]\nexcept = ["streets"]\nlicences = ["CC0-1.0"]')
    assert uneven(folder) == []
    (folder / "policies/release.toml").unlink()
    assert uneven(folder) == []


def test_datasets_of_one_type_with_other_policies_are_told(tmp_path: Path) -> None:
    folder = package(tmp_path, b_toml=TOML)
    [said] = uneven(folder)
    assert said.startswith("counts, loops share the type ItemFlowObserved, and policies differ")
    (folder / "policies/b.toml").write_text(TOML.replace("dataset:counts", "datasets"))
    assert uneven(folder) == []


@pytest.mark.parametrize("city", ["bologna", "leipzig"])
def test_the_cities_release_what_shares_a_type_together(city: str) -> None:
    assert uneven(Path(__file__).parents[2] / "cities" / city) == []


def test_bologna_releases_its_open_data() -> None:
    folder = Path(__file__).parents[2] / "cities" / "bologna"
    rules = load(folder)
    assert rules.release.covers("loop-counts", "CC-BY-4.0")
    assert "results.read" in rules.roles.granted([])
    assert "context.write" not in rules.roles.granted([])
