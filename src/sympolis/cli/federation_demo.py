"""`sympolis demo federation`: several cities on one machine, each a server of its own, that become partners.

Each city is a process with its own port, data folder, keys and identity, exactly as if it ran elsewhere; this process
starts them, introduces them to each other by invitation over their API, and stops them together.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
import tomllib
import webbrowser
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any, Final

from sympolis import settings
from sympolis.city import package
from sympolis.cli.broker import announce
from sympolis.cli.client import Client, OverHttp
from sympolis.cli.output import notes, screen, text
from sympolis.cli.serve import free_port
from sympolis.domain import errors

NAME: Final = "federation"
_FILE: Final = "federation.toml"
_PATIENCE_S: Final = 120.0
_READY: Final = "ready "
_STOP_S: Final = 15.0


@dataclass(slots=True)
class Member:
    """A city's server: ``address`` once it accepts requests."""

    city: str
    process: subprocess.Popen[str]
    address: str = ""

    @property
    def twin(self) -> Client:
        """Asks its API."""
        return Client(OverHttp(self.address))


def start(flags: Mapping[str, Any], *, open_browser: bool) -> None:
    """Run the demo until it is told to stop. Raises ``ModelFailed`` where a city's server ends early."""
    with running(flags) as members:
        introduce(members)
        _wait_until_ready(members)
        for one in members:
            announce(one.address)
        if open_browser and sys.stdout.isatty():
            for one in members:
                webbrowser.open(f"{one.address}/#/federation")
        _watch(members)


@contextlib.contextmanager
def running(flags: Mapping[str, Any]) -> Iterator[list[Member]]:
    """The cities' servers, accepting requests; stopped at the end, whatever happens."""
    members: list[Member] = []
    signal.signal(signal.SIGTERM, _leave)
    try:
        for city, port in _places(flags):
            members.append(Member(city, _spawn(city, port, flags)))
        for one in members:
            one.address = _address(one)
            screen.print(f"[bold]{text(_title(one))}[/] at [link={one.address}]{one.address}[/]")
        yield members
    finally:
        _stop(members)


def introduce(members: Sequence[Member]) -> None:
    """Make every two of them partners, by an invitation, where they are not yet."""
    for host, guest in combinations(members, 2):
        known = {one["base_url"] for one in guest.twin.get("/api/federation/partners")["partners"]}
        if host.address in known:
            continue
        made = host.twin.post("/api/federation/invitations", {"note": guest.city})
        added = guest.twin.post(
            "/api/federation/partners", {"base_url": host.address, "invitation": made["invitation"]}
        )
        screen.print(f"{text(_title(host))} ↔ {text(_title(guest))}: partners ({added['id']})")


def cities() -> list[str]:
    """The cities of the demo, as ``federation.toml`` beside the city packages names them."""
    for home in package.homes():
        path = home / _FILE
        if path.is_file():
            return list(tomllib.loads(path.read_text(encoding="utf-8"))["cities"])
    raise errors.CityPackageInvalid("there is no such file", where=_FILE, hint="it names the cities")


def _places(flags: Mapping[str, Any]) -> Iterator[tuple[str, int]]:
    """Each city and a port that is free now, from the port of the flags on."""
    port = flags.get("port") or settings.Settings().port
    for city in cities():
        port = free_port(port)
        yield city, port
        port += 1


def _spawn(city: str, port: int, flags: Mapping[str, Any]) -> subprocess.Popen[str]:
    given = {name: value for name, value in flags.items() if value is not None}
    chosen = {"forecasts": True, **given, "city": city, "port": port, "allow_loopback": True}
    environment = {**os.environ, **{settings.PREFIX + k.upper(): _word(v) for k, v in chosen.items()}}
    return subprocess.Popen(
        [sys.executable, "-m", "sympolis", "serve"],
        env=environment,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def _leave(*_: object) -> None:
    """SIGTERM ends the demo as Ctrl-C does: the cities' servers are stopped on the way out."""
    raise SystemExit(0)


def _word(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _address(member: Member) -> str:
    """Where it says that it accepts requests. Raises ``ModelFailed`` where it ends before."""
    assert member.process.stdout is not None
    for line in member.process.stdout:
        if line.startswith(_READY):
            threading.Thread(target=_drain, args=(member.process,), daemon=True).start()
            return line.removeprefix(_READY).strip()
    raise errors.ModelFailed(
        "the server ended before it accepted requests", where=member.city, hint="see its messages above"
    )


def _drain(process: subprocess.Popen[str]) -> None:
    assert process.stdout is not None
    with process.stdout as said:
        for _ in said:
            pass


def _title(member: Member) -> dict[str, str]:
    found: dict[str, str] = member.twin.get("/api/city")["title"]
    return found


def _wait_until_ready(members: Sequence[Member]) -> None:
    """Until every city has read its sources and run its baseline; each step is told as it comes."""
    told: dict[str, str] = {}
    waiting = list(members)
    while waiting:
        for one in list(waiting):
            found = one.twin.get("/api/city")
            step = found["readiness"]["step"]
            if told.get(one.city) != step:
                told[one.city] = step
                notes.print(f"{one.city}: {text(found['readiness']['text'])}")
            if found["ready"] or step == "failed":
                waiting.remove(one)
        _check_all_run(members)
        if waiting:
            time.sleep(0.5)


def _watch(members: Sequence[Member]) -> None:
    screen.print("stop with Ctrl-C")
    while True:
        _check_all_run(members)
        time.sleep(0.5)


def _check_all_run(members: Sequence[Member]) -> None:
    for one in members:
        if one.process.poll() is not None:
            raise errors.ModelFailed("the server has ended", where=one.city, hint="see its messages above")


def _stop(members: Sequence[Member]) -> None:
    for one in members:
        one.process.terminate()
    for one in members:
        try:
            one.process.wait(_STOP_S)
        except subprocess.TimeoutExpired:
            one.process.kill()
            one.process.wait()
