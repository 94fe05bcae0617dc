"""From a stored body straight to the document that a client gets, without an entity in between.

Most answers show entities whole, normalized or simplified: what is stored and what is sent differ in names only. So the
values' JSON is copied as it stands, and names come from small caches. ``context.rendering`` is the measure: for
every entity the result is what ``render_entity`` (for features ``render_feature``) gives, which a property test holds
it to.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any, Final

import msgspec

from sympolis.context.documents import DocumentForm
from sympolis.context.parsing import ENTITY_MEMBERS, VALUE_MEMBERS
from sympolis.context.rendering import LOCATION, Form, compact_types, render_entity, render_feature
from sympolis.context.terms import Terms
from sympolis.domain.entity import AttributeKind, Entity
from sympolis.stores.bodies import decode_entity

_MOST_BYTES_KEPT: Final = 24 * 1024 * 1024
_MOST_TERMS_KEPT: Final = 8
_MOST_NAMES_KEPT: Final = 8192
_MOST_TYPINGS_KEPT: Final = 1024
_COMPACTED: Final = ("objectType", "valueType")
_NOTHING: Final = msgspec.Raw()
_encode = msgspec.json.Encoder().encode


class _Attribute(msgspec.Struct, gc=False):
    """What a document shows of a stored attribute; texts and values are left as JSON."""

    kind: str
    value: msgspec.Raw
    observed_at: msgspec.Raw = _NOTHING
    unit_code: msgspec.Raw = _NOTHING
    dataset_id: str | None = None
    attributes: dict[str, list[_Attribute]] | None = None
    members: dict[str, msgspec.Raw] | None = None


class _Body(msgspec.Struct):
    """What a document shows of a stored entity."""

    id: msgspec.Raw
    types: tuple[str, ...]
    attributes: dict[str, list[_Attribute]] = {}
    scope: tuple[str, ...] = ()
    members: dict[str, msgspec.Raw] | None = None


class _Simple(msgspec.Struct, gc=False):
    """What a simplified document shows of a stored attribute."""

    kind: str
    value: msgspec.Raw
    dataset_id: str | None = None


class _SimpleBody(msgspec.Struct):
    """What a simplified document shows of a stored entity."""

    id: msgspec.Raw
    types: tuple[str, ...]
    attributes: dict[str, list[_Simple]] = {}
    scope: tuple[str, ...] = ()
    members: dict[str, msgspec.Raw] | None = None


_decode = msgspec.json.Decoder(_Body).decode
_decode_simple = msgspec.json.Decoder(_SimpleBody).decode
_Pieces = list[Any]
"""JSON in parts, to be joined once."""


class _Unusual(Exception):
    """A name that means something else in a document: left to ``render_entity``."""


class DocumentWriter:
    """Writes documents in the names of one @context.

    Documents are remembered by the body they came from, up to a number of bytes: the same body always makes the same
    document, so nothing ever has to be taken back.
    """

    def __init__(self, terms: Terms, form: DocumentForm) -> None:
        self._terms = terms
        self._form = form
        self._known: dict[bytes, bytes] = {}
        self._bytes = 0
        self._typed: dict[tuple[str, ...], tuple[bytes, _Names]] = {}

    def write(self, body: bytes) -> bytes:
        """The document for a stored body."""
        found = self._known.get(body)
        if found is None:
            found = self._written(body)
            self._remember(body, found)
        return found

    def names(self, types: tuple[str, ...], iris: Iterable[str]) -> dict[str, str] | None:
        """What documents of entities of these types call these attributes; None where a name means something else."""
        terms = self._of_types(types)[1].terms
        found = {iri: terms.compact(iri) for iri in iris}
        return None if _RESERVED.intersection(found.values()) else found

    def _written(self, body: bytes) -> bytes:
        try:
            if self._form is DocumentForm.NORMALIZED:
                return b"".join(self._entity(_decode(body)))
            return b"".join(self._simplified(_decode_simple(body)))
        except _Unusual:
            return _encode(self._rendered(decode_entity(body)))

    def _rendered(self, entity: Entity) -> dict[str, Any]:
        if self._form is DocumentForm.FEATURE:
            return render_feature(entity, self._terms, form=Form.KEY_VALUES)
        return render_entity(entity, self._terms, form=Form(self._form))

    def _remember(self, body: bytes, document: bytes) -> None:
        size = len(body) + len(document)
        if self._bytes + size > _MOST_BYTES_KEPT:
            self._known.clear()
            self._bytes = 0
        self._known[body] = document
        self._bytes += size

    def _entity(self, body: _Body) -> _Pieces:
        types, names = self._of_types(body.types)
        pieces: _Pieces = [b'{"id":', body.id, b',"type":', types]
        if body.scope or body.members:
            pieces += _more(body)
        begun = names.begun
        for iri, instances in body.attributes.items():
            prefix, inner = begun.get(iri) or names.of(iri)
            pieces.append(prefix)
            if len(instances) == 1:
                _normalized(pieces, instances[0], inner)
            else:
                _normalized_instances(pieces, instances, inner)
        pieces.append(b"}")
        return pieces

    def _simplified(self, body: _SimpleBody) -> _Pieces:
        types, names = self._of_types(body.types)
        is_feature = self._form is DocumentForm.FEATURE
        pieces: _Pieces = _feature_head(body) if is_feature else [b'{"id":', body.id, b',"type":']
        pieces.append(types)
        if body.scope or body.members:
            pieces += _more(body)
        begun = names.begun
        for iri, instances in body.attributes.items():
            prefix, inner = begun.get(iri) or names.of(iri)
            first = instances[0]
            if len(instances) == 1 and first.kind in BARE_KINDS and first.dataset_id is None:
                pieces += (prefix, first.value)
            else:
                pieces.append(prefix)
                _simplified_instances(pieces, instances, inner)
        pieces.append(b"}}" if is_feature else b"}")
        return pieces

    def _of_types(self, types: tuple[str, ...]) -> tuple[bytes, _Names]:
        """The ``type`` member, and the names of attributes of entities of these types."""
        found = self._typed.get(types)
        if found is None:
            short = compact_types(types, self._terms)
            named = self._terms.for_types([short] if isinstance(short, str) else short)
            if len(self._typed) >= _MOST_TYPINGS_KEPT:
                self._typed.clear()
            found = self._typed[types] = (_encode(short), _names(named, self._terms))
        return found


def _feature_head(body: _SimpleBody) -> _Pieces:
    """What stands before the type in a feature."""
    instances = body.attributes.get(LOCATION)
    placed = instances is not None and instances[0].kind == _GEO_PROPERTY
    geometry = instances[0].value if instances is not None and placed else b"null"
    return [b'{"id":', body.id, b',"type":"Feature","geometry":', geometry, b',"properties":{"type":']


def _more(body: _Body | _SimpleBody) -> _Pieces:
    """What stands between the type and the attributes."""
    pieces: _Pieces = []
    if body.scope:
        pieces += (b',"scope":', _encode(body.scope[0] if len(body.scope) == 1 else body.scope))
    if body.members and "ngsildproof" in body.members:
        pieces += (b',"ngsildproof":', body.members["ngsildproof"])
    return pieces


class _Names:
    """How the members of a document begin, by IRI.

    ``begun`` are those known so far. ``terms`` name them; ``base`` are those that hold inside, unless the member's own
    context says otherwise: what is scoped to an entity's type names its attributes only.
    """

    def __init__(self, terms: Terms, base: Terms) -> None:
        self.terms = terms
        self._base = base
        self.begun: dict[str, tuple[bytes, _Names]] = {}

    def of(self, iri: str) -> tuple[bytes, _Names]:
        """``,"name":`` and the names that hold inside. Raises ``_Unusual``."""
        found = self.begun.get(iri)
        if found is None:
            name = self.terms.compact(iri)
            if name in _RESERVED:
                raise _Unusual
            if len(self.begun) >= _MOST_NAMES_KEPT:
                self.begun.clear()
            inner = self._base.within(name)
            found = self.begun[iri] = (b"," + _encode(name) + b":", _names(inner, inner))
        return found


@lru_cache(maxsize=256)
def _names(terms: Terms, base: Terms) -> _Names:
    return _Names(terms, base)


@lru_cache(maxsize=_MOST_TERMS_KEPT)
def document_writer(terms: Terms, form: DocumentForm) -> DocumentWriter:
    """The writer for this @context and form."""
    return DocumentWriter(terms, form)


_RESERVED: Final = (
    ENTITY_MEMBERS
    | VALUE_MEMBERS
    | {"observedAt", "unitCode", "datasetId", "objectType", "valueType", "instanceId", "lang", "dataset"}
)
_BEGINNING: Final = {
    kind.value: f'{{"type":"{kind.value}","{kind.value_member}":'.encode() for kind in AttributeKind
}
_GEO_PROPERTY: Final = AttributeKind.GEO_PROPERTY.value
_SPECIAL: Final = {AttributeKind.VOCAB_PROPERTY.value, AttributeKind.LIST_RELATIONSHIP.value}
_WRAPPED: Final = {
    kind.value: f'{{"{kind.value_member}":'.encode()
    for kind in AttributeKind
    if kind.value_member not in ("value", "object")
}
"""Simplified values of these kinds keep their member's name."""
BARE_KINDS: Final = frozenset(
    {kind.value for kind in AttributeKind} - _WRAPPED.keys() - {AttributeKind.VOCAB_PROPERTY.value}
)
"""Simplified values of these kinds are shown as they are stored."""


# --- normalized


def _normalized_instances(pieces: _Pieces, instances: Sequence[_Attribute], names: _Names) -> None:
    if len(instances) == 1:
        _normalized(pieces, instances[0], names)
        return
    mark = b"["
    for instance in instances:
        pieces.append(mark)
        _normalized(pieces, instance, names)
        mark = b","
    pieces.append(b"]")


def _normalized(pieces: _Pieces, attribute: _Attribute, names: _Names) -> None:
    kind, unit, at = attribute.kind, attribute.unit_code, attribute.observed_at
    value = _value(attribute, names.terms) if kind in _SPECIAL else attribute.value
    pieces += (_BEGINNING[kind], value)
    if unit is not _NOTHING:
        pieces += (b',"unitCode":', unit)
    if at is not _NOTHING:
        pieces += (b',"observedAt":', at)
    if attribute.dataset_id is not None:
        pieces += (b',"datasetId":', _encode(attribute.dataset_id))
    if attribute.members is not None:
        for member, stored in attribute.members.items():
            _member(pieces, member, stored, names.terms)
    if attribute.attributes is not None:
        for iri, instances in attribute.attributes.items():
            prefix, inner = names.of(iri)
            pieces.append(prefix)
            _normalized_instances(pieces, instances, inner)
    pieces.append(b"}")


def _member(pieces: _Pieces, member: str, value: msgspec.Raw, terms: Terms) -> None:
    if member in _COMPACTED:
        pieces += (b"," + _encode(member) + b":", _encode(_compacted(msgspec.json.decode(value), terms)))
    elif member != "expiresAt":
        pieces += (b"," + _encode(member) + b":", value)


def _value(attribute: _Attribute | _Simple, terms: Terms) -> bytes:
    """The value of a kind whose stored form differs from the sent one."""
    value = msgspec.json.decode(attribute.value)
    if attribute.kind == AttributeKind.VOCAB_PROPERTY.value:
        return _encode(_compacted(value, terms))
    return _encode([{"object": target} for target in value] if isinstance(value, list) else value)


def _compacted(value: Any, terms: Terms) -> Any:
    return [terms.compact(part) for part in value] if isinstance(value, list) else terms.compact(value)


# --- simplified


def _simplified_instances(pieces: _Pieces, instances: Sequence[_Simple], names: _Names) -> None:
    if len(instances) == 1 and instances[0].dataset_id is None:
        _simplified(pieces, instances[0], names)
        return
    mark = b'{"dataset":{'
    for instance in instances:
        pieces += (mark, _encode(instance.dataset_id or "@none"), b":")
        _simplified(pieces, instance, names)
        mark = b","
    pieces.append(b"}}")


def _simplified(pieces: _Pieces, attribute: _Simple, names: _Names) -> None:
    kind = attribute.kind
    value = _value(attribute, names.terms) if kind == AttributeKind.VOCAB_PROPERTY.value else attribute.value
    wrapped = _WRAPPED.get(kind)
    if wrapped is None:
        pieces.append(value)
    else:
        pieces += (wrapped, value, b"}")
