"""The tutorial, word by word: its commands are run, its edits made, and what it says they print is looked for."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from sympolis.cli.verbs import app

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs/tutorials/connect-your-first-source.md"
STEP = re.compile(
    r"```(\w+)\n(.*?)```|^In `([^`]+)`, change `([^`]+)` to `([^`]+)`\.$", re.DOTALL | re.MULTILINE
)


def steps() -> Iterator[tuple[str, ...]]:
    """What the page has its reader do, in order: ("sh", commands), ("text", lines), ("edit", file, old, new) …"""
    for found in STEP.finditer(PAGE.read_text(encoding="utf-8")):
        kind, body, file, old, new = found.groups()
        yield ("edit", file, old, new) if file else (kind, body)


def plain(text: str) -> str:
    return " ".join(re.sub(r"[–─│]", " ", text).split())


def test_a_stranger_can_follow_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    shown, done = "", 0
    for kind, *rest in steps():
        if kind == "csv":
            Path("parcheggi.csv").write_text(rest[0])
        elif kind == "sh":
            shown = ""
            for line in rest[0].strip().splitlines():
                words = shlex.split(line)
                assert words[0] == "sympolis"
                result = CliRunner().invoke(app, words[1:])
                assert result.exit_code == 0, f"{line}\n{result.output}"
                shown += plain(result.output) + "\n"
                done += 1
        elif kind == "text":
            missing = [line for line in rest[0].strip().splitlines() if plain(line) not in shown]
            assert missing == [], shown
        else:
            file, old, new = rest
            text = Path(file).read_text()
            assert text.count(old) == 1
            Path(file).write_text(text.replace(old, new))
    assert done >= 7
