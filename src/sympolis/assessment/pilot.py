"""How a pilot describes itself to the programme: ``pilot.yaml`` and records of updates, in the programme's form.

The form is that of the pilot template and of ``update-v1.schema.json`` (LDT4SSC Knowledge Hub). YAML is written without
a library: every text is a JSON string, which is YAML, too.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Annotated, Any, Final, Literal

import msgspec

from sympolis.assessment.calls.consortium import Consortium
from sympolis.domain import errors

_COUNTRIES: Final = {
    "AT": "Austria",
    "BE": "Belgium",
    "BG": "Bulgaria",
    "CY": "Cyprus",
    "CZ": "Czechia",
    "DE": "Germany",
    "DK": "Denmark",
    "EE": "Estonia",
    "ES": "Spain",
    "FI": "Finland",
    "FR": "France",
    "GR": "Greece",
    "HR": "Croatia",
    "HU": "Hungary",
    "IE": "Ireland",
    "IS": "Iceland",
    "IT": "Italy",
    "LI": "Liechtenstein",
    "LT": "Lithuania",
    "LU": "Luxembourg",
    "LV": "Latvia",
    "MT": "Malta",
    "NL": "Netherlands",
    "NO": "Norway",
    "PL": "Poland",
    "PT": "Portugal",
    "RO": "Romania",
    "SE": "Sweden",
    "SI": "Slovenia",
    "SK": "Slovakia",
}
_Tag = Annotated[str, msgspec.Meta(pattern="^[a-z0-9-]+$")]
_Filled = Annotated[str, msgspec.Meta(min_length=1)]
_Address = Annotated[str, msgspec.Meta(pattern="^[a-z][a-z0-9+.-]*:[^ ]+$")]


class Author(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Who wrote an update."""

    name: _Filled
    organisation: _Filled


class Event(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """The event an update is about."""

    name: str = ""
    location: str = ""
    url: str = ""


class Update(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """One update, as the programme's schema has it."""

    schema_version: Literal[1]
    type: Literal["general", "milestone", "lesson", "asset", "event"]
    date: date
    title: Annotated[str, msgspec.Meta(min_length=5, max_length=200)]
    work_strand: Literal["WS1", "WS2", "WS3"]
    authors: Annotated[tuple[Author, ...], msgspec.Meta(min_length=1)]
    tags: tuple[_Tag, ...] = ()
    related_assets: tuple[_Address, ...] = ()
    related_event: Event | None = None


def update(document: Mapping[str, Any]) -> Update:
    """The update, checked. Raises ``BadRequestData`` with what the programme would refuse."""
    try:
        made = msgspec.convert(document, Update)
    except msgspec.ValidationError as cause:
        raise errors.BadRequestData(str(cause), where="update") from cause
    for name in ("tags", "related_assets"):
        if len(set(getattr(made, name))) < len(getattr(made, name)):
            raise errors.BadRequestData("says something twice", where=name)
    return made


def missing(consortium: Consortium) -> list[str]:
    """What ``pilot.yaml`` needs and the consortium does not say yet."""
    needed = {
        "title": consortium.title,
        "summary": consortium.summary,
        "start": consortium.start,
        "partners": consortium.partners,
        "focus_areas": consortium.focus_areas,
        "contact.name": consortium.contact.name,
        "contact.email": consortium.contact.email,
        "contact.organisation": consortium.contact.organisation,
    }
    return [name for name, value in needed.items() if not value]


def pilot_yaml(consortium: Consortium) -> str:
    """The file. Raises ``Conflict`` as long as something is missing that the programme needs."""
    if lacking := missing(consortium):
        raise errors.Conflict(
            "pilot.yaml needs more than is known", where=lacking[0], hint=", ".join(lacking)
        )
    return "\n".join(_lines(_document(consortium), 0)) + "\n"


def _document(consortium: Consortium) -> dict[str, Any]:
    places = [one for one in consortium.partners if one.twin]
    found = {
        "schema_version": 1,
        "short_name": short_name(consortium.title),
        "name": consortium.title,
        "description": consortium.summary,
        "work_strand": consortium.strand,
        "locations": [
            {
                "city": one.twin.replace("-", " ").title(),
                "country": _COUNTRIES.get(one.country, one.country),
                "country_code": one.country,
            }
            for one in places
        ],
        "focus_areas": list(consortium.focus_areas),
        "consortium": [_member(one) for one in consortium.partners],
        "contact": msgspec.to_builtins(consortium.contact),
        "start_date": str(consortium.start),
    }
    return found if consortium.end is None else {**found, "end_date": str(consortium.end)}


def _member(partner: Any) -> dict[str, Any]:
    found = {"name": partner.name, "role": partner.role or partner.kind, "country_code": partner.country}
    return {**found, "website": partner.website} if partner.website else found


def short_name(title: str) -> str:
    """Lowercase with hyphens, as addresses use it."""
    words = "".join(
        letter if letter.isascii() and letter.isalnum() else " " for letter in title.lower()
    ).split()
    return "-".join(words)[:60] or "pilot"


def _lines(value: Mapping[str, Any], depth: int) -> list[str]:
    lines: list[str] = []
    for name, one in value.items():
        lines += _member_lines(name, one, depth)
    return lines


def _member_lines(name: str, value: Any, depth: int) -> list[str]:
    margin = "  " * depth
    if isinstance(value, Mapping):
        return [f"{margin}{name}:", *_lines(value, depth + 1)]
    if isinstance(value, Sequence) and not isinstance(value, str):
        items = [line for one in value for line in _item(one, depth + 1)]
        return [f"{margin}{name}:", *items] if items else [f"{margin}{name}: []"]
    return [f"{margin}{name}: {json.dumps(value, ensure_ascii=False)}"]


def _item(value: Any, depth: int) -> list[str]:
    margin = "  " * depth
    if not isinstance(value, Mapping):
        return [f"{margin}- {json.dumps(value, ensure_ascii=False)}"]
    first, *rest = _lines(value, depth + 1)
    return [f"{margin}- {first.strip()}", *rest]
