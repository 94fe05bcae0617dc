"""Results on disk, keys, and the geometry of streets and areas."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from sympolis.domain import errors
from sympolis.domain.scenario import Override, Window
from sympolis.orchestration import files, member_files
from sympolis.orchestration.geometry import Places
from sympolis.plugins.simulator import Member, MemberResult

RESULT = MemberResult(("a", "b"), {"flow": [[1.0, float("nan")]]}, {"nox": 2.5}, ("odd",))


def test_a_member_comes_back_as_it_was(tmp_path: Path) -> None:
    member_files.save(tmp_path / "m", RESULT, cost_cpu_s=1.25)
    found = member_files.load(tmp_path / "m")
    assert found is not None and member_files.exists(tmp_path / "m")
    assert (found.features, found.indicators, found.warnings) == (("a", "b"), {"nox": 2.5}, ("odd",))
    assert found.cost_cpu_s == 1.25
    np.testing.assert_array_equal(np.asarray(found.fields["flow"]), [[1.0, np.nan]])


@pytest.mark.parametrize("spoil", ["m.npz", "m.json"])
def test_a_spoilt_or_half_written_member_counts_as_missing(tmp_path: Path, spoil: str) -> None:
    member_files.save(tmp_path / "m", RESULT, cost_cpu_s=1.0)
    (tmp_path / spoil).write_bytes(b"\x00half")
    assert member_files.load(tmp_path / "m") is None
    (tmp_path / spoil).unlink()
    assert member_files.load(tmp_path / "m") is None and not member_files.exists(tmp_path / "m")


def test_a_result_of_the_wrong_shape_is_the_models_failure(tmp_path: Path) -> None:
    with pytest.raises(errors.ModelFailed, match="shape"):
        member_files.save(tmp_path / "m", MemberResult(("a",), {"flow": [[1.0, 2.0]]}, {}), cost_cpu_s=0)


def test_writing_leaves_nothing_half_done(tmp_path: Path) -> None:
    files.write(tmp_path / "deep" / "x", b"one")
    files.write(tmp_path / "deep" / "x", b"two")
    assert [path.name for path in (tmp_path / "deep").iterdir()] == ["x"]
    assert (tmp_path / "deep" / "x").read_bytes() == b"two"


def test_a_key_ignores_the_order_of_names_and_nothing_else() -> None:
    first = Member({"a": 1, "b": 2}, (Override("close", {"segments": ["x"]}),), Window(), 7)
    same = Member({"b": 2, "a": 1}, (Override("close", {"segments": ["x"]}),), Window(), 7)
    others = [
        Member({"a": 1, "b": 3}, first.overrides, Window(), 7),
        Member({"a": 1, "b": 2}, (), Window(), 7),
        Member({"a": 1, "b": 2}, first.overrides, Window(8, 10), 7),
        Member({"a": 1, "b": 2}, first.overrides, Window(), 8),
        Member({"a": 1, "b": 2}, first.overrides, Window(), 7, {"scale": 1.1}),
        Member({"a": 1, "b": 2}, first.overrides, Window(), 7, mode="job"),
    ]
    assert files.key(first) == files.key(same)
    assert len({files.key(first), *map(files.key, others)}) == 7


def line(*positions: tuple[float, float]) -> dict[str, object]:
    return {"type": "LineString", "coordinates": [list(position) for position in positions]}


def square(west: float, south: float, east: float, north: float) -> dict[str, object]:
    ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
    return {"type": "Polygon", "coordinates": [ring]}


STREETS = Places(
    {
        "crossing": line((11.30, 44.50), (11.34, 44.50)),
        "inside": line((11.30, 44.505), (11.31, 44.505)),
        "border": line((11.32, 44.50), (11.3302, 44.50)),
    }
)


def test_a_street_counts_in_an_area_by_its_share_of_length() -> None:
    place = {feature: index for index, feature in enumerate(("inside", "crossing", "border"))}
    area = STREETS.area("urn:a", {"location": square(11.29, 44.49, 11.32, 44.51), "population": 3}, place)
    assert dict(zip(area.features.tolist(), area.share.tolist(), strict=True)) == {
        0: pytest.approx(1.0),
        1: pytest.approx(0.5),
    }, "a street that only touches the border is not in the area"
    kilometres = 0.01 * 111.195 * np.cos(np.radians(44.5))
    assert area.extent[area.features.tolist().index(0)] == pytest.approx(kilometres, rel=1e-3)
    assert (area.name, area.population, area.fragility) == (["urn", "a"][-1], 3.0, None)


def test_an_override_touches_streets_named_or_with_their_middle_inside() -> None:
    polygon = square(11.29, 44.49, 11.325, 44.51)
    named, drawn = Override("x", {"segments": ["border"]}), Override("x", {"polygon": polygon})
    assert STREETS.touched_by([named]) == ["border"]
    assert STREETS.touched_by([drawn]) == ["crossing", "inside"]
    assert STREETS.touched_by([drawn, named]) == ["crossing", "inside", "border"]


def test_a_city_without_streets_is_no_error() -> None:
    nothing = Places({})
    assert nothing.touched_by([Override("x", {"polygon": square(0, 0, 1, 1)})]) == []
    assert nothing.area("urn:a", {"location": square(0, 0, 1, 1)}, {}).features.size == 0
