"""A checklist as data: another edition, or another list, is another file."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import Final

import msgspec

from sympolis.domain import errors

Texts = dict[str, str]
SHIPPED: Final = ("lordimas", "ecodesign", "security")
"""In the order in which they are told."""


class Item(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that is so or not. ``checks`` answer for the twin; without any, or to ``confirm``, a person does."""

    id: str
    group: str
    text: Texts
    checks: tuple[str, ...] = ()
    confirm: bool = False


class Band(msgspec.Struct, frozen=True, kw_only=True):
    """What a share of yes is called, from ``least`` on."""

    least: float
    title: Texts


class Checklist(msgspec.Struct, frozen=True, kw_only=True):
    """All items of one edition; ``target``: the share of yes to reach; ``answer_at_least``: how many to answer."""

    id: str
    version: str
    source: str
    title: Texts
    note: Texts
    """What the list is, and what of it is ours."""
    target: float
    answer_at_least: int = 0
    groups: dict[str, Texts]
    bands: tuple[Band, ...]
    items: tuple[Item, ...]

    def get(self, item: str) -> Item:
        """One item. Raises ``NotFound``."""
        for one in self.items:
            if one.id == item:
                return one
        raise errors.NotFound(
            f"{self.id} has no item {item[:40]}",
            where="item",
            hint=f"{self.items[0].id} to {self.items[-1].id}",
        )

    def band(self, share: float) -> Band:
        """The band that a share lies in."""
        return next((one for one in reversed(self.bands) if share >= one.least), self.bands[0])


@cache
def checklists() -> Mapping[str, Checklist]:
    """Those that are shipped, by id."""
    return {name: _read(name) for name in SHIPPED}


def find(name: str) -> Checklist:
    """One checklist. Raises ``NotFound``."""
    found = checklists().get(name)
    if found is None:
        raise errors.NotFound(
            f"there is no checklist {name[:40]}", where="checklist", hint=", ".join(SHIPPED)
        )
    return found


def _read(name: str) -> Checklist:
    text = resources.files(__package__ or "").joinpath(f"{name}.toml").read_text(encoding="utf-8")
    return msgspec.convert(tomllib.loads(text), Checklist)
