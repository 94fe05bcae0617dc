"""The attribute projection language (clause 4.21): which members of an entity are shown, and of those it links to.

``name,locatedAt{name,isInCountry{id}}`` in ``pick`` shows two members, of the entity at the other end of ``locatedAt``
two as well, and so on; in ``omit`` a name with braces is not left out itself, only what stands in its braces.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from sympolis.context.scanning import Cursor
from sympolis.context.terms import Terms
from sympolis.domain.entity import Entity
from sympolis.domain.errors import BadRequestData

MEMBERS: Final = frozenset({"id", "type", "scope"})
"""Names that stand for members of the entity itself."""
_NAME = re.compile(r"[^\s,;|(){}\"'<>&?]+")
_EXPANDED = re.compile(r"[^\s,{}]+")
_HINT = "for example id,name,locatedAt{name}"


@dataclass(frozen=True, slots=True)
class Projection:
    """What is shown: all of ``pick`` (empty: everything) but ``omit``; ``below`` by the relationship that leads there.

    Names are expanded, but for those of ``MEMBERS``.
    """

    pick: frozenset[str] = frozenset()
    omit: frozenset[str] = frozenset()
    below: Mapping[str, Projection] = field(default_factory=dict)

    def __hash__(self) -> int:
        return hash((self.pick, self.omit))

    def into(self, relationship: str) -> Projection:
        """What is shown of the entities at the other end of a relationship."""
        return self.below.get(relationship, WHOLE)

    def shows(self, name: str) -> bool:
        """Whether this member is shown."""
        return (not self.pick or name in self.pick) and name not in self.omit

    def leaves_something(self, entity: Entity) -> bool:
        """Whether anything of an entity is shown."""
        if self.shows("id") or self.shows("type") or (entity.scope and self.shows("scope")):
            return True
        return any(map(self.shows, entity.attributes))


WHOLE: Final = Projection()

Names = Mapping[str, "Names | None"]
"""Names as written, each with what stands in its braces."""


def parse(text: str, where: str, *, expanded: bool = False) -> Names:
    """The names in the text of a ``pick`` or ``omit``, which may be ``expanded`` already.

    Raises ``BadRequestData`` with the position.
    """
    cursor = Cursor(text, where)
    found = _names(cursor, _EXPANDED if expanded else _NAME)
    if not cursor.ended:
        raise cursor.wrong(f"unexpected {cursor.peek()!r}", hint=_HINT)
    return found


def _names(cursor: Cursor, pattern: re.Pattern[str]) -> Names:
    found: dict[str, Names | None] = {}
    while True:
        name = cursor.take(pattern)
        if name is None:
            raise cursor.wrong("expected the name of a member", hint=_HINT)
        found[name.group()] = None
        if cursor.accept("{"):
            cursor.descend()
            found[name.group()] = _names(cursor, pattern)
            cursor.expect("}", "to close the brace")
            cursor.ascend()
        if not cursor.accept(","):
            return found


def project(pick: Names, omit: Names, terms: Terms) -> Projection:
    """Both together. Raises ``BadRequestData`` where one name is in both, or a name has no meaning."""
    for name, inner in omit.items():
        if inner is None and name in pick:
            raise BadRequestData("picked and omitted at once", where=name)
    inner_names = [name for name in {**pick, **omit} if pick.get(name) or omit.get(name)]
    return Projection(
        _expanded(pick, terms),
        _expanded((name for name, inner in omit.items() if inner is None), terms),
        {
            terms.expand(name): project(pick.get(name) or {}, omit.get(name) or {}, terms)
            for name in inner_names
        },
    )


def renamed(names: Names, rename: Callable[[str], str]) -> Names:
    """The same names, each but those of ``MEMBERS`` in another form."""
    return {
        name if name in MEMBERS else rename(name): None if inner is None else renamed(inner, rename)
        for name, inner in names.items()
    }


def written(names: Names) -> str:
    """The text that ``parse`` reads as these names."""
    return ",".join(name if inner is None else f"{name}{{{written(inner)}}}" for name, inner in names.items())


def _expanded(names: Iterable[str], terms: Terms) -> frozenset[str]:
    return frozenset(name if name in MEMBERS else terms.expand(name) for name in names)
