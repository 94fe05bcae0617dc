"""What a visitor has to load: the built files against their budgets, and their licences."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from sympolis.web.site import ASSETS

from .conftest import Ask

SHELL_BYTES = 60_000
MAP_BYTES = 600_000
FIRST_VIEW_BYTES = 1_600_000
ENTRY = "index.html"
MAP = "src/map/CityMap.ts"
PAGE = "src/pages/map/MapPage.svelte"
COPYLEFT = ("GPL", "MPL", "EUPL", "CC-BY-SA")


@pytest.fixture(scope="module")
def manifest() -> dict[str, Any]:
    """Vite's list of what was built from what."""
    return dict(json.loads((ASSETS / "manifest.json").read_text(encoding="utf-8")))


def files_of(manifest: dict[str, Any], name: str) -> set[str]:
    """A chunk with everything that loads with it: scripts, styles, not fonts."""
    chunk = manifest[name]
    files = {chunk["file"], *chunk.get("css", ())}
    for needed in chunk.get("imports", ()):
        files |= files_of(manifest, needed)
    return files


def weight(files: set[str]) -> int:
    """Bytes over the wire, gzipped."""
    return sum(len(gzip.compress((ASSETS / name).read_bytes(), 6)) for name in files)


def worker() -> set[str]:
    """MapLibre's worker script, which no manifest entry names."""
    return {str(path.relative_to(ASSETS)) for path in (ASSETS / "static").glob("*worker*.js")}


def test_shell_paints_from_little(manifest: dict[str, Any]) -> None:
    assert weight(files_of(manifest, ENTRY)) <= SHELL_BYTES


def test_map_stays_within_its_budget(manifest: dict[str, Any]) -> None:
    assert worker()
    own = files_of(manifest, MAP) - files_of(manifest, ENTRY)
    assert weight(own | worker()) <= MAP_BYTES


def test_first_view_is_small_enough_for_a_town_hall_line(manifest: dict[str, Any], ask: Ask) -> None:
    code = files_of(manifest, ENTRY) | files_of(manifest, MAP) | files_of(manifest, PAGE) | worker()
    fonts = sum(path.stat().st_size for path in (ASSETS / "static").glob("*.woff2"))
    layers = [one["id"] for one in ask("map/layers") if one["default"]]
    asked = [*(f"map/layers/{one}" for one in layers), "models/traffic/features", "models", "scenarios"]
    data = sum(len(gzip.compress(json.dumps(ask(path)).encode(), 6)) for path in asked)
    assert weight(code) + fonts + data <= FIRST_VIEW_BYTES


def test_shipped_licences_are_listed_and_permissive() -> None:
    head = (ASSETS / "licences.txt").read_text(encoding="utf-8").split("\n----")[0]
    listed = dict(line.rsplit(": ", 1) for line in head.splitlines() if ": " in line)
    names = {name.rsplit(" ", 1)[0] for name in listed}
    assert {
        "maplibre-gl",
        "svelte",
        "uplot",
        "@fontsource/atkinson-hyperlegible-next",
        "@lucide/svelte",
    } <= names
    assert not [name for name, licence in listed.items() if any(word in licence for word in COPYLEFT)]


def test_nothing_shipped_names_another_host(manifest: dict[str, Any]) -> None:
    """Addresses in the code are links for people or names in a standard, never something the page loads."""
    page = (ASSETS / ENTRY).read_text(encoding="utf-8")
    assert "//" not in page.replace("<!doctype html>", "")
    styles = {name for chunk in manifest.values() for name in chunk.get("css", ())}
    for name in styles:
        text = Path(ASSETS / name).read_text(encoding="utf-8")
        assert "@import" not in text
        assert "url(http" not in text.replace("'", "").replace('"', "")
