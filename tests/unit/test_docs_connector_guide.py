"""The guide to writing a connector is run as it stands: its connector keeps the contract."""

import re
import tomllib
from pathlib import Path

import pytest

from sympolis.plugins.loader import read_manifest

GUIDE = (Path(__file__).parents[2] / "docs" / "howto" / "write-a-connector.md").read_text(encoding="utf-8")
BLOCKS = {
    language: re.findall(rf"^```{language}\n(.*?)^```", GUIDE, re.M | re.S) for language in ("python", "toml")
}

for block in BLOCKS["python"]:
    exec(block, globals())  # the guide's own code; pytest collects its test class below


def test_the_guide_s_test_class_was_collected() -> None:
    assert {"WeatherConnector", "WeatherSettings", "TestContract"} <= globals().keys()


def test_the_guide_s_manifest_is_one(tmp_path: Path) -> None:
    (tmp_path / "manifest.toml").write_text(BLOCKS["toml"][0])
    assert read_manifest(tmp_path / "manifest.toml").class_name == "WeatherConnector"


@pytest.mark.parametrize("block", BLOCKS["toml"])
def test_every_other_block_is_toml(block: str) -> None:
    assert tomllib.loads(block)
