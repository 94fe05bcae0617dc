"""JSON-LD 1.1 context processing: from ``@context`` documents to a table of term definitions.

This is the part of the JSON-LD API (W3C Recommendation, section 4.1–4.2) that NGSI-LD needs; graphs, framing and
value expansion are not. ``terms`` turns the table into fast look-ups. Checked against PyLD in the tests.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sympolis.domain.errors import BadRequestData

KEYWORDS = frozenset(
    (
        "@base",
        "@container",
        "@context",
        "@direction",
        "@graph",
        "@id",
        "@import",
        "@included",
        "@index",
        "@json",
        "@language",
        "@list",
        "@nest",
        "@none",
        "@prefix",
        "@propagate",
        "@protected",
        "@reverse",
        "@set",
        "@type",
        "@value",
        "@version",
        "@vocab",
    )
)
_KEYWORD_LIKE = re.compile(r"@[A-Za-z]+")
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")
_PREFIX_ENDINGS = tuple(":/?#[]@")


@dataclass(frozen=True, slots=True)
class Definition:
    """What a term means. ``iri`` None: the context says to ignore the term."""

    iri: str | None
    coercion: str | None = None
    containers: tuple[str, ...] = ()
    context: Any = None
    """The scoped context (already flattened to dictionaries), if any."""
    protected: bool = False
    prefix: bool = False


IGNORED = Definition(None)


class ContextTable:
    """The active context while contexts are applied to it, one after the other.

    ``override_protected`` is for the contexts that may redefine protected terms: property-scoped ones and the
    NGSI-LD core context, which stands last and wins.
    """

    def __init__(self, start: ContextTable | None = None) -> None:
        self.definitions: dict[str, Definition] = dict(start.definitions) if start else {}
        self.vocab: str | None = start.vocab if start else None

    def apply(self, context: Mapping[str, Any], *, override_protected: bool = False) -> None:
        """Add one context dictionary. Raises ``BadRequestData`` where it is not valid JSON-LD."""
        if "@vocab" in context:
            self.vocab = self._vocab(context["@vocab"])
        _Definer(self, context, override_protected).define_all()

    def clear(self) -> None:
        """What a ``null`` context does."""
        self.definitions.clear()
        self.vocab = None

    def _vocab(self, value: Any) -> str | None:
        if value is None:
            return None
        if not isinstance(value, str):
            raise _invalid("@vocab", "@vocab must be a string or null")
        return self.iri(value)

    def iri(self, value: str) -> str:
        """Expand ``value`` relative to the vocabulary, with what is defined so far; keywords stay."""
        known = self.definitions.get(value)
        if known is not None and known.iri is not None:
            return known.iri
        return self.compact_or_vocab(value)

    def compact_or_vocab(self, value: str) -> str:
        """Expand a compact IRI by its prefix; else add the vocabulary to what is not absolute."""
        prefix, colon, suffix = value.partition(":")
        if colon and prefix:
            if prefix == "_" or suffix.startswith("//"):
                return value
            known = self.definitions.get(prefix)
            if known is not None and known.iri is not None and known.prefix:
                return known.iri + suffix
            if _SCHEME.match(value):
                return value
        return value if self.vocab is None else self.vocab + value


class _Definer:
    """Creates the term definitions of one context dictionary (JSON-LD API, 4.2.2)."""

    def __init__(self, table: ContextTable, context: Mapping[str, Any], override: bool) -> None:
        self.table = table
        self.context = context
        self.override = override
        self.state: dict[str, bool] = {}
        self.protect = context.get("@protected") is True

    def define_all(self) -> None:
        for term in self.context:
            if not term.startswith("@"):
                self.define(term)

    def define(self, term: str) -> None:
        """Define ``term`` unless that is done; prefixes it depends on come first."""
        done = self.state.get(term)
        if done:
            return
        if done is False:
            raise _invalid(term, "the definition of this term depends on itself")
        if not term:
            raise _invalid("@context", "a term must not be empty")
        self.state[term] = False
        self._store(term, self._definition(term, self.context[term]))
        self.state[term] = True

    def _store(self, term: str, found: Definition) -> None:
        before = self.table.definitions.get(term)
        if before is not None and before.protected and not self.override:
            if replace(found, protected=True) != before:
                raise _invalid(term, "this term is protected by an earlier context")
            found = before
        self.table.definitions[term] = found

    def _definition(self, term: str, value: Any) -> Definition:
        if value is None:
            return replace(IGNORED, protected=self.protect)
        if isinstance(value, str):
            return self._simple(term, value)
        if not isinstance(value, Mapping):
            raise _invalid(term, "a term must stand for an IRI, null or an object with @id")
        return self._detailed(term, value)

    def _simple(self, term: str, value: str) -> Definition:
        iri = self._own_iri(term, value)
        prefix = iri is not None and ":" not in term and "/" not in term and _ends_as_prefix(iri)
        return Definition(iri, protected=self.protect, prefix=prefix)

    def _detailed(self, term: str, value: Mapping[str, Any]) -> Definition:
        given = value.get("@reverse", value.get("@id", term))
        if given is None:
            return replace(IGNORED, protected=self.protect)
        if not isinstance(given, str):
            raise _invalid(term, "@id must be a string")
        iri = self._term_iri(term) if given == term else self._own_iri(term, given)
        return Definition(
            iri,
            coercion=self._coercion(term, value.get("@type")),
            containers=_containers(term, value.get("@container")),
            context=value.get("@context"),
            protected=value.get("@protected", self.protect) is True,
            prefix=value.get("@prefix") is True,
        )

    def _own_iri(self, term: str, value: str) -> str | None:
        if value == term:
            return self._term_iri(term)
        if value not in KEYWORDS and _KEYWORD_LIKE.fullmatch(value):
            return None
        return self._expand(value)

    def _term_iri(self, term: str) -> str:
        """The IRI of a term whose definition gives none: a compact IRI, or the vocabulary's."""
        prefix, colon, _ = term.partition(":")
        if colon and prefix in self.context and prefix != term:
            self.define(prefix)
        iri = self.table.compact_or_vocab(term)
        if not _SCHEME.match(iri) and not iri.startswith("_:"):
            raise _invalid(term, "this term has no @id and there is no @vocab to make one")
        return iri

    def _expand(self, value: str) -> str | None:
        if value in KEYWORDS:
            return value
        for needed in (value, value.partition(":")[0]):
            if needed in self.context and not needed.startswith("@") and self.state.get(needed) is not True:
                self.define(needed)
        iri = self.table.iri(value)
        known = self.table.definitions.get(value)
        return None if known is not None and known.iri is None else iri

    def _coercion(self, term: str, value: Any) -> str | None:
        if value is None:
            return None
        if not isinstance(value, str):
            raise _invalid(term, "@type must be a string")
        return self._expand(value)


def flatten(context: Any) -> Sequence[Any]:
    """A context value as a list of its parts (URL, dictionary or null)."""
    return context if isinstance(context, list | tuple) else (context,)


def _containers(term: str, value: Any) -> tuple[str, ...]:
    parts = () if value is None else flatten(value)
    if not all(isinstance(part, str) for part in parts):
        raise _invalid(term, "@container must be a string or a list of strings")
    return tuple(parts)


def _ends_as_prefix(iri: str) -> bool:
    return iri.endswith(_PREFIX_ENDINGS) or iri.startswith("_:")


def _invalid(term: str, message: str) -> BadRequestData:
    return BadRequestData(message, where=f"@context: {term}", hint="see the JSON-LD 1.1 rules for contexts")
