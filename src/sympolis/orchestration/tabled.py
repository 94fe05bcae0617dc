"""Tables of very many things, such as every building of a city, as a model is given them: one entity names the file.

A hundred thousand buildings that only a model looks at need not be a hundred thousand entities; their table is one
entity, with its licence and its age like any other, and its content is part of the data version.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Any

from sympolis.domain import errors
from sympolis.domain.entity import Entity
from sympolis.orchestration import fitting

TABLE = "table"
"""The member of an input that holds a table's bytes."""

TableReader = Callable[[Mapping[str, Any]], bytes]
"""From a table's attributes by short name to its content. Raises ``SourceFailed``."""


def no_tables(_facts: Mapping[str, Any]) -> bytes:
    """The reader of a twin without a city package. Raises ``ModelFailed``."""
    raise errors.ModelFailed(
        "this twin has no table files", where="needs", hint="start it with a city package"
    )


async def table_of(entity: Entity, compact: Callable[[str], str], read: TableReader) -> bytes:
    """The table's content as ``Inputs`` promises it. Raises ``ModelFailed`` or ``SourceFailed``."""
    return await asyncio.to_thread(read, fitting.facts(entity, compact))
