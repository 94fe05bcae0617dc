"""The help of a twin, joined: its book beside the store, the city's rules, and what can be found beside the docs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from sympolis.assessment.ecosystem.initiatives import register
from sympolis.help.clock import Calendar
from sympolis.help.house import Help
from sympolis.help.passages import Passage
from sympolis.help.questions import QuestionDesk
from sympolis.settings import Settings
from sympolis.stores.embedded.helping import EmbeddedHelp

if TYPE_CHECKING:
    from sympolis.app.twin import Twin


def open_help(settings: Settings, twin: Twin, folder: Path) -> Help:
    """Questions, tutorials and search of a twin. Raises ``StoreUnavailable``."""
    book = EmbeddedHelp.in_memory() if settings.store == "memory" else EmbeddedHelp.open(folder)
    plan = twin.city.help
    calendar = Calendar(plan.holidays, ZoneInfo(twin.city.facts.timezone))
    return Help(QuestionDesk(book, plan, calendar), book, programmes)


def programmes() -> list[Passage]:
    """The networks and programmes of the ecosystem, with what each of them gives and its materials."""
    found = []
    for one in register().initiatives:
        others = {language: text for language, text in one.gives.items() if language != "en"}
        found.append(Passage(page="", title=one.name, text=one.gives["en"], address=one.web, names=others))
        found += [
            Passage(page="", title=f"{one.name}: {title}", text="", address=address)
            for title, address in one.assets
            if address != one.web
        ]
    return found
