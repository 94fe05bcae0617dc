"""The tutorial on a new city quotes the second city's own files, and its first commands work."""

import re
import shlex
from pathlib import Path

import pytest
from typer.testing import CliRunner

from sympolis.cli.verbs import app

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/tutorials/bring-your-own-city.md").read_text(encoding="utf-8")
QUOTED = re.compile(r"From\s+`([^`]+)`:\n\n```(?:toml|python)\n(.*?)```", re.DOTALL)
COMMANDS = re.compile(r"```sh\n(.*?)```", re.DOTALL)
NAMED = re.compile(r"`((?:cities|pipeline|contexts|dashboards|samples)/[\w./-]+)`")


def test_what_is_quoted_is_so() -> None:
    quotes = QUOTED.findall(PAGE)
    assert len(quotes) == len(re.findall("```(?:toml|python)", PAGE))
    for file, text in quotes:
        assert text in (ROOT / "cities/leipzig" / file).read_text(encoding="utf-8"), file


def test_files_that_are_named_exist() -> None:
    named = {name for name in NAMED.findall(PAGE) if not name.endswith("/")}
    assert named
    places = [(ROOT / name, ROOT / "cities/leipzig" / name) for name in named]
    assert [str(one) for one, other in places if not (one.exists() or other.exists())] == []


def test_the_first_commands_work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for line in "".join(COMMANDS.findall(PAGE)).strip().splitlines():
        result = CliRunner().invoke(app, shlex.split(line)[1:])
        assert result.exit_code == 0, result.output
    assert (tmp_path / "leipzig" / "city.toml").is_file()
