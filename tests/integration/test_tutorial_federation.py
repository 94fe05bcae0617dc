"""The tutorial on joining two twins, word by word: its file is written, its servers started, its commands run."""

from __future__ import annotations

import re
import shlex
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from typer.testing import CliRunner

from sympolis.cli.verbs import app

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs/tutorials/join-two-twins.md"
STEP = re.compile(r"write `([^`]+)`:\n\n```toml\n(.*?)```|```(sh|serve)\n(.*?)```", re.DOTALL)
WORD = re.compile(r"--invitation (\S+)")


def free_ports() -> tuple[int, int]:
    with socket.socket() as one, socket.socket() as other:
        one.bind(("127.0.0.1", 0))
        other.bind(("127.0.0.1", 0))
        return one.getsockname()[1], other.getsockname()[1]


@contextmanager
def serving(line: str, place: Path) -> Iterator[None]:
    """A server that accepts requests, until the end."""
    command = [sys.executable, "-m", *shlex.split(line)]
    with subprocess.Popen(command, cwd=place, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None and "ready http://" in process.stdout.readline()
        try:
            yield
        finally:
            process.terminate()


def wait_until_ready(port: int) -> None:
    """The events of a start come as they come; /health/ready says 200 once it is over."""
    for _ in range(600):
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/health/ready", timeout=5):
                return
        except OSError:
            subprocess.run([sys.executable, "-c", ""], check=True)
    pytest.fail("the twin did not get ready")


def test_the_page_word_by_word(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    first, second = free_ports()
    page = PAGE.read_text(encoding="utf-8").replace("8501", str(first)).replace("8502", str(second))
    printed, word = "", ""
    with ExitStack() as servers:
        for file, content, kind, body in STEP.findall(page):
            if file:
                (tmp_path / file).parent.mkdir(exist_ok=True)
                (tmp_path / file).write_text(content, encoding="utf-8")
            for line in body.strip().splitlines():
                if kind == "serve":
                    servers.enter_context(serving(line, tmp_path))
                    continue
                done = CliRunner().invoke(app, shlex.split(line.replace("WORD", word))[1:])
                assert done.exit_code == 0, f"{line}\n{done.output}"
                printed += done.output
                word = found[1] if (found := WORD.search(done.output)) else word
            if kind == "serve":
                wait_until_ready(first)
                wait_until_ready(second)
    assert word and "partner" in printed and "Pedestrian counts" in printed
    steps = [line.partition(":")[0] for line in printed.splitlines()]
    assert [one for one in steps if one in ("discover", "negotiate", "transfer", "usage", "terminate")] == [
        "discover",
        "negotiate",
        "transfer",
        "usage",
        "terminate",
    ]
