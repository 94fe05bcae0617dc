"""People, keys and the audit log of a data folder, from the command line: with or without a server that has it open."""

from __future__ import annotations

import getpass
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

from sympolis.app.governing import open_directory, open_trail
from sympolis.app.moving import broker_folder, is_broker
from sympolis.app.twin import data_folder
from sympolis.city import governing, package
from sympolis.domain import errors
from sympolis.governance.audit.record import Act, Entry, Event, Head
from sympolis.governance.audit.verification import Finding, verify
from sympolis.governance.identity.accounts import Accounts
from sympolis.governance.roles.table import RoleTable, default_table
from sympolis.settings import Settings

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Place:
    """A data folder and the roles that there are in it."""

    settings: Settings
    folder: Path
    roles: RoleTable


def place_of(settings: Settings, *, city_named: bool = False, broker: bool = False) -> Place:
    """The data folder of the settings: a broker's where it is said or nothing else is there, else the city's.

    Raises ``SettingsInvalid`` where the store keeps nothing, ``CityPackageInvalid``.
    """
    if settings.store == "memory":
        raise errors.SettingsInvalid("a store in memory keeps no people", where="store")
    if broker or (not city_named and is_broker(settings)):
        return Place(settings, broker_folder(settings), default_table())
    roles = governing.load(package.locate(settings.city)).roles
    return Place(settings, data_folder(settings), roles)


def administer(place: Place, operation: str, target: str, work: Callable[[Accounts], T]) -> T:
    """Do something to people or keys, and write it into the audit log."""
    with _accounts(place) as accounts:
        done = work(accounts)
        trail = open_trail(place.settings, place.folder)
        try:
            event = Event(Act.ADMINISTERED, f"local:{getpass.getuser()}", operation, target)
            trail.append([(event, datetime.now(UTC))])
        finally:
            trail.close()
        return done


def look_up(place: Place, work: Callable[[Accounts], T]) -> T:
    """Read people or keys."""
    with _accounts(place) as accounts:
        return work(accounts)


def verify_audit(place: Place, noted: Head | None = None) -> tuple[Finding, Head | None]:
    """Whether the audit log is whole, by the head kept beside it and by one that was ``noted`` elsewhere; that head.

    Raises ``NotFound`` where there is no log.
    """
    trail = open_trail(place.settings, _existing(place))
    try:
        kept = trail.head()  # before the entries: a server may be writing more
        return verify(trail.entries(), [head for head in (kept, noted) if head is not None]), kept
    finally:
        trail.close()


def list_audit(place: Place, *, limit: int, subject: str | None, act: str | None) -> list[Entry]:
    """The newest entries of the audit log, newest first. Raises ``NotFound`` where there is none."""
    trail = open_trail(place.settings, _existing(place))
    try:
        return trail.page(before=None, limit=limit, subject=subject, act=act)
    finally:
        trail.close()


def _existing(place: Place) -> Path:
    if not (place.folder / "audit").is_dir():
        raise errors.NotFound(
            "there is no audit log here", where=str(place.folder), hint="name the folder with --data"
        )
    return place.folder


@contextmanager
def _accounts(place: Place) -> Iterator[Accounts]:
    directory = open_directory(place.settings, place.folder)
    try:
        yield Accounts(directory, place.roles)
    finally:
        directory.close()
