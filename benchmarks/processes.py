"""What a process tree costs: CPU seconds and resident memory, read from /proc (Linux)."""

from __future__ import annotations

import os
from pathlib import Path

TICKS_PER_S = os.sysconf("SC_CLK_TCK")
PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")


def cpu_s(root: int) -> float:
    """CPU seconds (user and system) of a process and its descendants, those that ended included."""
    return sum(_ticks(pid) for pid in _tree(root)) / TICKS_PER_S


def resident_mb(root: int) -> float:
    """Resident memory of a process and its living descendants, in MB (10⁶ bytes)."""
    pages = (int(_read(pid, "statm").split()[1]) for pid in _tree(root))
    return sum(pages) * PAGE_BYTES / 1e6


def resident_by_kind_mb(root: int) -> dict[str, float]:
    """The same by what it is: memory of its own (``anon``), pages of files (``file``), shared memory (``shmem``)."""
    kinds = {"RssAnon": "anon", "RssFile": "file", "RssShmem": "shmem"}
    found = dict.fromkeys(kinds.values(), 0.0)
    for pid in _tree(root):
        for line in _read(pid, "status").splitlines():
            name, _, value = line.partition(":")
            if name in kinds:
                found[kinds[name]] += int(value.split()[0]) * 1024 / 1e6
    return found


def _tree(root: int) -> list[int]:
    parents = {}
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit() and (fields := _stat(int(folder.name))):
            parents[int(folder.name)] = int(fields[1])
    tree = [root]
    for pid in tree:
        tree.extend(child for child, parent in parents.items() if parent == pid)
    return tree


def _ticks(pid: int) -> int:
    fields = _stat(pid)
    return sum(int(fields[index]) for index in (11, 12, 13, 14)) if fields else 0


def _stat(pid: int) -> list[str]:
    """The fields of /proc/PID/stat after the command's name: state, parent, …; empty once the process is gone."""
    return _read(pid, "stat").rpartition(")")[2].split()


def _read(pid: int, name: str) -> str:
    try:
        return Path(f"/proc/{pid}/{name}").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return ""
