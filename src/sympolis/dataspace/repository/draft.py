"""What is about to be published: everything but the version and the signature."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sympolis.dataspace.repository.kinds import Kind
from sympolis.dataspace.repository.manifest import Required

Texts = Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Component:
    """Something that an asset runs with, as a bill of materials lists it."""

    name: str
    version: str = ""
    licence: str = ""
    kind: str = "library"


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """See the module. ``content`` are the files by their place; ``readme`` what people read first (Markdown)."""

    kind: Kind
    name: str
    title: Texts
    licence: str
    content: Mapping[str, bytes]
    description: Texts = field(default_factory=dict)
    keywords: tuple[str, ...] = ()
    requires: tuple[Required, ...] = ()
    needs: tuple[Mapping[str, Any], ...] = ()
    gives: tuple[Texts, ...] = ()
    terms: Mapping[str, str] = field(default_factory=dict)
    about: Mapping[str, Any] = field(default_factory=dict)
    components: tuple[Component, ...] = ()
    readme: str = ""

    @property
    def id(self) -> str:
        """As that of the manifest."""
        return f"{self.kind}.{self.name}"
