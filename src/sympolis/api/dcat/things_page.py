"""The pages of what is not data: the interfaces of a twin and its models, with what they need, give and allow."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from html import escape
from typing import Final

from sympolis.api.dcat.page import WORDS, formats, frame, link, offers_of, text_in, time_of
from sympolis.governance.catalogue.licences import licence_of
from sympolis.governance.catalogue.model import DataService, Model, Need
from sympolis.governance.catalogue.search import Thing, kind_of, owner_of


@dataclass(frozen=True, slots=True)
class _Labels:
    service: str
    model: str
    address: str
    standard: str
    serves: str
    version: str
    needs: str
    gives: str
    calibrated: str
    validity: str
    missing: str
    restricted: str


_LABELS: Final[Mapping[str, _Labels]] = {
    "it": _Labels(
        service="Servizi e interfacce",
        model="Modelli",
        address="Indirizzo",
        standard="Standard",
        serves="Insiemi di dati",
        version="Versione",
        needs="Di che cosa ha bisogno",
        gives="Che cosa dà",
        calibrated="Calibrato",
        validity="Per che cosa vale",
        missing="manca",
        restricted="riservato",
    ),
    "de": _Labels(
        service="Dienste und Schnittstellen",
        model="Modelle",
        address="Adresse",
        standard="Standard",
        serves="Datensätze",
        version="Version",
        needs="Was es braucht",
        gives="Was es gibt",
        calibrated="Kalibriert",
        validity="Wofür es gilt",
        missing="fehlt",
        restricted="eingeschränkt",
    ),
    "en": _Labels(
        service="Services and interfaces",
        model="Models",
        address="Address",
        standard="Standard",
        serves="Datasets",
        version="Version",
        needs="What it needs",
        gives="What it gives",
        calibrated="Calibrated",
        validity="What it is valid for",
        missing="missing",
        restricted="restricted",
    ),
}


def things_list(things: Iterable[Thing], language: str) -> str:
    """The interfaces and models that were found, below their headings."""
    labels, parts = _LABELS[language], []
    kept = list(things)
    for kind, title in (("model", labels.model), ("service", labels.service)):
        articles = "".join(_article(one, language) for one in kept if kind_of(one) == kind)
        parts.append(f"<h2>{title}</h2>{articles}" if articles else "")
    return "".join(parts)


def service_page(service: DataService, language: str) -> str:
    """One interface."""
    labels = _LABELS[language]
    served = "".join(f"<li>{link(iri, iri.rpartition('/')[2])}</li>" for iri in service.serves)
    rows = (
        (labels.address, link(service.endpoint_url, service.endpoint_url)),
        (labels.standard, link(service.conforms_to, service.conforms_to) if service.conforms_to else ""),
        (labels.model, ", ".join(link(iri, iri.rpartition("/")[2]) for iri in service.requires)),
        (labels.serves, f"<ul>{served}</ul>" if served else ""),
    )
    return _page(service, rows, language)


def model_page(model: Model, language: str) -> str:
    """One model."""
    labels, own = _LABELS[language], WORDS[language]
    licence = licence_of(model.licence)
    gives = ", ".join(text_in(one, language) for one in model.gives)
    rows = (
        (own.owner, escape(model.creator.name)),
        (own.licence, link(licence.iri, licence.title) if model.licence else ""),
        (labels.version, escape(model.version)),
        (labels.standard, escape(", ".join(model.standards))),
        (labels.needs, "".join(_need(one, labels) for one in model.needs)),
        (labels.gives, escape(gives)),
        (labels.validity, escape(text_in(model.validity, language))),
        (labels.calibrated, time_of(model.calibrated) + _figures(model)),
    )
    return _page(model, rows, language)


def _article(thing: Thing, language: str) -> str:
    owner = escape(owner_of(thing))
    return (
        f'<article><h3><a href="/catalogue/{kind_of(thing)}s/{escape(thing.id)}?lang={language}">'
        f"{escape(text_in(thing.title, language))}</a> {_access(thing, language)}</h3>"
        f'<p class="muted">{owner} · {escape(text_in(thing.description, language))}</p></article>'
    )


def _access(thing: Thing, language: str) -> str:
    return f'<span class="state">{_LABELS[language].restricted}</span>' if thing.restricted else ""


def _page(thing: DataService | Model, rows: Iterable[tuple[str, str]], language: str) -> str:
    own, title = WORDS[language], text_in(thing.title, language)
    path = f"/catalogue/{kind_of(thing)}s/{thing.id}"
    facts = "".join(f"<dt>{name}</dt><dd>{value}</dd>" for name, value in rows if value)
    body = (
        f'<p><a href="/catalogue?lang={language}">{own.all}</a></p>'
        f"<h1>{escape(title)} {_access(thing, language)}</h1><p>{escape(text_in(thing.description, language))}</p>"
        f"<dl>{facts}</dl>{offers_of(thing.offers, language)}{formats(path, own)}"
    )
    return frame(title, body, own, language)


def _need(need: Need, labels: _Labels) -> str:
    found = ", ".join(link(iri, iri.rpartition("/")[2]) for iri in need.datasets)
    missing = "" if need.met else f' <span class="state failed">{labels.missing}</span>'
    attributes = escape(", ".join(need.attributes))
    return f"<div><code>{escape(need.type)}</code> ({attributes}){missing} {found}</div>"


def _figures(model: Model) -> str:
    return "".join(
        f"<div>{escape(one.part)}: {escape(one.name)} {one.value:g}</div>" for one in model.figures
    )
