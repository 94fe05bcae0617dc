"""The table of roles as values: read from TOML, a city's own on top of the platform's."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any, Final, TypeVar

from sympolis.context.allowance import Allowance
from sympolis.domain import errors

N = TypeVar("N", int, float)

ANYONE: Final = "anyone"
ADMINISTRATOR: Final = "administrator"
EVERYTHING: Final = "*"
PUBLIC: Final = "public"
"""The right of operations that need none: is the server alive, its documentation, signing in."""


RUNNING: Final = "scenarios.run"
"""The right that a quota bounds."""


@dataclass(frozen=True, slots=True)
class Quota:
    """How much somebody with a role may have computed; None is no limit. See ``context.allowance.Allowance``."""

    runs: int | None = None
    cpu_s_per_day: float | None = None
    priority: int = 0


@dataclass(frozen=True, slots=True)
class Role:
    """What somebody with this role may do: ``rights`` by name, ``*`` for all; ``quota`` bounds what they run."""

    name: str
    title: Mapping[str, str]
    description: str
    rights: frozenset[str]
    quota: Quota = Quota()


@dataclass(frozen=True, slots=True)
class RoleTable:
    """All roles by name, and what each right means."""

    roles: Mapping[str, Role]
    rights: Mapping[str, str]

    def granted(self, names: Iterable[str]) -> frozenset[str]:
        """The rights of somebody with these roles; those of ``anyone`` always among them. Unknown roles give none."""
        found = self.roles[ANYONE].rights.union(
            *(self.roles[one].rights for one in names if one in self.roles)
        )
        return frozenset(self.rights) if EVERYTHING in found else found

    def allowance(self, who: str, names: Iterable[str]) -> Allowance:
        """How much somebody with these roles may have computed: the most that a role with the right to run gives."""
        quotas = [
            role.quota
            for name in {*names, ANYONE}
            if (role := self.roles.get(name)) and role.rights & {RUNNING, EVERYTHING}
        ]
        if not quotas:
            return Allowance(who, runs=0)
        return Allowance(
            who,
            runs=_most(one.runs for one in quotas),
            cpu_s_per_day=_most(one.cpu_s_per_day for one in quotas),
            priority=min(one.priority for one in quotas),
        )

    def check(self, names: Iterable[str], *, where: str = "roles") -> frozenset[str]:
        """These names, each that of a role to be given. Raises ``InvalidRequest``."""
        known = sorted(set(self.roles) - {ANYONE})
        for name in (wanted := frozenset(names)):
            if name not in known:
                raise errors.InvalidRequest(
                    f"{name!r} is no role", where=where, hint=f"known: {', '.join(known)}"
                )
        return wanted


def _most(limits: Iterable[N | None]) -> N | None:
    """The largest limit; None (no limit) is larger than any."""
    found = list(limits)
    return None if None in found else max(one for one in found if one is not None)


@cache
def default_table() -> RoleTable:
    """The platform's own table."""
    text = resources.files(__package__ or "").joinpath("roles.toml").read_text("utf-8")
    document = tomllib.loads(text)
    return RoleTable(_roles(document, document["rights"], "roles.toml"), document["rights"])


def altered(table: RoleTable, document: Mapping[str, Any], *, where: str) -> RoleTable:
    """``table`` with the roles of a city's ``policies/roles.toml`` in it. Raises ``CityPackageInvalid``."""
    if unknown := sorted(set(document) - {"roles"}):
        raise errors.CityPackageInvalid("unknown table", where=f"{where}: {unknown[0]}", hint="known: roles")
    return RoleTable({**table.roles, **_roles(document, table.rights, where)}, table.rights)


def _roles(document: Mapping[str, Any], rights: Mapping[str, str], where: str) -> dict[str, Role]:
    return {
        name: _role(name, body, rights, f"{where}: roles.{name}")
        for name, body in document.get("roles", {}).items()
    }


def _role(name: str, body: Mapping[str, Any], rights: Mapping[str, str], where: str) -> Role:
    given = body.get("rights") if isinstance(body, Mapping) else None
    if not isinstance(given, list):
        raise errors.CityPackageInvalid("expected a list of rights", where=f"{where}.rights")
    for right in given:
        if right != EVERYTHING and right not in rights:
            raise errors.CityPackageInvalid(
                f"{right!r} is no right", where=f"{where}.rights", hint=f"known: {', '.join(sorted(rights))}"
            )
    quota = _quota(body.get("quota", {}), f"{where}.quota")
    return Role(name, body.get("title", {"en": name}), body.get("description", ""), frozenset(given), quota)


_BOUNDS: Mapping[str, tuple[float, type[int] | type[float]]] = {
    "runs": (1000, int),
    "cpu_s_per_day": (1e9, float),
    "priority": (9, int),
}


def _quota(body: Any, where: str) -> Quota:
    known = f"known: {', '.join(_BOUNDS)}"
    if not isinstance(body, Mapping):
        raise errors.CityPackageInvalid("expected a table", where=where, hint=known)
    for name, value in body.items():
        if name not in _BOUNDS:
            raise errors.CityPackageInvalid("unknown member", where=f"{where}.{name}", hint=known)
        most, kind = _BOUNDS[name]
        number = isinstance(value, int | kind) and not isinstance(value, bool)
        if not number or not 0 <= value <= most:
            what = "a whole number" if kind is int else "a number"
            raise errors.CityPackageInvalid(f"expected {what} from 0 to {most:g}", where=f"{where}.{name}")
    return Quota(**body)
