"""What lies below ``/api/admin`` and other addresses that only hold others: so that every fixed name answers by itself.

Made from the tables that the router and the OpenAPI document read; who asks may see less than all of it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from sympolis.api.http import JSON, Reply, Request, json_reply
from sympolis.api.routing import Answer, Operation
from sympolis.api.schemas import TEXT, several, structure

BASE: Final = "/api/"
_SHOWN: Final = structure(
    {"section": TEXT, "operations": several(structure({"method": TEXT, "path": TEXT, "title": TEXT}))}
)


def with_sections(operations: tuple[Operation, ...]) -> tuple[Operation, ...]:
    """The operations, and one for each first segment below ``/api`` at which none of them is."""
    return (*operations, *_sections(operations))


def _sections(operations: Sequence[Operation]) -> Iterator[Operation]:
    there = {operation.path for operation in operations}
    names = {one.path.removeprefix(BASE).split("/")[0] for one in operations if one.path.startswith(BASE)}
    for name in sorted(names):
        if f"{BASE}{name}" not in there:
            below = [one for one in operations if one.path.startswith(f"{BASE}{name}/")]
            yield _section(name, below)


def _section(name: str, below: Sequence[Operation]) -> Operation:
    body = {
        "section": name,
        "operations": [{"method": one.method, "path": one.path, "title": one.title} for one in below],
    }

    async def show(request: Request) -> Reply:  # noqa: ARG001
        return json_reply(body)

    return Operation(
        method="GET",
        path=f"{BASE}{name}",
        handle=show,
        name=f"describe{name.title().replace('-', '')}",
        title=f"What there is below /api/{name}",
        tag="Interfaces",
        answers={200: Answer("The operations below this address.", {JSON: _SHOWN})},
    )
