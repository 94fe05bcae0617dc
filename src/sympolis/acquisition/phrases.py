"""What the gate says of a value and expects of it, in Italian and German: whoever filled a cell reads about it there.

The gate speaks English, for logs and programs; each of its phrases stands here once, with ``{}`` for what differs. A
test reads the gate's own code for phrases that are missing.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from typing import Final

_PHRASES: Final[Mapping[str, tuple[str, str]]] = {
    # what is expected
    "number": ("un numero", "eine Zahl"),
    "integer": ("un numero intero", "eine ganze Zahl"),
    "text": ("un testo", "ein Text"),
    "boolean": ("sì o no", "ja oder nein"),
    "a number": ("un numero", "eine Zahl"),
    "a finite number": ("un numero finito", "eine endliche Zahl"),
    "number with decimal sign {}": (
        "un numero con {} come segno decimale",
        "eine Zahl mit {} als Dezimalzeichen",
    ),
    "groups of three digits, {} between them": (
        "gruppi di tre cifre, separati da {}",
        "Gruppen von drei Ziffern, dazwischen {}",
    ),
    "parts with {} between them": ("parti separate da {}", "Teile mit {} dazwischen"),
    "a value": ("un valore", "ein Wert"),
    "a complete row": ("una riga completa", "eine vollständige Zeile"),
    "a text or a whole number": ("un testo o un numero intero", "ein Text oder eine ganze Zahl"),
    "a term": ("un termine", "ein Begriff"),
    "a URI; or name a target in the mapping": (
        "un URI, oppure una destinazione nella mappatura",
        "ein URI, oder ein Ziel in der Abbildung",
    ),
    "a text per language; or name a language in the mapping": (
        "un testo per ogni lingua, oppure una lingua nella mappatura",
        "ein Text je Sprache, oder eine Sprache in der Abbildung",
    ),
    "such as {} or {}": ("come {} oppure {}", "wie {} oder {}"),
    "such as {}": ("come {}", "wie {}"),
    "a year, such as {}": ("un anno, come {}", "ein Jahr, wie {}"),
    "seconds since 1970, such as {}": ("secondi dal 1970, come {}", "Sekunden seit 1970, wie {}"),
    "an hour that exists": ("un'ora che esiste", "eine Stunde, die es gibt"),
    "not after {}": ("non dopo {}", "nicht nach {}"),
    "not before {}": ("non prima di {}", "nicht vor {}"),
    "coordinates": ("delle coordinate", "Koordinaten"),
    '"latitude, longitude"': ("«latitudine, longitudine»", "„Breite, Länge“"),
    "a GeoJSON geometry": ("una geometria GeoJSON", "eine GeoJSON-Geometrie"),
    "lists of positions": ("elenchi di posizioni", "Listen von Positionen"),
    "[x, y] in numbers": ("[x, y] in numeri", "[x, y] als Zahlen"),
    "check the source's crs": (
        "controllare il sistema di riferimento della fonte",
        "das Koordinatensystem der Quelle prüfen",
    ),
    "at least {} positions": ("almeno {} posizioni", "mindestens {} Positionen"),
    "closed rings of at least {} positions": (
        "anelli chiusi di almeno {} posizioni",
        "geschlossene Ringe aus mindestens {} Positionen",
    ),
    "rings whose last position is their first": (
        "anelli che finiscono dove cominciano",
        "Ringe, die enden, wo sie beginnen",
    ),
    "rings that do not cross": ("anelli che non si incrociano", "Ringe, die sich nicht kreuzen"),
    "within {} m of {}": ("entro {} m da {}", "höchstens {} m von {} entfernt"),
    "within {}": ("entro {}", "innerhalb von {}"),
    "one row per thing and time": (
        "una riga per ogni cosa e momento",
        "eine Zeile je Sache und Zeitpunkt",
    ),
    "an entity that another source describes": (
        "qualcosa che un'altra fonte descrive",
        "etwas, das eine andere Quelle beschreibt",
    ),
    "a name that only one thing has, or its id": (
        "un nome che ha una cosa sola, o il suo codice",
        "ein Name, den nur eines hat, oder dessen Kennung",
    ),
    "a known id, code, name or alias": (
        "un codice, un nome o un alias conosciuto",
        "eine bekannte Kennung, ein bekannter Name oder Zweitname",
    ),
    "one thing within {} m, every other at least {} times as far": (
        "una sola cosa entro {} m, ogni altra almeno {} volte più lontana",
        "genau eines innerhalb von {} m, alle anderen mindestens {}-mal so weit",
    ),
    "an entity the twin can hold": (
        "qualcosa che il gemello può conservare",
        "etwas, das der Zwilling aufnehmen kann",
    ),
    # what was found
    "{} is not a number": ("{}", "{}"),
    "{} is not a finite number": ("{}", "{}"),
    "{} is not a whole number": ("{}", "{}"),
    "{} is not true or false": ("{}", "{}"),
    "{} is not in the code list": ("{}", "{}"),
    "{} is below what is plausible": ("{}", "{}"),
    "{} is above what is plausible": ("{}", "{}"),
    "{} is not a pair of coordinates": ("{}", "{}"),
    "{} is not a coordinate": ("{}", "{}"),
    "{} is not a geometry type": ("{}, che non è un tipo di geometria", "{}, keine Art von Geometrie"),
    "{} is not a position": ("{}, che non è una posizione", "{}, keine Position"),
    "{} is not a URI": ("{}, che non è un URI", "{}, kein URI"),
    "{} is not the key of a thing": ("{}, che non è un codice", "{}, keine Kennung"),
    "{} is not a unit this mapping knows": ("{}", "{}"),
    "{} is not a time: {}": ("{}", "{}"),
    "{} has no part {}": ("{} non ha una parte {}", "{} hat keinen Teil {}"),
    "{} has no language": ("{}, senza lingua", "{}, ohne Sprache"),
    "{} cannot be a word of a vocabulary: {}": (
        "{}, che non può essere un termine",
        "{}, das kein Begriff sein kann",
    ),
    "{} has no place on earth in the source's CRS": (
        "{}, che nel sistema della fonte non è sulla Terra",
        "{}, im System der Quelle kein Ort auf der Erde",
    ),
    "is empty": ("niente", "nichts"),
    "is empty, and the row's identity needs it": (
        "niente, e serve per riconoscere la riga",
        "nichts, und die Zeile ist nur daran zu erkennen",
    ),
    "there is no time": ("nessuna data né ora", "keine Zeitangabe"),
    "there is no geometry": ("nessun luogo", "kein Ort"),
    "the row has no place": ("la riga non ha un luogo", "die Zeile hat keinen Ort"),
    "is not JSON: {}": ("non è JSON", "kein JSON"),
    "is not an object": ("non è un oggetto", "kein Objekt"),
    "has malformed coordinates": ("coordinate malformate", "fehlerhafte Koordinaten"),
    "a line needs two positions": (
        "una linea di meno di due posizioni",
        "eine Linie aus weniger als zwei Positionen",
    ),
    "has a ring that is not closed": ("un anello non chiuso", "ein Ring, der nicht geschlossen ist"),
    "is not a polygon: {}": ("non è un poligono", "kein Polygon"),
    "is not valid: {}": ("geometria non valida ({})", "ungültige Geometrie ({})"),
    "{}, {} is outside the city; latitude and longitude look swapped": (
        "{}, {}, fuori dalla città; latitudine e longitudine sembrano scambiate",
        "{}, {}, außerhalb der Stadt; Breite und Länge scheinen vertauscht",
    ),
    "{}, {} is outside the city": ("{}, {}, fuori dalla città", "{}, {}, außerhalb der Stadt"),
    "{} is in the future": ("{}, nel futuro", "{}, in der Zukunft"),
    "{} is too early": ("{}, troppo presto", "{}, zu früh"),
    "{} is too old": ("{}, troppo vecchio", "{}, zu alt"),
    "there is no {}": ("{} non c'è", "{} gibt es nicht"),
    "row {} of the data already describes {} differently": (
        "la riga {} dei dati descrive già {} in modo diverso",
        "Zeile {} der Daten beschreibt {} bereits anders",
    ),
    "the store refused it: {}": ("rifiutata: {}", "abgelehnt: {}"),
    "{} was {} km away: its id may have been given to another thing": (
        "{} era a {} km: forse il codice è passato a un'altra cosa",
        "{} war {} km entfernt: vielleicht ging die Kennung an etwas anderes",
    ),
    "{} is not in the master data ({}); near: {}": (
        "{} non è nei dati di riferimento ({}); simili: {}",
        "{} steht nicht in den Stammdaten ({}); ähnlich: {}",
    ),
    "{} is not in the master data ({})": (
        "{} non è nei dati di riferimento ({})",
        "{} steht nicht in den Stammdaten ({})",
    ),
    "{} may be {} of {}": ("{} può essere {} ({})", "{} kann {} sein ({})"),
    "no {} is near {}": ("nessuna cosa del tipo {} è vicina a {}", "nichts von der Art {} ist nahe an {}"),
    "{} is not a {}": ("{}", "{}"),
    "{} is not an {}": ("{}", "{}"),
}
_LANGUAGES: Final = {"it": 0, "de": 1}


def phrase(text: str, language: str) -> str:
    """What the gate says, in a language; in its own words where it says something else, or in English."""
    found = None if language not in _LANGUAGES else known(text)
    if found is None:
        return text
    template, values = found
    told = _PHRASES[template][_LANGUAGES[language]]
    return told.format(*values[: told.count("{}")])


def known(text: str) -> tuple[str, tuple[str, ...]] | None:
    """The phrase that a text is, with what differs in it; None where it is none."""
    for template in _PHRASES:
        match = _pattern(template).fullmatch(text)
        if match is not None:
            return template, match.groups()
    return None


@cache
def _pattern(template: str) -> re.Pattern[str]:
    return re.compile(re.escape(template).replace(r"\{\}", "(.+?)"), re.DOTALL)
