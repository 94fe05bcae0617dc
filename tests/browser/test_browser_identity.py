"""A server that asks who people are: what a stranger reads, who signs in by the form, what each is offered."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.conftest import TwinServer, clean_environment, copied, start_demo, stop

from .conftest import kept_clean, open_page, watched_page

PASSWORD = "a long enough password"
OFFERED = {
    "citizen": {"federation": False, "governance": False},
    "planner": {"federation": True, "governance": True},
    "data-steward": {"federation": True, "governance": True},
    "administrator": {"federation": True, "governance": True},
}
"""Entries of the navigation that not everybody has."""
PUBLIC = (
    "overview",
    "map",
    "scenarios",
    "participation",
    "decisions",
    "forecasts/no2",
    "models",
    "stories",
    "walk",
)


def sympolis(data: Path, *arguments: str, said: str = "") -> None:
    """Run a command on the twin's data, as its operator does before it starts."""
    command: list[str] = [
        sys.executable,
        "-m",
        "sympolis",
        *arguments,
        "--city",
        "bologna",
        "--data",
        data.name,
    ]
    subprocess.run(
        command,
        cwd=data.parent,
        env=clean_environment(),
        input=said,
        text=True,
        check=True,
        capture_output=True,
    )


@pytest.fixture(scope="module")
def guarded(seeded_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[TwinServer]:
    """A twin with ``identity = required`` and one account for each role."""
    data = copied(seeded_data, tmp_path_factory.mktemp("guarded") / "data")
    for role in OFFERED:
        sympolis(
            data, "user", "add", f"{role}@city.example", "--role", role, "--password", said=f"{PASSWORD}\n"
        )
    server = start_demo(data, "--identity", "required")
    yield server
    stop(server)


@pytest.fixture
def visited(browser: Browser, guarded: TwinServer) -> Iterator[Page]:
    """A page of somebody nobody knows yet; refusals by status belong to these tests."""
    for page, watch in kept_clean(*watched_page(browser, guarded.address)):
        watch.expect("401")
        watch.expect("403")
        yield page


def test_a_stranger_gets_past_the_start_and_reads_what_is_public(visited: Page, guarded: TwinServer) -> None:
    for address in PUBLIC:
        open_page(visited, guarded.address, f"{address}?lang=de")
        expect(visited.get_by_role("link", name="Anmelden")).to_be_visible()
        assert visited.locator("main [role=alert]").count() == 0, address


def test_a_stranger_reads_what_is_public_of_the_data_and_that_signing_in_helps(
    browser: Browser, guarded: TwinServer
) -> None:
    """Nothing is asked for that would be refused: no refusal is expected of this page."""
    for page, _ in kept_clean(*watched_page(browser, guarded.address)):
        open_page(page, guarded.address, "sources/loop-counts?lang=it")
        expect(page.get_by_role("main")).to_contain_text("occorre accedere")
        expect(page.locator("main tbody tr[class*=on] th").first).to_be_visible()
        page.locator("main summary", has_text="Le prime righe").click()
        expect(page.locator("main details tbody tr").first).to_be_visible()
        assert page.locator("main [role=alert]").count() == 0


@pytest.mark.parametrize("role", OFFERED)
def test_who_signs_in_is_offered_what_they_may_do(visited: Page, guarded: TwinServer, role: str) -> None:
    open_page(visited, guarded.address, "models?lang=en")
    visited.get_by_role("link", name="Sign in").click()
    visited.get_by_label("User").fill(f"{role}@city.example")
    visited.get_by_label("Password").fill(PASSWORD)
    visited.get_by_role("button", name="Sign in").click()
    expect(visited.get_by_role("banner")).to_contain_text(f"{role}@city.example")
    assert "#/models" in visited.url, "back to where they were"
    for entry, offered in OFFERED[role].items():
        expect(visited.locator(f'nav a[href^="#/{entry}"]')).to_have_count(int(offered))
