"""A private PostgreSQL server for tests: made in a temporary folder, reached through a socket in it, gone at the end.

Needs the server's programs (Debian: ``postgresql`` and ``postgresql-15-postgis-3``). Without them tests are
skipped with the reason, unless ``SYMPOLIS_REQUIRE_POSTGRES=1`` says that this machine must have them.
"""

from __future__ import annotations

import atexit
import itertools
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any

import pytest

_USER = "sympolis"
_PORT = "5432"  # names the socket only: nothing listens on the network
_numbers = itertools.count(1)


class PrivateServer:
    """A server of one's own. ``settings`` are further lines of its configuration."""

    def __init__(self, *settings: str) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="sympolis-pg-"))
        self.data = self.folder / "data"
        self._programs = _programs()
        self._as: dict[str, Any] = _other_user()
        if self._as:
            shutil.chown(self.folder, *self._as.values())
        self._settings = ("listen_addresses=''", f"unix_socket_directories='{self.folder}'", *settings)
        self.running = False
        atexit.register(self.remove)

    @property
    def url(self) -> str:
        """The address of its database."""
        return f"postgresql://{_USER}@/postgres?host={self.folder}"

    def fresh_url(self) -> str:
        """The address of a schema that no one has used."""
        return f"{self.url}&schema=test_{os.getpid()}_{next(_numbers)}"

    def create(self) -> None:
        """Make the data folder and start."""
        self._run(
            "initdb", "-D", self.data, "-U", _USER, "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync"
        )
        with (self.data / "postgresql.conf").open("a") as file:
            file.writelines(f"{line}\n" for line in self._settings)
        self.start()

    def copy_of(self, primary: PrivateServer) -> None:
        """Become a streaming standby of ``primary`` and start."""
        self._run(
            "pg_basebackup", "-h", primary.folder, "-U", _USER, "-D", self.data, "-R", "-c", "fast", "-N"
        )
        with (self.data / "postgresql.conf").open("a") as file:
            file.writelines(f"{line}\n" for line in self._settings)
        self.start()

    def sql(self, statement: str, database: str = "postgres") -> str:
        """Do something as its administrator; what psql prints."""
        found = subprocess.run(  # noqa: S603 — our own arguments
            [str(self._programs / "psql"), "-h", str(self.folder), "-U", _USER, "-AtXq", "-c", statement, database],
            capture_output=True, text=True, check=True,
        )  # fmt: skip
        return found.stdout.strip()

    def start(self) -> None:
        """Start, and wait until it accepts connections."""
        self._control("start", "-l", str(self.folder / "log"))
        self.running = True

    def stop(self, mode: str = "fast") -> None:
        """Stop, as an administrator does: ``fast`` ends all sessions."""
        self._control("stop", "-m", mode)
        self.running = False

    def kill(self) -> None:
        """Take away the server's processes without a word, as a power cut does."""
        os.kill(self._process(), signal.SIGSTOP)  # no more children
        processes = (*self._children(), self._process())
        for process in processes:
            os.kill(process, signal.SIGKILL)
        while any(map(_alive, processes)):
            time.sleep(0.01)
        for lock in (self.data / "postmaster.pid", self.folder / f".s.PGSQL.{_PORT}.lock"):
            lock.unlink()  # where nobody buries the dead, the server would believe in them
        self.running = False

    def kill_one_session(self) -> None:
        """Take away one session's process: the server ends all sessions and recovers."""
        for _ in range(3000):  # a client that has just lost its session may not have the next one yet
            for process in filter(_is_session, self._children()):
                with suppress(ProcessLookupError):
                    os.kill(process, signal.SIGKILL)
                    return
            time.sleep(0.01)
        raise AssertionError("no client has opened a session within 30 s")

    def _process(self) -> int:
        return int((self.data / "postmaster.pid").read_text().split()[0])

    def _children(self) -> list[int]:
        process = self._process()
        return [int(one) for one in Path(f"/proc/{process}/task/{process}/children").read_text().split()]

    def remove(self) -> None:
        """Stop and delete."""
        if self.running:
            self.stop("immediate")
        shutil.rmtree(self.folder, ignore_errors=True)

    def _control(self, action: str, *options: str) -> None:
        self._run("pg_ctl", "-D", self.data, "-w", "-s", *options, action)

    def _run(self, program: str, *arguments: object) -> None:
        command = [str(self._programs / program), *map(str, arguments)]
        with (self.folder / f"{program}.out").open("a") as out:  # not a pipe: the server would hold it open
            found = subprocess.run(  # noqa: S603 — our own arguments
                command, stdout=out, stderr=out, cwd=self.folder, check=False, **self._as
            )
        assert found.returncode == 0, self._said(program)

    def _said(self, program: str) -> str:
        files = (self.folder / name for name in (f"{program}.out", "log"))
        return "\n".join(file.read_text()[-3000:] for file in files if file.exists())


@cache
def server() -> PrivateServer:
    """The server that all tests of this process share. Skips the calling test where there is none to be had.

    It does not flush to disk: what is tested with it are answers, not durability.
    """
    require()
    found = PrivateServer(
        "fsync=off", "synchronous_commit=off", "full_page_writes=off", "max_connections=200"
    )
    found.create()
    return found


def require() -> None:
    """Skip (or, with ``SYMPOLIS_REQUIRE_POSTGRES=1``, fail) where PostgreSQL's programs or PostGIS are missing."""
    try:
        missing = (
            "" if _postgis(_programs()) else "PostGIS is not installed (Debian: postgresql-15-postgis-3)"
        )
    except FileNotFoundError as error:
        missing = str(error)
    if missing and os.environ.get("SYMPOLIS_REQUIRE_POSTGRES") == "1":
        pytest.fail(missing)
    if missing:
        pytest.skip(missing)


def _is_session(process: int) -> bool:
    try:
        return b"[local]" in Path(f"/proc/{process}/cmdline").read_bytes()
    except OSError:  # gone since it was listed
        return False


def _alive(process: int) -> bool:
    """Whether a process still holds anything: one that only waits to be buried does not."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except (FileNotFoundError, ProcessLookupError):
        return False


def _programs() -> Path:
    """The folder of the newest server's programs. Raises ``FileNotFoundError``."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: float(path.parts[-3]))
    on_path = shutil.which("initdb")
    if not found and on_path is None:
        raise FileNotFoundError("PostgreSQL is not installed (Debian: apt-get install postgresql)")
    return found[-1].parent if found else Path(str(on_path)).resolve().parent


def _postgis(programs: Path) -> bool:
    config = subprocess.run(  # noqa: S603 — our own arguments
        [str(programs / "pg_config"), "--sharedir"], capture_output=True, text=True, check=True
    )
    return (Path(config.stdout.strip()) / "extension" / "postgis.control").exists()


def _other_user() -> dict[str, Any]:
    """PostgreSQL refuses to run as root: then it runs as the user that its package made."""
    if os.getuid() != 0:
        return {}
    try:
        account = pwd.getpwnam("postgres")
    except KeyError:
        pytest.skip("PostgreSQL does not run as root, and there is no user postgres")
    return {"user": account.pw_uid, "group": account.pw_gid}
