"""Names that outlive their @context: a subscription must be readable at the next start, even if its context is not."""

from __future__ import annotations

from collections.abc import Mapping

from sympolis.context.jsonld import ContextTable
from sympolis.context.terms import Terms, core_terms


class RecordingTerms(Terms):
    """Another context's terms; remembers in ``names`` which were looked up."""

    def __init__(self, inner: Terms) -> None:
        super().__init__(ContextTable(), document=inner.document, links=inner.links)
        self._inner = inner
        self.names: dict[str, str] = {}

    def find(self, term: str) -> str | None:
        """See ``Terms.find``."""
        found = self._inner.find(term)
        if found is not None:
            self.names[term] = found
        return found


class KnownNames(Terms):
    """Terms looked up before; the core's for the rest, and full IRIs as they are."""

    def __init__(self, names: Mapping[str, str]) -> None:
        super().__init__(ContextTable())
        self._names = names

    def find(self, term: str) -> str | None:
        """See ``Terms.find``."""
        return self._names.get(term) or core_terms().find(term)
