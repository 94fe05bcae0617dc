"""The JSON of atlases, and the content of the files that are made of a selection."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from sympolis.analysis.atlas import things
from sympolis.analysis.atlas.plan import AtlasLayer, AtlasPlan
from sympolis.analysis.atlas.things import Selection, Things
from sympolis.domain.numerals import as_written

if TYPE_CHECKING:
    from sympolis.orchestration.atlases.desk import Credit, Filled
    from sympolis.orchestration.atlases.reading import Areas

Json = dict[str, Any]
CreditOf = Callable[[str], "Credit"]
LANGUAGES: Final = ("en", "de", "it")
WORDS: Final[Mapping[str, Mapping[str, str]]] = {
    "en": {"about": "About", "missing": "Missing here", "filters": "Selection", "all": "everything", "layer": "Layer",
           "id": "Id", "name": "Name", "carrier": "Carrier", "status": "Status", "capacity": "Capacity",
           "area": "Area", "longitude": "Longitude", "latitude": "Latitude", "made": "Made", "from": "from",
           "to": "to", "count": "Number", "sum": "Sum", "source": "Source", "licence": "Licence", "note": "Note"},
    "de": {"about": "Über diese Datei", "missing": "Fehlt hier", "filters": "Auswahl", "all": "alles",
           "layer": "Ebene", "id": "Kennung", "name": "Name", "carrier": "Energieträger", "status": "Status",
           "capacity": "Leistung", "area": "Gebiet", "longitude": "Länge", "latitude": "Breite", "made": "Erstellt",
           "from": "ab", "to": "bis", "count": "Anzahl", "sum": "Summe", "source": "Quelle", "licence": "Lizenz",
           "note": "Hinweis"},
    "it": {"about": "Informazioni", "missing": "Qui manca", "filters": "Selezione", "all": "tutto",
           "layer": "Livello", "id": "Id", "name": "Nome", "carrier": "Fonte", "status": "Stato",
           "capacity": "Potenza", "area": "Area", "longitude": "Longitudine", "latitude": "Latitudine",
           "made": "Creato", "from": "da", "to": "fino a", "count": "Numero", "sum": "Somma", "source": "Sorgente",
           "licence": "Licenza", "note": "Nota"},
}  # fmt: skip
"""Words of files, by language."""
_COLUMNS: Final = tuple(name for name in things.COMMON if name != "layer")


def summary(plan: AtlasPlan) -> Json:
    """One entry of the list."""
    return {"id": plan.id, "title": dict(plan.title), "question": dict(plan.question)}


def atlas(filled: Filled, credit: CreditOf) -> Json:
    """An atlas with its layers and what may be chosen."""
    plan = filled.plan
    return {
        **summary(plan),
        "unit": plan.unit,
        "layers": [_layer(one, filled, credit) for one in plan.layers],
        "carriers": _choices(filled, "carriers"),
        "states": _choices(filled, "states"),
        "areas": [
            {"id": i, "name": name} for i, name in zip(filled.areas.ids, filled.areas.names, strict=True)
        ],
        "words": {word: dict(texts) for word, texts in plan.words.items()},
        "missing": [
            {"id": one.id, "title": dict(one.title), "text": dict(one.text), "connect": dict(one.connect)}
            for one in plan.missing
        ],
    }


def _layer(one: AtlasLayer, filled: Filled, credit: CreditOf) -> Json:
    found, owner = filled.layers.get(one.id), credit(one.source)
    return {
        "id": one.id,
        "title": dict(one.title),
        "kind": one.kind,
        "count": None if found is None else len(found),
        "placed": bool(one.geometry or one.model),
        "default": one.default,
        "fields": [{"name": f.name, "title": dict(f.title), "unit": f.unit} for f in one.fields],
        "note": dict(one.note),
        "source": one.source or None,
        "model": one.model or None,
        "attribution": owner.attribution or None,
        "licence": owner.licence or None,
        "problem": filled.problems.get(one.id),
    }


def _choices(filled: Filled, column: str) -> list[str]:
    found = {
        str(word) for one in filled.layers.values() for word in set(getattr(one, column).tolist()) if word
    }
    return sorted(found)


def features(found: Mapping[str, Things], areas: Areas, limit: int) -> Json:
    """A FeatureCollection of the largest things of each layer; ``matched`` counts all, by layer."""
    made = []
    for layer, all_things in found.items():
        for row in things.rows(layer, things.largest(all_things, limit), areas.names):
            longitude, latitude = row.pop("longitude"), row.pop("latitude")
            place = None if longitude is None else {"type": "Point", "coordinates": [longitude, latitude]}
            made.append(
                {"type": "Feature", "id": f"{layer}/{row['id']}", "geometry": place, "properties": row}
            )
    matched = {layer: len(one) for layer, one in found.items()}
    return {"type": "FeatureCollection", "matched": matched, "features": made}


def export(
    filled: Filled,
    found: Mapping[str, Things],
    asked: Selection,
    *,
    language: str,
    made: str,
    credit: CreditOf,
) -> Json:
    """What ``analysis.atlas.files`` writes."""
    words, plan = WORDS[language], filled.plan
    layers = [_table(one, found[one.id], filled, language, credit) for one in plan.layers if one.id in found]
    filters = _filters(asked, filled, language)
    return {
        "title": _say(plan.title, language),
        "question": _say(plan.question, language),
        "unit": plan.unit,
        "language": language,
        "made": made,
        "filters": filters,
        "layers": layers,
        "missing": [_say(one.title, language) for one in plan.missing],
        "outlines": list(filled.areas.outlines),
        "words": dict(words),
        "about": _about(filled, layers, filters, made, language),
    }


def _table(one: AtlasLayer, found: Things, filled: Filled, language: str, credit: CreditOf) -> Json:
    words, owner = WORDS[language], credit(one.source)
    names = [*_COLUMNS, *(field.name for field in one.fields if field.name not in _COLUMNS)]
    titles = {name: words[name] for name in _COLUMNS} | {
        "capacity": f"{words['capacity']} [{filled.plan.unit}]"
    }
    titles |= {f.name: f"{_say(f.title, language)}{f' [{f.unit}]' if f.unit else ''}" for f in one.fields}
    said = ("carrier", "status", *(field.name for field in one.fields))
    rows = [_said(row, said, filled.plan, language) for row in things.rows(one.id, found, filled.areas.names)]
    return {
        "id": one.id,
        "title": _say(one.title, language),
        "columns": [{"name": name, "title": titles[name]} for name in names],
        "rows": [[row[name] for name in names] for row in rows],
        "place": bool(one.geometry or one.model),
        "sums": _sums(found, filled.plan.unit, language),
        "attribution": owner.attribution,
        "licence": owner.licence,
        "note": _say(one.note, language),
    }


def _said(row: Json, names: Sequence[str], plan: AtlasPlan, language: str) -> Json:
    """Words of the source in the reader's language, where the city says them."""
    for name in names:
        if isinstance(row[name], str) and row[name] in plan.words:
            row[name] = _say(plan.words[row[name]], language)
    return row


def _sums(found: Things, unit: str, language: str) -> str:
    sums = things.totals(found)
    number = _number(sums["count"], language)
    return (
        number
        if sums["capacity"] is None
        else f"{number} · {_number(round(sums['capacity']), language)} {unit}"
    )


def _number(value: int, language: str) -> str:
    return as_written(f"{value:,}", language)


def _filters(asked: Selection, filled: Filled, language: str) -> list[str]:
    words, plan = WORDS[language], filled.plan
    names = dict(zip(filled.areas.ids, filled.areas.names, strict=True))
    said = [_say(plan.words.get(word, {}), language) or word for word in (*asked.carriers, *asked.states)]
    said += [names[one] for one in asked.areas]
    if asked.low is not None:
        said.append(f"{words['from']} {as_written(format(asked.low, 'g'), language)} {plan.unit}")
    if asked.high is not None:
        said.append(f"{words['to']} {as_written(format(asked.high, 'g'), language)} {plan.unit}")
    return [f"{words['filters']}: {', '.join(said) if said else words['all']}"]


def _about(
    filled: Filled, layers: list[Json], filters: list[str], made: str, language: str
) -> list[list[Any]]:
    words, plan = WORDS[language], filled.plan
    lines: list[list[Any]] = [
        [_say(plan.title, language)],
        [_say(plan.question, language)],
        *[[one] for one in filters],
        [words["made"], made[:10]],
        [],
        [words["layer"], words["count"], words["sum"], words["source"], words["licence"], words["note"]],
    ]
    lines += [
        [one["title"], len(one["rows"]), one["sums"], one["attribution"], one["licence"], one["note"]]
        for one in layers
    ]
    lines += [[], [words["missing"]]]
    return lines + [
        [_say(one.title, language), _say(one.text, language), _say(one.connect, language)]
        for one in plan.missing
    ]


def _say(texts: Mapping[str, str], language: str) -> str:
    return texts.get(language) or texts.get("en") or next(iter(texts.values()), "")
