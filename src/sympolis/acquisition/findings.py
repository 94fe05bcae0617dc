"""What is to be said about a delivery as a whole, in the languages of the people who look after it.

A row has its reasons (``quality``); a delivery has findings: it is not what was agreed, or half of it, or in another
unit. A finding that refuses keeps the whole delivery out: nothing of it is written, the last good state stays.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from sympolis.domain import errors

_TEXTS: Final[Mapping[str, Mapping[str, str]]] = {
    "empty": {
        "it": "Il file è vuoto.",
        "de": "Die Datei ist leer.",
        "en": "The file is empty.",
    },
    "html": {
        "it": "Al posto dei dati è arrivata una pagina web («{title}»): forse un errore o una richiesta di accesso.",
        "de": "Statt der Daten kam eine Webseite („{title}“): vielleicht eine Fehler- oder Anmeldeseite.",
        "en": "A web page came instead of the data (“{title}”): perhaps an error or a login page.",
    },
    "kind": {
        "it": "Il file non è del tipo concordato: è {found}.",
        "de": "Die Datei hat nicht das vereinbarte Format: Sie ist {found}.",
        "en": "The file is not of the kind agreed: it is {found}.",
    },
    "truncated": {
        "it": "Il file finisce a metà: la trasmissione si è interrotta ({detail}).",
        "de": "Die Datei bricht mittendrin ab: Die Übertragung wurde unterbrochen ({detail}).",
        "en": "The file ends in the middle: the transfer broke off ({detail}).",
    },
    "encoding": {
        "it": "Il testo non è scritto in {expected}; sembra {found}.",
        "de": "Der Text ist nicht in {expected} geschrieben; er sieht nach {found} aus.",
        "en": "The text is not written in {expected}; it looks like {found}.",
    },
    "garbled": {
        "it": "Le lettere accentate sono rovinate (ad esempio «{example}»): il file è in {found}, non in {expected}.",
        "de": "Umlaute und Akzente sind zerstört (etwa „{example}“): Die Datei ist in {found}, nicht in {expected}.",
        "en": "Accented letters are garbled (such as “{example}”): the file is in {found}, not in {expected}.",
    },
    "delimiter": {
        "it": "Le colonne sono separate da {found}, non da {expected}.",
        "de": "Die Spalten sind durch {found} getrennt, nicht durch {expected}.",
        "en": "The columns are separated by {found}, not by {expected}.",
    },
    "columns": {
        "it": "L'intestazione è cambiata: manca {missing}. Il file ha: {found}.",
        "de": "Die Kopfzeile hat sich geändert: Es fehlt {missing}. Die Datei hat: {found}.",
        "en": "The header has changed: {missing} is missing. The file has: {found}.",
    },
    "unreadable": {
        "it": "Il file non si può leggere: {detail}.",
        "de": "Die Datei kann nicht gelesen werden: {detail}.",
        "en": "The file cannot be read: {detail}.",
    },
    "few": {
        "it": "Ci sono {read} righe; ne sono attese almeno {expected}.",
        "de": "Es sind {read} Zeilen; erwartet sind mindestens {expected}.",
        "en": "There are {read} rows, expected at least {expected}.",
    },
    "cut": {
        "it": "La consegna sembra tagliata: l'ultima riga è incompleta. Sono arrivate {read} righe; l'ultima "
        "volta erano {before}.",
        "de": "Die Lieferung wirkt abgeschnitten: Die letzte Zeile ist unvollständig. Es kamen {read} Zeilen; beim "
        "letzten Mal waren es {before}.",
        "en": "The delivery looks cut off: its last line is incomplete. {read} rows arrived; the last time there were "
        "{before}.",
    },
    "shrunk": {
        "it": "Ci sono {read} righe; l'ultima volta erano {before}. Forse manca una parte del file.",
        "de": "Es sind {read} Zeilen; beim letzten Mal waren es {before}. Vielleicht fehlt ein Teil der Datei.",
        "en": "There are {read} rows; the last time there were {before}. A part of the file may be missing.",
    },
    "refused": {
        "it": "{refused} righe su {read} non passano. La ragione più frequente, in «{field}»: {reason}",
        "de": "{refused} von {read} Zeilen bestehen nicht. Der häufigste Grund, in „{field}“: {reason}",
        "en": "{refused} of {read} rows do not pass. The most frequent reason, in “{field}”: {reason}",
    },
    "unit": {
        "it": "Forse un'altra unità di misura, o una colonna spostata.",
        "de": "Vielleicht eine andere Einheit oder eine verrutschte Spalte.",
        "en": "Perhaps another unit, or a column that has shifted.",
    },
    "shifted": {
        "it": "{refused} righe su {read} hanno più o meno celle dell'intestazione: una colonna sembra spostata.",
        "de": "{refused} von {read} Zeilen haben mehr oder weniger Zellen als die Kopfzeile: Spalte verrutscht.",
        "en": "{refused} of {read} rows have more or fewer cells than the header: a column seems to have shifted.",
    },
    "swapped": {
        "it": "Le coordinate sembrano scambiate: prima la latitudine, poi la longitudine.",
        "de": "Die Koordinaten sind wohl vertauscht: erst die Breite, dann die Länge.",
        "en": "The coordinates look swapped: latitude first, then longitude.",
    },
    "crs": {
        "it": "Le coordinate non sono in {expected}; sembrano in {found}.",
        "de": "Die Koordinaten sind nicht in {expected}; sie sehen nach {found} aus.",
        "en": "The coordinates are not in {expected}; they look like {found}.",
    },
    "scale": {
        "it": "I valori di «{field}» sono circa {factor} volte quelli consueti: forse un'altra unità di misura.",
        "de": "Die Werte von „{field}“ sind etwa das {factor}-Fache der üblichen: vielleicht eine andere Einheit.",
        "en": "The values of “{field}” are about {factor} times the usual ones: perhaps another unit.",
    },
    "repeated": {
        "it": "{duplicates} righe su {read} sono ripetute.",
        "de": "{duplicates} von {read} Zeilen sind Wiederholungen.",
        "en": "{duplicates} of {read} rows are repetitions.",
    },
    "identical": {
        "it": "È la stessa consegna dell'ultima volta ({at}): non c'è nulla di nuovo.",
        "de": "Es ist dieselbe Lieferung wie beim letzten Mal ({at}): Es gibt nichts Neues.",
        "en": "It is the same delivery as the last time ({at}): there is nothing new.",
    },
    "inflates": {
        "it": "L'archivio compresso diventerebbe più grande di {limit} MB: non è stato aperto oltre.",
        "de": "Das Archiv würde ausgepackt größer als {limit} MB: Es wurde nicht weiter ausgepackt.",
        "en": "Unpacked, the archive would be larger than {limit} MB: it was not unpacked any further.",
    },
    "nested": {
        "it": "Nell'archivio c'è un altro archivio («{name}»): non viene aperto.",
        "de": "Im Archiv steckt ein weiteres Archiv („{name}“): Es wird nicht ausgepackt.",
        "en": "There is another archive within the archive (“{name}”): it is not unpacked.",
    },
    "several": {
        "it": "Nell'archivio ci sono {count} file; ne è atteso uno di tipo {expected}.",
        "de": "Im Archiv sind {count} Dateien; erwartet ist eine mit der Endung {expected}.",
        "en": "There are {count} files in the archive; one {expected} file is expected.",
    },
}
LANGUAGES: Final = ("it", "de", "en")
RULES: Final = tuple(_TEXTS)


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong or remarkable. ``values`` fill the words; one may be a text per language."""

    rule: str
    values: Mapping[str, Any] = field(default_factory=dict)
    refuses: bool = True
    """Whether it keeps the delivery out; else it is told and the rows are taken."""

    def told(self, language: str) -> str:
        """The sentence in one of ``LANGUAGES``."""
        return _TEXTS[self.rule][language].format(
            **{name: _in(value, language) for name, value in self.values.items()}
        )

    def texts(self) -> dict[str, str]:
        """The sentence in every language."""
        return {language: self.told(language) for language in LANGUAGES}

    def to_json(self) -> dict[str, Any]:
        """The form of docs/reference/twin-api.md."""
        return {"rule": self.rule, "refuses": self.refuses, "text": self.texts()}


class DeliveryUnfit(errors.SourceFailed):
    """The delivery as a whole cannot be taken; ``finding`` says why."""

    def __init__(self, finding: Finding, *, where: str = "") -> None:
        super().__init__(finding.told("en"), where=where)
        self.finding = finding


def refusing(findings: Iterable[Finding]) -> list[Finding]:
    """Those that keep the delivery out."""
    return [one for one in findings if one.refuses]


def explained(findings: Iterable[Finding]) -> dict[str, str]:
    """All findings in one text per language; empty without any."""
    kept = list(findings)
    return {language: " ".join(one.told(language) for one in kept) for language in LANGUAGES} if kept else {}


def _in(value: Any, language: str) -> Any:
    return value[language] if isinstance(value, Mapping) else value
