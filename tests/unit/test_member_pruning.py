"""The library of members within bounds: the oldest unused go, what a run rests on stays."""

from __future__ import annotations

import os
from pathlib import Path

from sympolis.orchestration import member_files
from sympolis.orchestration.pruning import prune
from sympolis.plugins.simulator import MemberResult


def library(folder: Path, count: int) -> int:
    """Members ``00…``, ``01…``, each used a minute after the one before; the size of one."""
    for number in range(count):
        stem = folder / f"{number:02}" / f"{number:02}key"
        member_files.save(stem, MemberResult(("a",), {"flow": [[float(number)]]}, {"x": 1.0}), cost_cpu_s=1.0)
        os.utime(stem.with_suffix(".json"), (60.0 * number, 60.0 * number))
    return sum(path.stat().st_size for path in folder.glob("??/*")) // count


def left(folder: Path) -> list[str]:
    return sorted(path.name[:2] for path in folder.glob("??/*.npz"))


def test_the_oldest_go_first_and_what_runs_rest_on_stays(tmp_path: Path) -> None:
    one = library(tmp_path, 10)
    found = prune(tmp_path, {"00key", "02key"}, since=1e9, most_bytes=int(6.1 * one))
    assert left(tmp_path) == ["00", "02", "07", "08", "09"], "down to nine tenths of the bound"
    assert found.members == 5 and found.freed_bytes > 4 * one
    assert not list(tmp_path.glob("01/*"))


def test_within_the_bound_nothing_goes(tmp_path: Path) -> None:
    one = library(tmp_path, 4)
    assert prune(tmp_path, (), since=1e9, most_bytes=5 * one).members == 0
    assert len(left(tmp_path)) == 4


def test_what_was_used_since_a_run_began_stays(tmp_path: Path) -> None:
    library(tmp_path, 6)
    prune(tmp_path, (), since=120.0, most_bytes=1)
    assert left(tmp_path) == ["02", "03", "04", "05"]


def test_what_runs_rest_on_stays_beyond_any_bound(tmp_path: Path) -> None:
    library(tmp_path, 3)
    prune(tmp_path, {"00key", "01key", "02key"}, since=1e9, most_bytes=1)
    assert left(tmp_path) == ["00", "01", "02"]
