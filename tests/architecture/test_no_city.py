"""The platform knows no city: cities are folders. Held by their names, which no module may say."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CITIES = ("bologna", "leipzig")
NAMES = re.compile("|".join(CITIES), re.IGNORECASE)

PLATFORM = ROOT / "src" / "sympolis"
BUILT = "src/sympolis/web/assets/"
"""What is built from `ui/src`, which is looked at itself."""
INTERFACE = ROOT / "ui" / "src"
TEXTS = (
    ".css", ".csv", ".geojson", ".html", ".json", ".jsonld", ".md", ".ndjson", ".proto", ".py", ".sql", ".svelte",
    ".svg", ".textproto", ".toml", ".ts", ".ttl", ".txt", ".typed", ".webmanifest", ".xml",
)  # fmt: skip


def sources() -> list[Path]:
    """Every text of the platform, the test kit too; tests of its parts, and what is built, left out."""
    found = [path for folder in (PLATFORM, INTERFACE) for path in folder.rglob("*") if path.suffix in TEXTS]
    return [path for path in found if "tests" not in path.parts and BUILT not in path.as_posix()]


def named(path: Path) -> bool:
    """Whether a text names a city."""
    return NAMES.search(path.read_text(encoding="utf-8")) is not None


def test_there_are_cities_to_look_for() -> None:
    assert all((ROOT / "cities" / city / "city.toml").is_file() for city in CITIES)
    assert len(sources()) > 500


def test_no_module_names_a_city() -> None:
    """Nor does a model cite one: where a default comes from a city, its package names the source, or the card does."""
    assert [path.relative_to(ROOT).as_posix() for path in sources() if named(path)] == []


@pytest.mark.parametrize("city", CITIES)
def test_no_file_bears_a_city_s_name(city: str) -> None:
    folders = [path for folder in (PLATFORM, INTERFACE) for path in folder.rglob(f"*{city}*")]
    assert [path for path in folders if "tests" not in path.parts] == []


@pytest.mark.parametrize("city", CITIES)
def test_a_city_brings_nothing_that_the_platform_runs_at_work(city: str) -> None:
    """Only the derivation of its samples and its tests are Python; the twin reads declarations."""
    code = [path.relative_to(ROOT / "cities" / city) for path in (ROOT / "cities" / city).rglob("*.py")]
    assert {path.parts[0] for path in code} <= {"pipeline", "tests"}
