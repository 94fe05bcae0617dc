"""The documentation is tested like code: links lead somewhere, generated pages are fresh, indexes are complete."""

import re
from pathlib import Path

import pytest
from docs import generate

ROOT = Path(__file__).parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("cities/**/*.md")])
LINK = re.compile(r"\[[^\]]*\]\(([^)#\s]+)(?:#[^)]*)?\)")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    targets = [link for link in LINK.findall(page.read_text(encoding="utf-8")) if "://" not in link]
    missing = [link for link in targets if not (page.parent / link).exists()]
    assert not missing


@pytest.mark.parametrize("name", sorted(generate.pages()))
def test_generated_pages_are_fresh(name: str) -> None:
    committed = (ROOT / "docs" / name).read_text(encoding="utf-8")
    assert committed == generate.pages()[name], "run `make docs`"


def test_every_decision_is_in_the_index() -> None:
    index = (ROOT / "docs" / "decisions" / "README.md").read_text(encoding="utf-8")
    records = [one.name for one in (ROOT / "docs" / "decisions").glob("[0-9]*.md")]
    assert records
    assert [name for name in records if f"({name})" not in index] == []


def test_every_simulator_has_a_model_card() -> None:
    folders = [one.parent.name for one in (ROOT / "src/sympolis/plugins/simulators").glob("*/manifest.toml")]
    assert folders
    assert [name for name in folders if not (ROOT / "docs" / "models" / f"{name}.md").exists()] == []


def test_the_glossary_is_in_order() -> None:
    lines = (ROOT / "docs" / "glossary.md").read_text(encoding="utf-8").splitlines()
    words = [line.split("|")[1].strip().lower() for line in lines if line.startswith("| ")][1:]
    assert words == sorted(words)
