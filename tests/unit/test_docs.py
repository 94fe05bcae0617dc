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


CARDS = sorted((ROOT / "docs" / "models").glob("*.md"))
PARTS = {
    "question": r"^\*\*What it answers\.\*\* ",
    "for whom": r"\*\*For whom\.\*\* ",
    "not for": r"^\*\*Not\*\* |^\*\*Not for\*\* |\. \*\*Not(?: for)?\*\* ",
    "inputs": r"^\| inputs \| ",
    "outputs": r"^\| outputs \| ",
    "cost": r"^\| cost\b.* \| .*\d",
    "equations": r"^## Equations",
    "units": r"\[[^\]]*(?:°C|K|m|a|min|µg|dB|GWh|MWh|kWh|EUR|€)[^\]]*\]|GWh|dB|veh|EUR|µg/m³",
    "sources": r"(?i)doi:? ?(?:\n|https://doi\.org/)?10\.\d{4}",
    "how well": r"^## How well it does",
    "limits": r"^## Limits",
}
"""What a reader of a model card looks for, and what shows that it is there."""


@pytest.mark.parametrize("card", CARDS, ids=lambda card: card.stem)
def test_a_model_card_says_what_one_must_know_to_trust_it(card: Path) -> None:
    text = card.read_text(encoding="utf-8")
    assert [part for part, sign in PARTS.items() if not re.search(sign, text, re.MULTILINE)] == []


@pytest.mark.parametrize("card", CARDS, ids=lambda card: card.stem)
def test_a_model_card_says_how_well_in_figures_or_that_nothing_was_there_to_compare_with(card: Path) -> None:
    _, rest = re.split(
        r"^## How well it does.*$", card.read_text(encoding="utf-8"), maxsplit=1, flags=re.MULTILINE
    )
    judged, limits = re.split(r"^## Limits$", rest, maxsplit=1, flags=re.MULTILINE)
    compared = r"(?i)held[- ]out|compared with|residual|official"
    assert re.search(r"\d", judged) and re.search(compared, judged)
    assert len(limits.split()) >= 20, "limits are said in more than a word"


def test_a_card_of_a_model_leads_to_what_the_model_declares() -> None:
    folders = [one.parent.name for one in (ROOT / "src/sympolis/plugins/simulators").glob("*/manifest.toml")]
    cards = {name: (ROOT / "docs/models" / f"{name}.md").read_text(encoding="utf-8") for name in folders}
    assert [name for name, text in cards.items() if f"(../reference/models.md#{name})" not in text] == []


def test_the_glossary_is_in_order() -> None:
    lines = (ROOT / "docs" / "glossary.md").read_text(encoding="utf-8").splitlines()
    words = [line.split("|")[1].strip().lower() for line in lines if line.startswith("| ")][1:]
    assert words == sorted(words)
