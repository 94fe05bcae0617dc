"""`sympolis federation profile|matches|twinning`: who could work with us, and which cities are alike."""

from __future__ import annotations

from typing import Any

from sympolis import settings
from sympolis.cli.client import connect
from sympolis.cli.options import City, Data
from sympolis.cli.output import Format, FormatOption, draw, notes, reports_errors, screen, show, text

_MOST_SHOWN = 4


@reports_errors
def profile(city: City = None, data: Data = None, form: FormatOption = Format.TABLE) -> None:
    """What this city is, needs, offers and asks, as partners see it."""
    with connect(settings.read({"city": city, "data": data})) as twin:
        found = twin.get("/api/federation/profile")
    show(found, form, _draw_profile)


def _draw_profile(found: dict[str, Any]) -> None:
    screen.print(
        f"{found['name']}: {found['kind']}, {found['country']}, residents {found['residents'] or '?'}"
    )
    rows = [["needs", one["of"], text(one["title"])] for one in found["needs"]]
    rows += [["offers", one["kind"], text(one["title"]) or one["id"]] for one in found["offers"]]
    rows += [["asks", "", text(one["title"])] for one in found["questions"]]
    draw(["", "", ""], rows)


@reports_errors
def matches(city: City = None, data: Data = None, form: FormatOption = Format.TABLE) -> None:
    """Who could work with us: ranked, with the reasons."""
    with connect(settings.read({"city": city, "data": data})) as twin:
        found = twin.get("/api/federation/matches")
    show(found, form, _draw_matches)


def _draw_matches(found: dict[str, Any]) -> None:
    rows = [
        [one["name"], one["kind"], one["country"], one["score"], _reasons(one["reasons"])]
        for one in found["matches"]
    ]
    draw(["who", "kind", "country", "points", "because"], rows)
    _say_who_lacks(found["partners"])


def _reasons(found: list[dict[str, Any]]) -> str:
    told = [f"{one['reason']}: {text(one['about']) or one['detail']}" for one in found[:_MOST_SHOWN]]
    more = len(found) - _MOST_SHOWN
    return "; ".join(told) + (f" (+{more})" if more > 0 else "")


@reports_errors
def twinning(city: City = None, data: Data = None, form: FormatOption = Format.TABLE) -> None:
    """Cities that are alike, by questions, data and size."""
    with connect(settings.read({"city": city, "data": data})) as twin:
        found = twin.get("/api/federation/twinning")
    show(found, form, _draw_twinning)


def _draw_twinning(found: dict[str, Any]) -> None:
    parts = list(found["weights"])
    rows = [
        [one["name"], one["likeness"], *(one["parts"][part]["value"] for part in parts)]
        for one in found["cities"]
    ]
    draw(["city", "likeness", *parts], rows)
    _say_who_lacks(found["partners"])


def _say_who_lacks(told: list[dict[str, Any]]) -> None:
    for one in told:
        if one["state"] != "fresh":
            notes.print(f"{one['name']}: {one['state']} ({one.get('reason') or 'no answer'})", markup=False)
