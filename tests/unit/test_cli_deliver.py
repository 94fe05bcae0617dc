"""`sympolis source deliver`: remarks in the sender's language, and what becomes of `--marked`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from typer.testing import CliRunner

from sympolis.cli import source
from sympolis.cli.output import NO
from sympolis.cli.verbs import app

MARKED = "/api/sources/budget/handovers/1/marked"


class FakeTwin:
    """Answers as a twin does that has found one wrong cell."""

    def __init__(self, marked_copy: str | None) -> None:
        self._marked_copy = marked_copy

    def upload(self, path: str, content: bytes, media: str) -> dict[str, Any]:
        problem = {
            "row": 2,
            "field": "places",
            "message": "-3",
            "expected": "0 to 9",
            "remark": "Atteso: 0–9.",
        }
        return {
            "id": "1",
            "state": "checked",
            "counts": {"read": 2, "refused": 1},
            "problems": [problem],
            "problem": None,
            "marked_copy": self._marked_copy,
        }

    def raw(self, method: str, path: str, *, headers: dict[str, str]) -> SimpleNamespace:
        assert (method, path) == ("GET", MARKED)
        return SimpleNamespace(body=b"a workbook")


@pytest.mark.parametrize("copy", [MARKED, None])
def test_a_marked_copy_is_written_or_its_absence_told(
    copy: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    @contextmanager
    def connect(_: object) -> Iterator[FakeTwin]:
        yield FakeTwin(copy)

    monkeypatch.setattr(source, "connect", connect)
    sent, to = tmp_path / "plan.csv", tmp_path / "checked.csv"
    sent.write_text("street,places\nVia A,-3\n")
    done = CliRunner().invoke(
        app, ["source", "deliver", "budget", str(sent), "--sender", "me", "--lang", "it", "--marked", str(to)]
    )
    assert done.exit_code == NO
    assert "Atteso: 0–9." in done.stdout
    assert to.exists() == (copy is not None)
    assert ("is not written" in done.stderr) == (copy is None)
