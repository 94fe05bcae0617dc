"""What a store may offer beside ``Store``: documents that are ready to be sent.

Building entities only to render and encode them again is most of the cost of reading. A store that keeps bodies close
to the wire can do without; who asks must be prepared for one that cannot, and render what ``Store`` gives.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol, runtime_checkable

from sympolis.context.query import HistoryQuery, Query
from sympolis.context.temporal_rendering import TemporalForm
from sympolis.context.terms import Terms


class DocumentForm(StrEnum):
    """The representations that are quick; the names are those of ``rendering.Form``, but for one.

    ``FEATURE`` is a GeoJSON Feature with simplified properties, placed by its ``location``: what ``render_feature``
    gives for key values.
    """

    NORMALIZED = "normalized"
    KEY_VALUES = "keyValues"
    FEATURE = "feature"


@dataclass(frozen=True, slots=True)
class DocumentPage:
    """Like ``Page``, with each entity as its JSON text."""

    documents: tuple[bytes, ...]
    total: int | None = None


@runtime_checkable
class Documents(Protocol):
    """Reads entities as JSON: the bytes of what ``render_entity`` (``render_feature``) gives.

    They are shown whole and without system attributes.
    """

    async def document(
        self, entity_id: str, terms: Terms, form: DocumentForm, *, tenant: str = ""
    ) -> bytes | None:
        """The entity, if there is one."""
        ...

    async def documents(
        self, query: Query, terms: Terms, form: DocumentForm, *, tenant: str = ""
    ) -> DocumentPage:
        """One page of the entities that the query selects, ordered as by ``Store.query``."""
        ...


@runtime_checkable
class Evolutions(Protocol):
    """Reads how an entity evolved as JSON: the bytes of what ``render_history`` gives, in the plainest style."""

    async def evolution(
        self, entity_id: str, query: HistoryQuery, terms: Terms, form: TemporalForm, *, tenant: str = ""
    ) -> bytes | None:
        """What ``Store.history`` would select of this entity, whatever entities the query names.

        None where that has to be asked and rendered: nothing is selected, it does not fit, or it is of another kind
        than what was observed, as instances or as pairs.
        """
        ...
