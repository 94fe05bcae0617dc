"""`sympolis user` and `sympolis audit`, as somebody types them; and a server that does not start in the open."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import apsw
import pytest
from typer.testing import CliRunner

from sympolis.app.server import check_binding
from sympolis.cli.verbs import app
from sympolis.domain.errors import SettingsInvalid
from sympolis.settings import Settings


def run(data: Path, *words: str, code: int = 0, typed: str = "") -> Any:
    done = CliRunner().invoke(app, [*words, "--broker", "--data", str(data), "--format", "json"], input=typed)
    assert done.exit_code == code, done.output
    return json.loads(done.stdout) if code in (0, 1) and done.stdout.strip() else None


def test_a_person_and_a_machine_from_their_beginning_to_their_end(tmp_path: Path) -> None:
    run(tmp_path, "user", "add", "anna", "--role", "analyst", "--password", typed="correct horse battery\n")
    run(tmp_path, "user", "add", "anna", code=3)
    run(tmp_path, "user", "add", "ben", "--role", "king", code=2)
    run(tmp_path, "user", "roles", "anna", "planner", "analyst")
    key = run(tmp_path, "user", "key", "add", "anna", "--days", "3", "--role", "planner")
    assert key["key"].startswith("syk_")
    assert [one["id"] for one in run(tmp_path, "user", "key", "list")] == [key["id"]]
    assert run(tmp_path, "user", "key", "revoke", key["id"])["revoked_at"]
    assert run(tmp_path, "user", "disable", "anna")["disabled"] is True
    assert run(tmp_path, "user", "disable", "anna", "--enable")["disabled"] is False
    run(tmp_path, "user", "password", "anna", typed="another long sentence\n")
    [anna] = run(tmp_path, "user", "list")
    assert (anna["roles"], anna["has_password"]) == (["analyst", "planner"], True)
    done = [one["event"]["operation"] for one in run(tmp_path, "audit", "list")]
    assert done == [
        "user password", "user enable", "user disable", "key revoke", "key add", "user roles", "user add",
    ]  # fmt: skip


def test_a_log_that_was_touched_is_told_by_the_exit_code(tmp_path: Path) -> None:
    run(tmp_path, "audit", "verify", code=3)
    for name in ("anna", "ben", "eve"):
        run(tmp_path, "user", "add", name)
    assert run(tmp_path, "audit", "verify")["whole"] is True
    [file] = (tmp_path / "broker" / "audit").glob("*.sqlite")
    connection = apsw.Connection(str(file))
    connection.execute("DROP TRIGGER entry_stays; UPDATE entry SET body = replace(body, 'ben', 'bob')")
    connection.close()
    found = run(tmp_path, "audit", "verify", code=1)
    assert (found["whole"], found["broken"], found["file"]) == (False, 2, file.name)


def test_a_log_that_was_cut_is_told_by_its_head_and_by_one_noted_elsewhere(tmp_path: Path) -> None:
    for name in ("anna", "ben", "eve"):
        run(tmp_path, "user", "add", name)
    noted = run(tmp_path, "audit", "head")["head"]
    assert noted.startswith("3:") and run(tmp_path, "audit", "verify", "--head", noted)["whole"] is True
    [file] = (tmp_path / "broker" / "audit").glob("*.sqlite")
    connection = apsw.Connection(str(file))
    connection.execute("DROP TRIGGER entry_remains; DELETE FROM entry WHERE number = 3")
    connection.close()
    assert run(tmp_path, "audit", "verify", code=1)["broken"] == 3
    (tmp_path / "broker" / "audit" / "head").unlink()
    assert run(tmp_path, "audit", "verify")["head"] is None
    assert run(tmp_path, "audit", "verify", "--head", noted, code=1)["broken"] == 3


def test_only_the_owner_may_read_the_files(tmp_path: Path) -> None:
    run(tmp_path, "user", "add", "anna")
    for file in ("identity/identity.sqlite", "audit/audit-000001.sqlite"):
        assert (tmp_path / "broker" / file).stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.5", "twin.city.example"])
def test_nobody_is_let_in_from_elsewhere_unasked(host: str) -> None:
    with pytest.raises(SettingsInvalid, match="other machines") as found:
        check_binding(Settings(host=host))
    assert "--identity required" in found.value.hint
    for identity in ("required", "open"):
        check_binding(Settings(host=host, identity=identity))


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "localhost", "127.0.0.2"])
def test_one_s_own_machine_is_one_s_own(host: str) -> None:
    check_binding(Settings(host=host))
