"""Why a row did not pass, told to whoever sent it: in Italian, German and English, without the platform's words."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Final

from sympolis.acquisition.ledger import QuarantinedRow
from sympolis.acquisition.phrases import phrase
from sympolis.acquisition.quality import Reason
from sympolis.plugins.connector import Remark

_TEXTS: Final[Mapping[str, Mapping[str, str]]] = {
    "it": {
        "row": "La riga non è completa o contiene un errore.",
        "required": "Manca un valore necessario.",
        "type": "Il valore non è del tipo atteso.",
        "unit": "L'unità di misura non è riconosciuta.",
        "code": "Il valore non è nell'elenco dei codici.",
        "range": "Il valore non è plausibile.",
        "time": "La data o l'ora non si può leggere o non è ammessa.",
        "staleness": "L'osservazione è troppo vecchia.",
        "geometry": "Il luogo manca, non è valido o è fuori dalla città.",
        "duplicate": "Un'altra riga dice qualcosa di diverso sulla stessa cosa e sullo stesso momento.",
        "reference": "La riga parla di qualcosa che nessuna fonte ha ancora descritto.",
        "identity": "Il codice era di un'altra cosa, in un altro luogo.",
        "expected": "Atteso: {expected}.",
        "found": "Trovato: {message}.",
    },
    "de": {
        "row": "Die Zeile ist nicht vollständig oder enthält einen Fehler.",
        "required": "Ein notwendiger Wert fehlt.",
        "type": "Der Wert ist nicht von der erwarteten Art.",
        "unit": "Die Einheit ist nicht bekannt.",
        "code": "Der Wert steht nicht in der Schlüsselliste.",
        "range": "Der Wert ist nicht plausibel.",
        "time": "Datum oder Uhrzeit sind nicht lesbar oder nicht zulässig.",
        "staleness": "Die Beobachtung ist zu alt.",
        "geometry": "Der Ort fehlt, ist ungültig oder liegt außerhalb der Stadt.",
        "duplicate": "Eine andere Zeile sagt über dieselbe Sache und Zeit etwas anderes.",
        "reference": "Die Zeile spricht von etwas, das noch keine Quelle beschrieben hat.",
        "identity": "Die Kennung gehörte zu etwas anderem an einem anderen Ort.",
        "expected": "Erwartet: {expected}.",
        "found": "Gefunden: {message}.",
    },
    "en": {
        "row": "The row is not complete or has an error in it.",
        "required": "A value that is needed is missing.",
        "type": "The value is not of the expected kind.",
        "unit": "The unit is not known.",
        "code": "The value is not in the list of codes.",
        "range": "The value is not plausible.",
        "time": "The date or time cannot be read or is not allowed.",
        "staleness": "The observation is too old.",
        "geometry": "The place is missing, not valid, or outside the city.",
        "duplicate": "Another row says something else about the same thing and time.",
        "reference": "The row speaks of something that no source has described yet.",
        "identity": "The id belonged to another thing in another place.",
        "expected": "Expected: {expected}.",
        "found": "Found: {message}.",
    },
}

LANGUAGES: Final = tuple(_TEXTS)
_PLAIN: Final = {"number": "a number", "integer": "a whole number", "text": "a text", "boolean": "yes or no"}
_RANGES: Final = {"it": r"da \1 a \2", "de": r"\1 bis \2", "en": r"\1 to \2"}
_JUDGED: Final = re.compile(
    r"(.+?) is (?:(?:below|above) what is plausible|not an? \w+|not in the code list)", re.DOTALL
)


def remark(reason: Reason, language: str) -> Remark:
    """A reason in a language: the value that was found, else what the gate said of it."""
    texts = _TEXTS[language]
    parts = [texts[reason.rule]]
    if reason.expected:
        parts.append(texts["expected"].format(expected=_expected(reason, language)))
    judged = _JUDGED.fullmatch(reason.message)
    parts.append(texts["found"].format(message=judged[1] if judged else phrase(reason.message, language)))
    return Remark(reason.field, " ".join(parts))


def _expected(reason: Reason, language: str) -> str:
    """What is expected, without the gate's English."""
    if reason.rule == "range":
        return re.sub(r"(\S+) to (\S+)", _RANGES[language], reason.expected)
    if language == "en" and reason.rule == "type":
        return _PLAIN.get(reason.expected, reason.expected)
    return reason.expected if reason.rule == "code" else phrase(reason.expected, language)


def remarks_of(rows: Iterable[QuarantinedRow], language: str) -> dict[int, tuple[Remark, ...]]:
    """The remarks on refused rows, by row number."""
    return {row.row_number: tuple(remark(reason, language) for reason in row.reasons) for row in rows}
