"""Assets that point: a dataset with where it is and on which terms, never the data; and what holds between twins."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

import msgspec

from sympolis.acquisition import mapping as mappings
from sympolis.assessment.calls import calls
from sympolis.city.declarations import encode
from sympolis.dataspace.repository.draft import Draft
from sympolis.dataspace.repository.kinds import Kind
from sympolis.domain import errors
from sympolis.governance.policy.assets import dataset_iri

if TYPE_CHECKING:
    from sympolis.acquisition.source import Source
    from sympolis.city.schema import City
    from sympolis.orchestration.gather import Names

Json = dict[str, Any]
Texts = Mapping[str, str]
BETWEEN_TWINS: Final = "between-twins"
_TITLE: Final = {
    "it": "Che cosa vale tra questo gemello e gli altri",
    "de": "Was zwischen diesem und anderen Zwillingen gilt",
    "en": "What holds between this twin and others",
}
_TELLING: Final = {
    "it": "Regolamento della federazione: chi è creduto, quali credenziali contano, con quali servizi e protocolli.",
    "de": "Regelwerk der Föderation: wem geglaubt wird, welche Nachweise zählen, mit welchen Diensten und Protokollen.",
    "en": "The federation's rulebook: who is believed, which credentials count, by which services and protocols.",
}
_CALL: Final = {
    "it": "Regole di un bando come dati: ammissibilità, bilancio, requisiti e documenti, da verificare sui gemelli.",
    "de": "Regeln einer Ausschreibung als Daten: Berechtigung, Budget, Anforderungen, Unterlagen; am Zwilling geprüft.",
    "en": "The rules of a call as data: eligibility, budget, requirements and documents, checked against twins.",
}
_DATASET: Final = {
    "it": "{type} con {names}. Titolare: {owner}. I dati si hanno per contratto o dal catalogo, non nel pacchetto.",
    "de": "{type} mit {names}. Dateneigner: {owner}. Die Daten gibt es per Vertrag oder Katalog, nicht im Paket.",
    "en": "{type} with {names}. Owner: {owner}. The data come by contract or from the catalogue, not in the package.",
}


class Pointing:
    """Drafts of pointers. ``open_to`` says whether everybody may know of a dataset; ``about`` is who this twin is."""

    def __init__(
        self,
        city: City,
        names: Names,
        *,
        open_to: Callable[[str], bool],
        address: Callable[[], str],
        rulebook: Callable[[], Mapping[str, Any]],
    ) -> None:
        self._city = city
        self._names = names
        self._open = open_to
        self._address = address
        self._rulebook = rulebook

    def listed(self) -> Iterator[tuple[Kind, str, Texts]]:
        """Kind, name and title of what can be pointed at: datasets that are released."""
        for source in self._city.sources.values():
            if self._open(source.id):
                yield Kind.DATASET, source.id, source.title
        yield Kind.RULEBOOK, BETWEEN_TWINS, _TITLE
        for call in calls().values():
            yield Kind.RULEBOOK, call.id, call.title

    def has(self, kind: Kind, name: str) -> bool:
        """Whether there is such a thing."""
        return any((kind, name) == (one, called) for one, called, _ in self.listed())

    def draft(self, kind: Kind, name: str) -> Draft:
        """The draft of one of them. Raises ``NotFound``."""
        if not self.has(kind, name):
            raise errors.NotFound(f"this twin has no {kind} {name[:80]!r} to publish", where="name")
        if kind is Kind.DATASET:
            return self._dataset(self._city.sources[name])
        if name == BETWEEN_TWINS:
            return self._rules(name, _TITLE, _TELLING, dict(self._rulebook()))
        call = calls()[name]
        return self._rules(name, call.title, _CALL, msgspec.to_builtins(call))

    def _rules(self, name: str, title: Texts, telling: Texts, document: Json) -> Draft:
        return Draft(
            kind=Kind.RULEBOOK,
            name=name,
            title=dict(title),
            description=telling,
            licence=self._city.facts.licence,
            content={f"{name}.json": encode(document)},
        )

    def _dataset(self, source: Source) -> Draft:
        mapping, base = self._city.mappings[source.mapping], self._address()
        kind = self._names.expand(mapping.entity_type)
        given = mappings.attribute_names(mapping)
        pointer = {
            "dataset": dataset_iri(source.id),
            "page": f"{base}/catalogue/datasets/{source.id}",
            "dsp": f"{base}/dsp",
            "type": kind,
            "attributes": [self._names.expand(one) for one in given],
            "licence": source.licence,
            "owner": source.owner,
            "attribution": source.attribution,
            "origin": source.url,
        }
        told = {"type": mapping.entity_type, "names": ", ".join(given[:12]), "owner": source.owner}
        return Draft(
            kind=Kind.DATASET,
            name=source.id,
            title=dict(source.title),
            description={tag: text.format(**told) for tag, text in _DATASET.items()},
            licence=source.licence,
            keywords=(mapping.entity_type, *given)[:50],
            gives=({"": kind},),
            about=pointer,
            content={"dataset.json": encode(pointer)},
        )
