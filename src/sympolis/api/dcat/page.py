"""The catalogue for people: a list that can be searched, and a page per dataset. Plain HTML, no script needed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from html import escape
from typing import Final

from sympolis.governance.catalogue.licences import licence_of
from sympolis.governance.catalogue.model import Catalogue, Dataset, Distribution, Offer, Quality, Texts
from sympolis.governance.catalogue.search import Found
from sympolis.governance.catalogue.snippets import Snippet, snippets_of
from sympolis.governance.lifecycle.stages import Stage


@dataclass(frozen=True, slots=True)
class Words:
    title: str
    back: str
    search: str
    count: str
    nothing: str
    owner: str
    licence: str
    updated: str
    newest: str
    quality: str
    quality_text: str
    origin: str
    ways: str
    use: str
    formats: str
    all: str
    states: Mapping[str, str]
    stages: Mapping[str, str]
    grades: Mapping[str, str]
    naming: str
    offers: str
    decimal: str


WORDS: Final[Mapping[str, Words]] = {
    "it": Words(
        title="Catalogo dei dati",
        back="Al gemello",
        search="Cerca",
        count="{count} insiemi di dati",
        nothing="Nessun insieme di dati contiene queste parole.",
        owner="Titolare",
        licence="Licenza",
        updated="Ultimo aggiornamento",
        newest="Osservazione più recente",
        quality="Qualità",
        quality_text="{share} % di {read} righe accettate",
        origin="Portale di origine",
        ways="Come ottenerli",
        use="Come usarli",
        formats="Questa pagina come dati",
        all="Tutti i dati",
        states={
            "fresh": "aggiornato",
            "unjudged": "età non valutata",
            "closed": "concluso",
            "stale": "non aggiornato",
            "failed": "errore",
            "never": "mai letto",
        },
        stages={
            "draft": "bozza",
            "in-review": "in revisione",
            "released": "pubblicato",
            "deprecated": "dismesso",
        },
        grades={"good": "buona", "fair": "discreta", "poor": "scarsa", "unknown": "non misurata"},
        naming="Da citare",
        offers="A quali condizioni",
        decimal=",",
    ),
    "de": Words(
        title="Datenkatalog",
        back="Zum Zwilling",
        search="Suchen",
        count="{count} Datensätze",
        nothing="Kein Datensatz enthält diese Wörter.",
        owner="Dateneigner",
        licence="Lizenz",
        updated="Zuletzt aktualisiert",
        newest="Neueste Beobachtung",
        quality="Qualität",
        quality_text="{share} % von {read} Zeilen angenommen",
        origin="Portal der Herkunft",
        ways="Zugänge",
        use="So nutzt man sie",
        formats="Diese Seite als Daten",
        all="Alle Daten",
        states={
            "fresh": "aktuell",
            "unjudged": "Alter nicht beurteilt",
            "closed": "abgeschlossen",
            "stale": "veraltet",
            "failed": "fehlgeschlagen",
            "never": "nie gelesen",
        },
        stages={
            "draft": "Entwurf",
            "in-review": "in Prüfung",
            "released": "freigegeben",
            "deprecated": "auslaufend",
        },
        grades={"good": "gut", "fair": "mittel", "poor": "schlecht", "unknown": "nicht gemessen"},
        naming="Zu nennen",
        offers="Zu welchen Bedingungen",
        decimal=",",
    ),
    "en": Words(
        title="Data catalogue",
        back="To the twin",
        search="Search",
        count="{count} datasets",
        nothing="No dataset has these words.",
        owner="Owner",
        licence="Licence",
        updated="Last updated",
        newest="Newest observation",
        quality="Quality",
        quality_text="{share} % of {read} rows accepted",
        origin="Portal of origin",
        ways="How to get them",
        use="How to use them",
        formats="This page as data",
        all="All data",
        states={
            "fresh": "fresh",
            "unjudged": "age not judged",
            "closed": "closed",
            "stale": "stale",
            "failed": "failed",
            "never": "never read",
        },
        stages={
            "draft": "draft",
            "in-review": "in review",
            "released": "released",
            "deprecated": "deprecated",
        },
        grades={"good": "good", "fair": "fair", "poor": "poor", "unknown": "not measured"},
        naming="To be named",
        offers="On which terms",
        decimal=".",
    ),
}

LANGUAGES: Final = tuple(WORDS)

_FORMATS: Final = (("ttl", "Turtle"), ("jsonld", "JSON-LD"), ("rdf", "RDF/XML"))


def catalogue_page(catalogue: Catalogue, found: Found, words: str, language: str, *, things: str = "") -> str:
    """The list of the datasets that were found; ``things`` is HTML on what else was."""
    own = WORDS[language]
    articles = "".join(_article(one, own, language) for one in found.datasets)
    body = (
        f'<p class="muted">{escape(text_in(catalogue.title, language))}</p><h1>{own.title}</h1>'
        f'<form role="search"><label for="q">{own.search}</label>'
        f'<input id="q" name="q" type="search" value="{escape(words)}">'
        f'<input type="hidden" name="lang" value="{language}"><button>{own.search}</button></form>'
        f'<p role="status">{own.count.format(count=len(found.datasets)) if articles else own.nothing}</p>'
        f"{articles}{things}{formats('/catalogue', own)}"
    )
    return frame(f"{own.title} · {text_in(catalogue.title, language)}", body, own, language)


def dataset_page(dataset: Dataset, language: str, preview: str = "") -> str:
    """One dataset: what it is, whose, how fresh, how good, and how to use it; ``preview``: its first rows as HTML."""
    own = WORDS[language]
    path = f"/catalogue/datasets/{dataset.id}"
    title = text_in(dataset.title, language)
    ways = "".join(_way(one, language) for one in dataset.distributions)
    snippets = "".join(map(_snippet, snippets_of(dataset)))
    body = (
        f'<p><a href="/catalogue?lang={language}">{own.all}</a></p>'
        f"<h1>{escape(title)} {_state(dataset, own)}</h1>{_about(dataset, language)}"
        f"<dl>{_facts(dataset, own)}</dl>{preview}"
        f"<h2>{own.ways}</h2><ul>{ways}</ul>{offers_of(dataset.offers, language)}"
        f"<h2>{own.use}</h2>{snippets}{formats(path, own)}"
    )
    return frame(title, body, own, language)


def offers_of(offers: Iterable[Offer], language: str) -> str:
    """The terms on which something may be had, in plain words."""
    rows = "".join(f"<li>{escape(text_in(one, language))}</li>" for offer in offers for one in offer.words)
    return f"<h2>{WORDS[language].offers}</h2><ul>{rows}</ul>" if rows else ""


def _about(dataset: Dataset, language: str) -> str:
    """The description, where it says more than the title."""
    text = text_in(dataset.description, language)
    return "" if text == text_in(dataset.title, language) else f"<p>{escape(text)}</p>"


def _article(dataset: Dataset, own: Words, language: str) -> str:
    licence = licence_of(dataset.licence)
    return (
        f'<article><h2><a href="/catalogue/datasets/{escape(dataset.id)}?lang={language}">'
        f"{escape(text_in(dataset.title, language))}</a> {_state(dataset, own)}</h2>"
        f'<p class="muted">{escape(dataset.creator.name)} · {escape(licence.code)}'
        f"{_updated(dataset.modified, own)}</p></article>"
    )


def _facts(dataset: Dataset, own: Words) -> str:
    licence = licence_of(dataset.licence)
    rows = [
        (own.owner, escape(dataset.creator.name)),
        (own.licence, link(licence.iri, licence.title)),
        (own.naming, escape(dataset.attribution)),
        (own.origin, link(dataset.landing_page, dataset.landing_page)),
        (own.updated, time_of(dataset.modified)),
        (own.newest, time_of(dataset.newest_observation)),
        (own.quality, _quality(dataset, own)),
    ]
    return "".join(f"<dt>{name}</dt><dd>{value}</dd>" for name, value in rows if value)


def _quality(dataset: Dataset, own: Words) -> str:
    """The badge, how many rows of the newest delivery passed, and the reasons for the badge."""
    if dataset.badge.grade == "unknown":
        return ""
    language = next(code for code, words in WORDS.items() if words is own)
    why = " ".join(reason[language] for reason in (*dataset.badge.reasons, *dataset.badge.warning))
    counted = _counted(dataset.quality, own)
    return f"<strong>{own.grades[dataset.badge.grade]}</strong> · {escape(counted + why)}"


def _counted(quality: Quality | None, own: Words) -> str:
    if quality is None:
        return ""
    share = int(quality.accepted * 1000) / 10  # cut, not rounded: 99.96 % is not all of them
    shown = f"{share:g}".replace(".", own.decimal)
    return own.quality_text.format(share=shown, read=quality.read) + ". "


def _way(distribution: Distribution, language: str) -> str:
    shown = link(distribution.access_url, text_in(distribution.title, language))
    return f"<li>{shown} <code>{escape(distribution.media_type)}</code></li>"


def _snippet(snippet: Snippet) -> str:
    return f'<h3>{escape(snippet.tool)}</h3><pre tabindex="0"><code>{escape(snippet.text)}</code></pre>'


def _state(dataset: Dataset, own: Words) -> str:
    state = f'<span class="state {escape(dataset.status)}">{escape(own.states[dataset.status])}</span>'
    if dataset.stage is Stage.RELEASED:
        return state
    return f'{state} <span class="state {dataset.stage}">{escape(own.stages[dataset.stage])}</span>'


def _updated(at: datetime | None, own: Words) -> str:
    return "" if at is None else f" · {own.updated} {time_of(at)}"


def time_of(at: datetime | None) -> str:
    """A time for people and machines."""
    if at is None:
        return ""
    return f'<time datetime="{at.isoformat()}">{at:%Y-%m-%d %H:%M} UTC</time>'


def link(address: str, text: str) -> str:
    """A link."""
    return f'<a href="{escape(address)}">{escape(text)}</a>'


def formats(path: str, own: Words) -> str:
    """Links to the same as RDF."""
    links = " · ".join(f'<a href="{path}?f={short}">{name}</a>' for short, name in _FORMATS)
    return f"<footer><p>{own.formats}: {links}</p></footer>"


def text_in(texts: Texts, language: str) -> str:
    """In this language, else in English, else in any."""
    return texts.get(language) or texts.get("en") or next(iter(texts.values()), "")


def frame(title: str, body: str, own: Words, language: str) -> str:
    """A whole page."""
    others: Iterable[str] = (name for name in LANGUAGES if name != language)
    switch = " ".join(f'<a hreflang="{name}" lang="{name}" href="?lang={name}">{name}</a>' for name in others)
    return (
        f'<!doctype html><html lang="{language}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<title>{escape(title)}</title><link rel="stylesheet" href="/catalogue/style.css"></head><body>'
        f'<nav><a href="/">{own.back}</a> <span>{switch}</span></nav><main>{body}</main></body></html>'
    )


STYLE: Final = """:root{--page:#f6f5f2;--card:#fff;--ink:#1b2327;--muted:#54616a;--line:#d8d6d0;--accent:#0b5c66;
--good:#0a6b4b;--bad:#9a3412;color-scheme:light dark}
@media (prefers-color-scheme:dark){:root{--page:#0b1117;--card:#131c25;--ink:#e8eef2;--muted:#9fb0bc;--line:#263442;
--accent:#63d6cf;--good:#6ee7b7;--bad:#ffb38a}}
*{box-sizing:border-box}
body{margin:0;font:400 16px/1.5 system-ui,sans-serif;background:var(--page);color:var(--ink)}
nav,main{max-width:52rem;margin:0 auto;padding:1rem 1.25rem}
nav{display:flex;justify-content:space-between}
h1{font-size:1.7rem;line-height:1.2;margin:.5rem 0}h2{font-size:1.1rem;margin:0}
main>h2{margin:2rem 0 .5rem}h3{font-size:.9rem;margin:1rem 0 .25rem;color:var(--muted)}
a{color:var(--accent);text-underline-offset:2px}:focus-visible{outline:3px solid var(--accent);outline-offset:2px}
article{background:var(--card);border:1px solid var(--line);border-radius:12px;padding:.9rem 1.1rem;margin:.6rem 0}
article p{margin:.25rem 0 0}.muted{color:var(--muted)}
form{display:flex;flex-wrap:wrap;gap:.5rem;align-items:center;margin:1rem 0}
input,button{font:inherit;padding:.45rem .7rem;border:1px solid var(--muted);border-radius:8px;background:var(--card);
color:var(--ink);min-width:0}
input[type=search]{flex:1 1 14rem}button{background:var(--accent);border-color:var(--accent);color:var(--page)}
.state{display:inline-block;font-size:.78rem;font-weight:500;padding:.05rem .5rem;border:1px solid currentColor;
border-radius:99px;vertical-align:middle;color:var(--muted)}
.fresh{color:var(--good)}.stale,.failed{color:var(--bad)}
dl{display:grid;grid-template-columns:minmax(8rem,max-content) 1fr;gap:.35rem 1.25rem;margin:1.25rem 0}
dt{color:var(--muted)}dd{margin:0;overflow-wrap:anywhere}
.rows{overflow-x:auto;margin-top:.5rem}table{border-collapse:collapse;font-size:.9em}
th,td{text-align:left;padding:.3rem .7rem;border-bottom:1px solid var(--line);white-space:nowrap}
pre{background:var(--card);border:1px solid var(--line);border-radius:8px;padding:.75rem;overflow-x:auto;margin:0}
code{font-family:ui-monospace,monospace;font-size:.88em}footer{margin-top:2.5rem;border-top:1px solid var(--line)}
@media (max-width:30rem){dl{grid-template-columns:1fr;gap:0}dd{margin-bottom:.6rem}}
"""
