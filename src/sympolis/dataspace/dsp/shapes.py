"""How documents of the protocol are read: typed, strictly, and with the place of a mistake.

The protocol's JSON Schemas are said again as msgspec structs: a message is checked while it is decoded, in one pass.
Members that a schema does not know are allowed, as there. Nothing here expands JSON-LD: a name in a context that
somebody else controls must not change what a message means.
"""

from __future__ import annotations

from typing import Annotated, Any, Final, TypeVar

import msgspec

from sympolis.dataspace.dsp.vocabulary import CONTEXT
from sympolis.domain.errors import BadRequestData

T = TypeVar("T")

_KEYWORDS: Final = {"context": "@context", "kind": "@type", "id": "@id"}
Identifier = Annotated[str, msgspec.Meta(min_length=1, max_length=2048)]
Reasons = Annotated[list[Any], msgspec.Meta(min_length=1)]
Unset = msgspec.UnsetType
UNSET: Final = msgspec.UNSET


def named(member: str) -> str:
    """The JSON name of a member: ``provider_pid`` is ``providerPid``, ``kind`` is ``@type``."""
    if member in _KEYWORDS:
        return _KEYWORDS[member]
    head, *rest = member.split("_")
    return head + "".join(word.capitalize() if word != "url" else "URL" for word in rest)


class Shape(msgspec.Struct, frozen=True, kw_only=True, rename=named, omit_defaults=True):
    """Part of a document."""


class Message(Shape, frozen=True, kw_only=True):
    """A document that is sent on its own: it names the protocol's context among others."""

    context: list[str]

    def __post_init__(self) -> None:
        if CONTEXT not in self.context:
            raise ValueError(f"@context has to name {CONTEXT}")


def read(document: Any, shape: type[T], *, where: str = "body") -> T:
    """The document as ``shape``. Raises ``BadRequestData`` naming the member that is wrong."""
    try:
        return msgspec.convert(document, shape)
    except msgspec.ValidationError as problem:
        reason, _, place = str(problem).partition(" - at `$")
        raise BadRequestData(reason, where=f"{where}{place.rstrip('`')}") from problem


def written(shape: Shape) -> dict[str, Any]:
    """The document, as it is sent."""
    found: dict[str, Any] = msgspec.to_builtins(shape)
    return found
