"""What a message about notices says: the same words by every channel, in the city's language."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sympolis.decision.notices.record import Notice
from sympolis.domain.numerals import as_written
from sympolis.domain.unit_words import unit_in_words

_SEVERAL = {"it": "{n} avvisi", "de": "{n} Meldungen", "en": "{n} notices"}


@dataclass(frozen=True, slots=True)
class Message:
    """A short subject, plain text, and where to see more."""

    subject: str
    text: str
    link: str
    urgent: bool


def message(notices: Sequence[Notice], *, language: str, address: str) -> Message:
    """One message about one notice or several; ``address`` is the twin's own, ``""`` where it is not known."""
    lines = [_line(one, language) for one in notices]
    several = _SEVERAL.get(language, _SEVERAL["en"]).format(n=len(notices))
    subject = lines[0] if len(notices) == 1 else several
    page = notices[0].reading.page if len(notices) == 1 else "#/notifications"
    link = f"{address.rstrip('/')}/{page}" if address else ""
    return Message(
        subject, "\n".join([*lines, *([link] if link else [])]), link, any(one.urgent for one in notices)
    )


def _line(notice: Notice, language: str) -> str:
    reading = notice.reading
    title = notice.title.get(language) or notice.title.get("en") or notice.rule
    about = reading.title.get(language) or reading.title.get("en") or reading.subject
    figure = (
        f" {_number(reading.value, language)} {unit_in_words(reading.unit, language)}".rstrip()
        if reading.unit
        else ""
    )
    return f"{title}: {about}{figure} ({reading.at:%Y-%m-%d %H:%M} UTC)"


def _number(value: float, language: str) -> str:
    """Six digits at most, with the language's signs."""
    return as_written(f"{value:g}", language)
