"""Plugins are found by manifest, listed without importing engines, and a faulty one is named."""

import subprocess
import sys
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

from sympolis.domain import errors
from sympolis.plugins import loader
from sympolis.plugins.connector import Connector

MANIFEST = """
id = "third_party"
kind = "connector"
version = "1.0.0"
class = "ThirdParty"
owner = "Somebody"
licence = "MIT"
title = { en = "Third party" }
"""
CODE = """
import dataclasses
@dataclasses.dataclass(frozen=True)
class Settings:
    'None.'
class ThirdParty:
    id = "third_party"
    settings_type = Settings
    def read(self, origin, settings):
        return iter(())
"""


def test_the_built_in_plugins_are_there() -> None:
    assert {"csv", "geojson", "parquet"} <= set(loader.connectors())
    assert "sumo_traffic" in loader.simulators()


def test_every_connector_keeps_to_its_manifest() -> None:
    for name, connector in loader.connectors().items():
        assert isinstance(connector, Connector)
        assert connector.id == name == loader.connectors().manifest(name).id


def test_every_plugin_folder_has_its_readme_and_titles_in_three_languages() -> None:
    for plugin in loader.plugins():
        assert set(plugin.manifest.title) >= {"it", "de", "en"}, plugin.folder
        assert (plugin.folder / "README.md").is_file(), plugin.folder


def test_listing_imports_no_engine() -> None:
    code = (
        "import sys\n"
        "from sympolis.plugins import loader\n"
        "list(loader.connectors()); list(loader.simulators())\n"
        "engines = {'pyarrow', 'libsumo', 'numpy', 'shapely', 'msgspec'} & set(sys.modules)\n"
        "assert not engines, engines\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.fixture
def announced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A third-party plugin on the path, announced by an entry point."""
    folder = tmp_path / "acme_connector"
    folder.mkdir()
    (folder / "__init__.py").write_text(CODE)
    (folder / "manifest.toml").write_text(MANIFEST)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "acme_connector", raising=False)
    entry = EntryPoint("acme", "acme_connector", loader.GROUP)
    monkeypatch.setattr(loader.importlib.metadata, "entry_points", lambda group: [entry])
    for cached in (loader.plugins, loader.connectors, loader.simulators):
        cached.cache_clear()
        monkeypatch.setattr(loader, cached.__name__, cached.__wrapped__)
    return folder


def test_a_third_partys_plugin_is_found_and_works(announced: Path) -> None:
    assert "third_party" in loader.connectors()
    assert isinstance(loader.connectors()["third_party"], Connector)


@pytest.mark.parametrize(
    ("old", "new", "where", "part"),
    [
        ('kind = "connector"', 'kind = "conector"', "kind", "'conector' is not allowed"),
        ('class = "ThirdParty"', "", "class", "is missing"),
        ('owner = "Somebody"', 'onwer = "Somebody"', "onwer", "not a known field"),
        ('id = "third_party"', "id = ", "", "not a readable manifest"),
    ],
)
def test_a_faulty_manifest_is_named(announced: Path, old: str, new: str, where: str, part: str) -> None:
    path = announced / "manifest.toml"
    path.write_text(MANIFEST.replace(old, new))
    with pytest.raises(errors.SettingsInvalid) as refused:
        loader.connectors()
    assert str(path) in refused.value.where
    assert where in refused.value.where
    assert part in refused.value.message


@pytest.mark.parametrize(
    ("code", "part"),
    [("class Other: pass", "has no class ThirdParty"), ("import no_such_engine", "cannot be loaded")],
)
def test_a_plugin_that_does_not_load_is_named(announced: Path, code: str, part: str) -> None:
    (announced / "__init__.py").write_text(code)
    with pytest.raises(errors.SettingsInvalid, match=part):
        loader.connectors()["third_party"]
