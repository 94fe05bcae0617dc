"""Every page, in both themes and three languages: accessible, without overflow, from this host alone."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from .conftest import Ask, Watch, kept_clean, open_page, watched_page

RULES = {
    "resultTypes": ["violations"],
    "runOnly": {
        "type": "tag",
        "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    },
}
CITY = Path(__file__).parents[2] / "cities" / "bologna"
THEMES = ("light", "dark")
LANGUAGES = ("it", "de", "en")
WIDTHS = (320, 390, 768, 1280)
PAGES = {
    "overview": "overview",
    "dashboard": "dashboard/mobility-and-air",
    "dashboard of heat": "dashboard/heat-in-the-city",
    "composed dashboard": "dashboard/{board}",
    "composing a dashboard": "dashboard/new?from={board}",
    "map": "map?scenario=zone-30-west&mode=compare&h=8&table=1&sel=urn:ngsi-ld:RoadSegment:bologna:a161",
    "scenarios": "scenarios",
    "builder": "scenario/new?from=extended-ztl-charge",
    "compare": "compare?with={run}",
    "services": "services",
    "service": "services/mobility-policy",
    "advice": "services/heat-waves",
    "planning together": "joint/heat-waves",
    "what is missing": "worklist",
    "forecasts": "forecasts/no2",
    "models": "models",
    "heat model": "models/heat",
    "sources": "sources/loop-counts",
    "lineage": "lineage/{run}",
    "participation": "participation",
    "participation project": "participation/historic-centre",
    "take part": "participation/historic-centre?view=say",
    "participation in numbers": "participation/historic-centre?view=numbers",
    "you said, we did": "participation/historic-centre?view=answers",
    "participation links": "participation/historic-centre?view=links",
    "moderation": "participation/queue",
    "table mode": "participation/historic-centre?onsite=1",
    "decisions": "decisions",
    "new decision": "decisions/new?runs={run}",
    "decision": "decisions/{decision}",
    "assessment": "assessment",
    "mim levels": "assessment/mims",
    "missing for programmes": "assessment/tasks",
    "consortia": "assessment/consortia",
    "drafted documents": "assessment/documents",
    "assets": "assets",
    "assets of our own": "assets/publish",
    "ecosystem": "ecosystem",
    "ecosystem as a list": "ecosystem?as=list&actor=twin",
    "programmes and gaps": "ecosystem/programmes",
    "seven layers": "governance",
    "roles": "governance/roles",
    "stages": "governance/datasets",
    "audit": "governance/audit",
    "jobs": "governance/jobs",
    "partners": "federation",
    "offers": "federation/offers",
    "contracts": "federation/contracts",
    "matrix": "federation/matrix",
    "open needs": "federation/needs",
    "matches": "federation/matches",
    "benchmarks": "federation/benchmarks",
    "help": "help?q=quarantine",
    "documentation": "help/pages/howto/be-told",
    "notifications": "notifications",
    "stories": "stories",
    "walk": "walk",
    "story": "stories/driving-in?step=4",
}
VIOLATIONS = "rules => axe.run(document, rules).then(found => found.violations)"
SETTLED = """document.fonts.ready.then(
  () => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done))))"""
TOO_WIDE = """() => Math.max(...[document.documentElement, document.querySelector('main')]
  .map(one => one.scrollWidth - one.clientWidth))"""
LENGTHENED = """() => {
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const longer = word => word + word.toLowerCase().slice(0, Math.ceil(0.4 * word.length));
  while (texts.nextNode()) {
    const text = texts.currentNode;
    if (text.parentElement.closest('script, style, code, pre')) continue;
    text.nodeValue = text.nodeValue.replace(/\\p{L}{4,}/gu, longer);
  }
}"""
SWITCHED = """([theme, language]) => {
  const page = document.documentElement;
  return page.lang === language && page.dataset.theme === theme;
}"""


@pytest.fixture(scope="module")
def addressed(run_id: str, decision_id: str, board_id: str) -> dict[str, str]:
    """What stands in addresses by name."""
    return {"run": run_id, "decision": decision_id, "board": board_id}


@pytest.fixture(scope="module", params=PAGES)
def shown(
    request: pytest.FixtureRequest, browser: Browser, twin_url: str, addressed: dict[str, str]
) -> Iterator[Page]:
    """Each page in turn, opened once for the tests that look at all of them."""
    for page, _ in kept_clean(*watched_page(browser, twin_url)):
        open_page(page, twin_url, PAGES[request.param].format(**addressed))
        yield page


def test_no_accessibility_violation(shown: Page) -> None:
    page, found = shown, {}
    page.evaluate(Axe().axe_script)  # once for all six: it is half a megabyte to read
    for theme in THEMES:
        for language in LANGUAGES:
            switch(page, theme, language)
            violations: list[Any] = page.evaluate(VIOLATIONS, RULES)
            found.update({(theme, language, one["id"]): where(one) for one in violations})
    assert not found


def switch(page: Page, theme: str, language: str) -> None:
    """Choose theme and language as a link would, without loading the page anew."""
    page.evaluate(
        """([theme, language]) => {
          const [path, query] = location.hash.split('?');
          const search = new URLSearchParams(query);
          search.set('theme', theme);
          search.set('lang', language);
          location.hash = `${path}?${search}`;
        }""",
        [theme, language],
    )
    page.wait_for_function(SWITCHED, arg=[theme, language])
    page.evaluate(SETTLED)


def where(violation: dict[str, list[dict[str, object]]]) -> list[str]:
    """The elements that break a rule, and how."""
    return [f"{node['target']}: {str(node.get('failureSummary'))[:200]}" for node in violation["nodes"][:3]]


def test_nothing_overflows(shown: Page) -> None:
    switch(shown, "light", "de")  # the language of long words
    beyond = overflow(shown)
    assert set(beyond.values()) == {0}, beyond


def overflow(page: Page, widths: tuple[int, ...] = WIDTHS) -> dict[int, int]:
    """How many pixels the page is too wide, at each width."""
    beyond = {}
    for width in widths:
        page.set_viewport_size({"width": width, "height": 800})
        page.evaluate(SETTLED)
        beyond[width] = page.evaluate(TOO_WIDE)
    return beyond


def test_words_longer_by_two_fifths_still_fit(shown: Page) -> None:
    """What another language may need. The last test of a page: its words are not put back."""
    shown.evaluate(LENGTHENED)
    beyond = overflow(shown, (390, 1280))
    assert set(beyond.values()) == {0}, beyond


def test_language_is_complete_and_declared(page: Page, twin_url: str) -> None:
    open_page(page, twin_url, "map?lang=de&theme=light")
    assert page.evaluate("document.documentElement.lang") == "de"
    expect(page.get_by_role("link", name="Szenarien", exact=True)).to_be_visible()
    page.get_by_label("Sprache").select_option("it")
    expect(page.get_by_role("link", name="Scenari", exact=True)).to_be_visible()
    assert "lang=it" in eventually_hash(page, "lang=it")


def eventually_hash(page: Page, part: str) -> str:
    """The fragment, once the page has written ``part`` into it."""
    page.wait_for_function("part => location.hash.includes(part)", arg=part)
    return str(page.evaluate("location.hash"))


def test_navigation_leads_to_pages_that_exist(page: Page, twin_url: str) -> None:
    open_page(page, twin_url, "map?lang=en")
    links = page.locator("nav a")
    addresses = links.evaluate_all("all => all.map(one => one.getAttribute('href'))")
    assert len(addresses) >= 4
    for position in range(len(addresses)):
        links.nth(position).click()
        expect(links.nth(position)).to_have_attribute("aria-current", "page")
        expect(page.locator("main .page, main .map-page").first).to_be_visible()
        assert page.title()


def test_keyboard_order_starts_with_the_skip_link(page: Page, twin_url: str, run_id: str) -> None:
    open_page(page, twin_url, "map?scenario=zone-30-west&mode=compare&lang=en&theme=light")
    expect(page.locator(".modes")).to_be_visible()
    page.evaluate("document.activeElement.blur()")
    wanted = [".skip", "header a.brand", "header .button", "#language", "nav a", ".maplibregl-canvas", ".knob",
              ".layers .head", ".modes input", ".play", "#hour", "#scenario", ".kpi a"]  # fmt: skip
    reached = []
    for _ in range(90):
        page.keyboard.press("Tab")
        reached += page.evaluate("all => all.filter(one => document.activeElement.matches(one))", wanted)
    first = [one for position, one in enumerate(reached) if one not in reached[:position]]
    assert first == wanted
    assert reached.count(".skip") <= 2  # the focus comes round: no trap


def test_skip_link_leads_to_the_content(page: Page, twin_url: str) -> None:
    open_page(page, twin_url, "scenarios?lang=en")
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"


def test_every_figure_has_a_working_lineage_link(page: Page, twin_url: str, ask: Ask) -> None:
    open_page(page, twin_url, "map?lang=en")
    tiles = page.locator(".kpi")
    expect(tiles.first).to_be_visible()
    addresses = page.locator(".kpi a.lineage").evaluate_all("all => all.map(one => one.getAttribute('href'))")
    assert len(addresses) == tiles.count()
    run = re.search(r"#/lineage/([^?]+)", addresses[0])
    assert run
    kinds = {node["kind"] for node in ask(f"lineage/{run.group(1)}")["nodes"]}
    assert {"source", "model", "run"} <= kinds
    page.locator(".kpi a.lineage").first.click()
    expect(page.locator(".stages .panel.run").first).to_be_visible()
    expect(page.locator(".stages .panel.source").first).to_be_visible()


def test_without_webgl_everything_but_the_map_stays(
    browser_without_gl: Browser, twin_url: str, run_id: str
) -> None:
    for page, _ in kept_clean(*watched_page(browser_without_gl, twin_url)):
        open_page(page, twin_url, "map?scenario=zone-30-west&mode=compare&table=1&lang=en")
        expect(page.locator("#map")).to_have_attribute("data-state", "missing")
        expect(page.get_by_text("cannot draw the map")).to_be_visible()
        expect(page.locator(".kpi").first).to_be_visible()
        expect(page.locator(".table tbody tr").first).to_be_visible()
        expect(page.locator("figure svg[role=img]").first).to_be_visible()
        with page.expect_download() as saved:
            page.get_by_role("button", name="Export CSV").click()
        assert saved.value.suggested_filename.endswith(".csv")


def test_without_webgl_every_page_says_what_it_says(
    browser_without_gl: Browser, twin_url: str, addressed: dict[str, str]
) -> None:
    """One page of every entry: its words are there, a map that cannot be drawn says so, and nothing else complains."""
    first = {address.split("/")[0].split("?")[0]: address for address in reversed(PAGES.values())}
    for page, watch in kept_clean(*watched_page(browser_without_gl, twin_url)):
        watch.expect("WebGL")
        watch.expect("derived_inert")  # a page left while it still fetches: what comes then is thrown away
        page.goto(f"{twin_url}/#/overview?lang=en")
        for address in first.values():
            page.evaluate("address => (location.hash = `/${address}`)", address.format(**addressed))
            page.evaluate(SETTLED)
            page.wait_for_selector("main .page, main .map-page, main .builder")
            expect(page.locator("main :is(h2, h3, form, table, p)").first, address).to_be_visible()
            if page.locator("#map").count():
                expect(page.locator("#map")).to_have_attribute("data-state", "missing")
                expect(page.get_by_text("cannot draw the map")).to_be_visible()


def test_first_start_is_shown_while_the_twin_is_not_ready(page: Page, twin_url: str, ask: Ask) -> None:
    city = ask("city") | {"ready": False, "baseline_run": None}
    city["readiness"] = {"step": "baseline", "share": 0.42, "text": {"en": "Running the baseline"}}
    page.route("**/api/city", lambda route: route.fulfill(json=city))
    page.goto(f"{twin_url}/#/map?lang=en")
    expect(page.get_by_text("Running the baseline")).to_be_visible()
    assert page.locator("progress").get_attribute("value") == "0.42"
    page.unroute("**/api/city")
    expect(page.locator(".kpi").first).to_be_visible()


def test_a_lost_line_is_told_and_taken_up_again(page: Page, twin_url: str, watch: Watch) -> None:
    watch.expect("/api/changes")
    page.route("**/api/changes*", lambda route: route.abort())
    page.goto(f"{twin_url}/#/scenarios?lang=en")
    expect(page.locator(".stale")).to_be_visible(timeout=8000)
    page.unroute("**/api/changes*")
    expect(page.locator(".stale")).to_be_hidden(timeout=15000)


def test_quarantined_rows_show_their_reasons_and_can_be_replayed(
    page: Page, twin_url: str, watch: Watch
) -> None:
    watch.expect("422")
    open_page(page, twin_url, "sources/loop-counts?lang=en")
    row = page.locator("li", has=page.get_by_text("Correct and replay")).first
    expect(row.locator("code").first).to_be_visible()
    row.get_by_text("Correct and replay").click()
    expect(row.locator(".wrong input, form input").first).to_be_visible()
    row.get_by_role("button", name="Replay").click()  # unchanged, so it must be refused again
    expect(row.get_by_role("alert")).to_be_visible()


def test_a_source_says_how_far_it_can_be_trusted(page: Page, twin_url: str, ask: Ask) -> None:
    badge = ask("datasets/loop-counts/quality")["badge"]
    open_page(page, twin_url, "sources/loop-counts?lang=en")
    trust = page.locator("#main dl").first
    expect(trust).to_contain_text(badge["grade"])
    for reason in badge["reasons"]:
        expect(trust).to_contain_text(reason["en"])
    expect(trust.locator("div", has_text="Status")).to_contain_text("age not judged")
    expect(trust.locator("div", has_text="Stage")).to_contain_text(ask("datasets/loop-counts/stage")["stage"])


def test_the_stage_says_when_a_dataset_is_not_public(page: Page, twin_url: str, ask: Ask) -> None:
    drafts = [one["id"] for one in ask("datasets?limit=100")["datasets"] if one["stage"] == "draft"]
    assert drafts
    open_page(page, twin_url, f"sources/{drafts[0]}?lang=de")
    expect(page.locator("#main dl div", has_text="Stufe").first).to_contain_text("im Entwurf")


def test_an_alarm_is_told_in_the_list_and_at_the_source(page: Page, twin_url: str, ask: Ask) -> None:
    alarm = {"en": "There have been no new observations since yesterday.", "de": "Seit gestern nichts Neues."}
    listed = [
        one | {"status": "stale", "alarm": alarm} if one["id"] == "loop-counts" else one
        for one in ask("sources")
    ]
    page.route("**/api/sources", lambda route: route.fulfill(json=listed))
    open_page(page, twin_url, "sources/loop-counts?lang=en&theme=dark")
    expect(page.locator("tr", has_text=alarm["en"])).to_be_visible()
    expect(page.get_by_role("alert")).to_contain_text(f"Needs attention: {alarm['en']}")
    expect(page.locator("#main dl").first).to_contain_text("stale")
    switch(page, "dark", "de")
    expect(page.get_by_role("alert")).to_contain_text(alarm["de"])
    violations = Axe().run(page, options=RULES).response["violations"]
    assert not {one["id"]: where(one) for one in violations}


def test_what_breaks_is_asked_for_on_demand_only(page: Page, twin_url: str, ask: Ask) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if "/impact" in request.url else None)
    open_page(page, twin_url, "sources/loop-counts?lang=en")
    summary = page.get_by_text("What breaks if this source stops")
    expect(summary).to_be_visible()
    assert not asked
    summary.click()
    impact, found = ask("sources/loop-counts/impact"), page.locator("details", has=summary)
    for part in ("models", "scenarios", "layers"):
        assert impact[part]
        for one in impact[part]:
            expect(found).to_contain_text(one["title"]["en"])
    expect(found).to_contain_text("its calibration grows old")
    assert len(asked) == 1
    violations = Axe().run(page, options=RULES).response["violations"]
    assert not {one["id"]: where(one) for one in violations}


def test_a_file_can_be_handed_over_and_its_faults_are_named(
    page: Page, twin_url: str, tmp_path: Path
) -> None:
    sample = (CITY / "samples" / "areas" / "fragility.csv").read_text(encoding="utf-8").splitlines()
    broken = sample[1].rsplit(",", 1)[0] + ",much"
    file = tmp_path / "fragility.csv"
    file.write_text("\n".join([sample[0], broken, *sample[2:-1]]) + "\n", encoding="utf-8")
    open_page(page, twin_url, "sources/fragility?lang=en")
    page.get_by_text("Hand a file over").click()
    page.get_by_label("File", exact=True).set_input_files(file)
    page.get_by_label("Your department").fill("Statistics office")
    page.get_by_role("button", name="Examine the file").click()
    expect(page.locator("#main").get_by_text("examined, not released")).to_be_visible()
    expect(page.get_by_text("much", exact=False).first).to_be_visible()
    counts = page.locator("details dl")
    expect(counts).to_contain_text("Refused")
    expect(page.get_by_role("button", name="Release")).to_be_visible()


def test_a_file_that_the_twin_does_not_know_is_understood(page: Page, twin_url: str, tmp_path: Path) -> None:
    """What its columns would become, and the two files that bring it in; nothing is kept."""
    file = tmp_path / "dust.csv"
    file.write_text("site;date;PM10;lat;lon\nA;2025-01-03;12,5;44.49;11.34\nB;2025-01-03;22,5;44.50;11.35\n")
    open_page(page, twin_url, "sources?lang=en")
    page.get_by_text("A new source from a file").click()
    page.get_by_label("File with some rows").set_input_files(file)
    page.get_by_role("button", name="Propose how it comes in").click()
    found = page.locator("details[open]")
    expect(found.get_by_role("row", name=re.compile("^PM10 number 100"))).to_contain_text("pm10")
    for name in ("sources", "mappings"):
        with page.expect_download() as saved:
            found.get_by_role("button", name=f"Save {name}/dust.toml").click()
        assert saved.value.suggested_filename == f"{name}-dust.toml"


def test_a_page_can_be_embedded_without_chrome(page: Page, twin_url: str) -> None:
    page.goto(f"{twin_url}/embed/map?lang=en&theme=dark")
    expect(page.locator(".kpi").first).to_be_visible()
    page.wait_for_selector("#map[data-state=ready]")
    assert page.locator("header, nav").count() == 0


def signed_in_as(page: Page, ask: Ask, **changes: object) -> None:
    """The page hears another answer to who looks at it: the demo itself asks nobody."""
    me = ask("identity/me") | {"mode": "required", **changes}
    page.route("**/api/identity/me", lambda route: route.fulfill(json=me))


def test_on_a_single_machine_nobody_is_asked_to_sign_in(page: Page, twin_url: str, ask: Ask) -> None:
    assert ask("identity/me")["mode"] == "machine"
    with page.expect_response("**/api/identity/me"):
        open_page(page, twin_url, "models?lang=en")
    assert page.get_by_role("link", name="Sign in").count() == 0
    assert page.get_by_role("button", name="Sign out").count() == 0


def test_a_stranger_is_led_to_the_sign_in_page_and_back(page: Page, twin_url: str, ask: Ask) -> None:
    signed_in_as(page, ask, known=False, proof="none")
    open_page(page, twin_url, "sources/loop-counts?lang=en&theme=light")
    link = page.get_by_role("link", name="Sign in")
    expect(link).to_have_attribute(
        "href", re.compile(r"^/api/identity/login\?next=%2F%23%2Fsources%2Floop-counts%3F")
    )
    for theme in THEMES:
        switch(page, theme, "de")
        assert set(overflow(page).values()) == {0}
        violations = Axe().run(page, options=RULES).response["violations"]
        assert not {one["id"]: where(one) for one in violations}


def test_whoever_has_signed_in_sees_their_name_and_can_leave(page: Page, twin_url: str, ask: Ask) -> None:
    signed_in_as(page, ask, known=True, proof="session", id="anna@city.example", name="Anna Rossi")
    open_page(page, twin_url, "sources/loop-counts?lang=en&theme=light")
    expect(page.get_by_role("banner")).to_contain_text("Anna Rossi")
    assert page.get_by_role("link", name="Sign in").count() == 0
    assert set(overflow(page).values()) == {0}
    violations = Axe().run(page, options=RULES).response["violations"]
    assert not {one["id"]: where(one) for one in violations}
    page.route("**/api/identity/logout", lambda route: route.fulfill(status=204))
    with page.expect_request("**/api/identity/logout") as left, page.expect_event("load"):
        page.get_by_role("button", name="Sign out").click()
    assert left.value.method == "POST"


NOTED = {
    "number": 7, "at": "2026-01-02T03:04:05Z", "before": "", "hash": "",
    "words": {"it": "contratto concluso", "de": "Vertrag geschlossen", "en": "contract concluded"},
    "event": {
        "act": "done", "operation": "negotiation.finalize", "reason": "",
        "subject": "did:web:leipzig.example%3A8441", "target": "urn:uuid:3f2a1b9c-1111-4222-8333-123456789abc",
    },
}  # fmt: skip


def test_the_log_speaks_in_words_and_keeps_names_and_ids_behind(page: Page, twin_url: str) -> None:
    answer = {"entries": [NOTED], "next": None}
    page.route("**/api/admin/audit*", lambda route: route.fulfill(json=answer))
    open_page(page, twin_url, "governance/audit")
    row = page.locator("main tbody tr")
    expect(row).to_contain_text("contract concluded")
    expect(row).to_contain_text("leipzig.example:8441")
    expect(row.get_by_text("negotiation.finalize")).not_to_be_visible()
    row.locator("summary").click()
    for name in (NOTED["event"]["operation"], NOTED["event"]["target"], NOTED["event"]["subject"]):
        expect(row.locator("dd", has_text=name)).to_be_visible()


HYPHENS = r"""() => (document.querySelector('main').innerText.match(/(?:^|[\s(])-\d[\d.,]*/gm) ?? [])"""


def test_numbers_below_nought_have_a_true_minus(page: Page, twin_url: str, run_id: str) -> None:
    open_page(page, twin_url, f"compare?with={run_id}")
    expect(page.locator("main")).to_contain_text("−")
    assert page.evaluate(HYPHENS) == []
