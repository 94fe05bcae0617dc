"""Everything that a SIMPL-Open authority needs to be told or asked, in one file: ``simpl.toml``."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Annotated, Any, Final
from urllib.parse import urlsplit

import msgspec

from sympolis.domain import errors

_TEMPLATES: Final = ("Contract Template 1", "Contract Template 2", "Contract Template 3")
Country = Annotated[str, msgspec.Meta(pattern="^[A-Z]{2}$")]
Mail = Annotated[str, msgspec.Meta(pattern=r"^[\w\-\.]+@([\w-]+\.)+[\w-]{2,4}$")]


class Paths(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Below the authority's address; ``{participant}`` is the id that it gave us."""

    participants: str = "/identity-api/v1/participants"
    request: str = "/identity-api/v1/participants/{participant}/csr"
    credential: str = "/identity-api/v1/participants/{participant}/credential"
    publish: str = "/catalogue-api/v1/self-descriptions"
    search: str = "/catalogue-api/v1/self-descriptions/search"


class SimplPlan(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """See the module. ``root`` is the PEM file of the authority's root certificates, beside the plan."""

    authority: str
    organisation: str
    contact: Mail
    country: Country
    participant_type: str = "DATA_PROVIDER"
    root: str
    token_file: str = ""
    """A file with the bearer token by which applicants speak to the authority; '' for none."""
    contract_template: str = _TEMPLATES[0]
    price: Annotated[float, msgspec.Meta(ge=0)] = 0.0
    currency: str = "EUR"
    paths: Paths = Paths()
    folder: str = ""
    """Where the plan is; set when it is read."""

    def read(self, name: str) -> bytes:
        """A file beside the plan. Raises ``SettingsInvalid``."""
        path = Path(self.folder) / name
        try:
            return path.read_bytes()
        except OSError as problem:
            raise errors.SettingsInvalid("cannot be read", where=str(path)) from problem


def load(path: Path) -> SimplPlan:
    """The plan of a file. Raises ``SettingsInvalid``."""
    try:
        given: dict[str, Any] = tomllib.loads(path.read_text("utf-8"))
        plan = msgspec.convert({**given, "folder": str(path.parent)}, SimplPlan)
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, msgspec.ValidationError) as problem:
        raise errors.SettingsInvalid(f"is no plan for SIMPL: {problem}", where=str(path)) from problem
    if urlsplit(plan.authority).scheme not in ("http", "https"):
        raise errors.SettingsInvalid("expected an address", where=f"{path}: authority")
    if plan.contract_template not in _TEMPLATES:
        raise errors.SettingsInvalid(
            f"expected one of {', '.join(_TEMPLATES)}", where=f"{path}: contract_template"
        )
    return plan
