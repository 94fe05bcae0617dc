"""Packages of strangers: what is no package, is not what was signed, leads elsewhere or swells, is refused."""

from __future__ import annotations

import asyncio
import io
import json
import zipfile
from pathlib import Path
from typing import Any

import pytest

from sympolis.city.assets import contracts, overlay
from sympolis.city.declarations import decode, document_of, encode
from sympolis.dataspace.credentials.keys import KeyRing
from sympolis.dataspace.records import MemoryRecords
from sympolis.dataspace.repository.bill import read_bill
from sympolis.dataspace.repository.checks import Evidence, checks, judge, tier_of
from sympolis.dataspace.repository.desk import AssetDesk, Ours
from sympolis.dataspace.repository.draft import Component, Draft
from sympolis.dataspace.repository.kinds import Kind
from sympolis.dataspace.repository.listing import read_listing
from sympolis.dataspace.repository.manifest import split_id
from sympolis.dataspace.repository.package import BILL, MANIFEST, README, WORD, Package, read_package
from sympolis.dataspace.repository.rating import rate, read_rating, wilson
from sympolis.domain import errors

DID = "did:web:town.example"
LONG = "A service that answers what would change if driving into the centre cost money at all hours."
STORY = {"id": "walk", "title": {"en": "A walk"}, "steps": [{"title": {}, "text": {}, "view": "map"}]}


def draft(**change: Any) -> Draft:
    whole: dict[str, Any] = {
        "kind": Kind.STORY,
        "name": "walk",
        "title": {"en": "A walk", "de": "Ein Gang"},
        "description": {"en": LONG},
        "licence": "CC-BY-4.0",
        "content": {"stories/walk.json": json.dumps(STORY).encode()},
        "readme": "# A walk",
        **change,
    }
    return Draft(**whole)


def desk(folder: Path) -> AssetDesk:
    records = MemoryRecords()
    return AssetDesk(records, folder, Ours(KeyRing(records), lambda: DID))


def published(folder: Path, **change: Any) -> bytes:
    own = desk(folder)
    return own.body(asyncio.run(own.publish(draft(**change), by="ada")))


def again(body: bytes, *, leave_out: str = "", **files: bytes) -> bytes:
    """The package with other files; members are named by ``/`` for ``__``."""
    named = {name.replace("__", "/"): one for name, one in files.items()}
    out = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(body)) as given,
        zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as bundle,
    ):
        for name in given.namelist():
            if name not in named and name != leave_out:
                bundle.writestr(name, given.read(name))
        for name, one in named.items():
            bundle.writestr(name, one)
    return out.getvalue()


def test_what_was_published_is_read_again_as_it_was(tmp_path: Path) -> None:
    found = read_package(published(tmp_path))
    assert found.manifest.id == "story.walk" and found.manifest.version == "1.0.0"
    assert found.content == draft().content and found.readme == "# A walk"


@pytest.mark.parametrize(
    "name", ["../../etc/passwd", "/etc/passwd", "content/../x", "content/stories/other.json", "a"]
)
def test_a_file_that_the_manifest_does_not_name_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(errors.BadRequestData, match="has no place in it"):
        read_package(again(published(tmp_path), **{name: b"x"}))


@pytest.mark.parametrize(
    "place", ["../x.json", "a/../../x", "/x", "a//b", "content\\x", ".hidden", "a/b/c/d/e", "x\n"]
)
def test_no_manifest_names_a_path_that_leads_elsewhere(tmp_path: Path, place: str) -> None:
    with pytest.raises(errors.BadRequestData):
        published(tmp_path, content={place: b"x"})


@pytest.mark.parametrize("name", [MANIFEST, WORD, README, "content/stories/walk.json"])
def test_a_file_that_is_missing_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(errors.BadRequestData):
        read_package(again(published(tmp_path), leave_out=name))


@pytest.mark.parametrize("name", ["README.md", "content/stories/walk.json"])
def test_a_file_that_is_not_what_was_signed_is_refused(tmp_path: Path, name: str) -> None:
    body = published(tmp_path)
    with zipfile.ZipFile(io.BytesIO(body)) as given:
        spoilt = given.read(name)[:-1] + b"!"
    with pytest.raises(errors.BadRequestData):
        read_package(again(body, **{name: spoilt}))


def test_a_bomb_does_not_go_off(tmp_path: Path) -> None:
    bomb = again(published(tmp_path), **{README: b"0" * (70 << 20)})
    assert len(bomb) < 1 << 20
    with pytest.raises(errors.PayloadTooLarge):
        read_package(bomb)


def test_the_same_name_twice_is_refused(tmp_path: Path) -> None:
    out = io.BytesIO(published(tmp_path))
    with zipfile.ZipFile(out, "a") as bundle, pytest.warns(UserWarning, match="Duplicate"):
        bundle.writestr(README, b"# A walk")
    with pytest.raises(errors.BadRequestData):
        read_package(out.getvalue())


@pytest.mark.parametrize("body", [b"", b"PK", b"PK\x05\x06" + bytes(18), b"\x00" * 1000])
def test_what_is_no_zip_is_refused(body: bytes) -> None:
    with pytest.raises(errors.BadRequestData):
        read_package(body)


@pytest.mark.parametrize(
    "asset", ["", "story", "song.x", "story.", "story.a/b", "story.../x", "story." + 90 * "a"]
)
def test_what_is_no_id_is_not_found(asset: str) -> None:
    with pytest.raises(errors.NotFound):
        split_id(asset)


def test_a_partner_s_list_misleads_about_itself_at_most() -> None:
    one = {"id": "story.walk", "version": "1.0.0", "title": {"en": "x\u0000y"}, "tier": "platinum",
           "adoptions": -5, "rating": {"runs": 3, "succeeded": 9}, "publisher": "did:web:somebody.else"}  # fmt: skip
    found = read_listing(one, DID)
    assert found is not None
    assert (found["tier"], found["adoptions"], found["rating"], found["publisher"]) == (
        "listed",
        0,
        None,
        DID,
    )
    assert found["title"] == {"en": "xy"}
    assert read_listing({**one, "id": "../x"}, DID) is None
    assert read_listing({**one, "version": "1.0"}, DID) is None


# --- tiers and ratings


def package(folder: Path, **change: Any) -> Package:
    return read_package(published(folder, **change))


def test_tiers_follow_from_checks(tmp_path: Path) -> None:
    whole = package(tmp_path)
    assert judge(whole, Evidence(signed=True, mistakes=[])).tier == "silver"
    assert judge(whole, Evidence(signed=True, mistakes=[], adoptions=1)).tier == "gold"
    assert judge(whole, Evidence(signed=True, mistakes=["x"], adoptions=1)).tier == "bronze"
    assert judge(whole, Evidence(signed=False, mistakes=[], adoptions=1)).tier == "listed"
    odd = package(tmp_path / "odd", licence="LicenseRef-Odd")
    assert judge(odd, Evidence(signed=True, mistakes=[])).tier == "listed"


def test_what_runs_needs_a_bill_with_versions_and_licences_and_runs(tmp_path: Path) -> None:
    content = {"services/x.json": b"{}"}
    parts = (Component(name="numpy", version="2.0", licence="BSD-3-Clause"),)
    good = package(tmp_path, kind=Kind.SERVICE, name="x", content=content, components=parts)
    assert {one["name"] for one in read_bill(good.bill)} == {"services/x.json", "numpy"}
    assert judge(good, Evidence(signed=True, mistakes=[], adoptions=1)).tier == "silver"
    runs = rate([(True, 2.0)] * 9 + [(False, None)])
    assert judge(good, Evidence(signed=True, mistakes=[], adoptions=1, rating=runs)).tier == "gold"
    odd = package(
        tmp_path / "o", kind=Kind.SERVICE, name="x", content=content, components=(Component(name="n"),)
    )
    assert judge(odd, Evidence(signed=True, mistakes=[])).tier == "bronze"


def test_every_check_speaks_three_languages_and_names_a_tier() -> None:
    for one in checks():
        assert set(one.title) == set(one.todo) == {"it", "de", "en"}
    assert tier_of({one.id: True for one in checks()}) == "gold"
    assert tier_of({one.id: None for one in checks()}) == "gold", "what does not apply is no obstacle"


def test_few_runs_prove_little() -> None:
    assert wilson(3, 3)[0] == pytest.approx(0.4385, abs=1e-4)  # Wilson's interval, by hand: 1 / (1 + z²/3)
    found = rate([(True, 1.0), (True, 3.0), (False, 100.0)])
    assert found is not None and (found.runs, found.succeeded, found.median_s) == (3, 2, 2.0)
    assert rate([]) is None and read_rating({"runs": "many"}) is None


# --- content


def test_declarations_are_only_those_of_their_kind() -> None:
    with pytest.raises(errors.BadRequestData, match="brings no such file"):
        contracts.declarations(Kind.STORY, {"services/x.json": b"{}"})
    with pytest.raises(errors.BadRequestData, match="called otherwise"):
        contracts.declarations(Kind.STORY, {"stories/other.json": json.dumps(STORY).encode()})
    assert contracts.mistakes(Kind.STORY, {"stories/walk.json": b'{"id": "walk"}'}, {})
    assert contracts.mistakes(Kind.STORY, draft().content, {}) == []


def test_programs_are_parsed_and_never_run() -> None:
    assert contracts.mistakes(Kind.PIPELINE, {"a.py": b"def ("}, {})
    assert contracts.mistakes(Kind.PIPELINE, {"a.py": b"raise SystemExit"}, {}) == []
    assert contracts.mistakes(Kind.NOTEBOOK, {"a.ipynb": b"[]"}, {})
    deep = b"[" * 100_000
    assert contracts.mistakes(Kind.NOTEBOOK, {"a.ipynb": deep}, {})


def test_dates_survive_the_way_through_json() -> None:
    from sympolis.city import package as packages
    from sympolis.domain import reading

    [plan] = [one for one in packages.load("leipzig").dashboards if one.key_date]
    found: list[reading.Finding] = []
    assert reading.read(type(plan), decode(encode(document_of(plan)), "x"), "x", found) == plan and not found
    with pytest.raises(errors.BadRequestData):
        decode(b'{"a": {"@type": "xsd:date", "@value": "tomorrow"}}', "x")


def test_of_two_that_declare_the_same_the_first_counts() -> None:
    found = overlay.merged([{"stories": {"a": {"id": "a"}}}, {"stories": {"a": {"id": "b"}, "c": {}}}])
    assert found == {"stories": {"a": {"id": "a"}, "c": {}}}


def test_bill_is_named_only_where_something_runs(tmp_path: Path) -> None:
    with zipfile.ZipFile(io.BytesIO(published(tmp_path))) as given:
        assert BILL not in given.namelist()
