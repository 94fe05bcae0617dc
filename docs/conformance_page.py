"""`docs/conformance.md`: how the public suite ends, and which operations of which standard are answered.

The first is read off the table of results (`docs.conformance`), the second off the server's own table of routes.
"""

from __future__ import annotations

from collections.abc import Iterable

from docs import conformance
from sympolis.api.asgi import create_api
from sympolis.api.parts import ApiParts
from sympolis.api.routing import Operation
from sympolis.context.broker import Broker
from sympolis.context.terms import Contexts
from sympolis.stores.memory import MemoryStore

_HEAD = """# Conformance

What the twin answers today, operation by operation. This page is read off the same table that routes requests and
writes `/openapi.json`, so it cannot promise more than there is. A parameter that the standard knows and the twin does
not offer yet is answered 501, an unknown one 400.

"""

_STANDARDS = (
    ("NGSI-LD (ETSI GS CIM 009 v1.9.1)", "/ngsi-ld/v1", "clause"),
    ("OGC API – Features Part 1 (OGC 17-069r4)", "/ogc", "requirement"),
)


def page() -> str:
    """The whole page."""
    operations = create_api(ApiParts(broker=Broker(MemoryStore()), contexts=Contexts())).operations
    titles = {clause: one.title for one in operations for clause in one.clause.split(", ")}
    judged = conformance.section(conformance.read_table(), conformance.read_disagreements(), titles)
    offered = "\n".join(_section(operations, *standard) for standard in _STANDARDS)
    return _HEAD + judged + offered


def _section(operations: Iterable[Operation], title: str, root: str, clause: str) -> str:
    rows = [_row(one, root) for one in operations if one.path.startswith(root)]
    head = (
        f"| request | operation | {clause} | parameters | known, not offered (501) |\n|---|---|---|---|---|\n"
    )
    return f"## {title}\n\nBelow `{root}`:\n\n{head}" + "\n".join(rows) + "\n"


def _row(one: Operation, root: str) -> str:
    path = one.path.removeprefix(root) or "/"
    offered = " ".join(f"`{parameter.name}`" for parameter in one.parameters)
    later = " ".join(f"`{name}`" for name in one.later)
    return f"| `{one.method} {path}` | {one.title} | {one.clause} | {offered} | {later} |"
