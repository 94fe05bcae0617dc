"""Links to speak with, carried by e-mail: the address is used once and written down nowhere."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Final

from sympolis.decision.participation.project import ProjectPlan
from sympolis.domain import errors
from sympolis.domain.reading import Texts

Post = Callable[[str, str, str], Awaitable[None]]
"""Sends subject and text to an address. Raises ``DeliveryFailed``."""

_WORDS: Final = {
    "it": "Con questo collegamento potete partecipare senza registrarvi. È solo vostro: non passatelo ad altri.",
    "de": "Mit diesem Link können Sie ohne Konto mitreden. Er ist nur für Sie: Geben Sie ihn nicht weiter.",
    "en": "With this link you can take part without an account. It is yours alone: do not pass it on.",
}


class Letters:
    """See the module. ``language``: of a city that speaks several, the first."""

    def __init__(self, post: Post, *, language: str) -> None:
        self._post = post
        self._language = language

    async def send(self, plan: ProjectPlan, letters: Sequence[tuple[str, str]]) -> list[str]:
        """Send (address, link) pairs; the addresses that could not be reached."""
        title, owner = _said(plan.title, self._language), _said(plan.owner, self._language)
        words = _WORDS.get(self._language, _WORDS["en"])
        failed = []
        for address, link in letters:
            try:
                await self._post(address, title, f"{title}\n\n{words}\n\n{link}\n\n{owner}\n")
            except errors.DeliveryFailed:
                failed.append(address)
        return failed


def _said(texts: Texts, language: str) -> str:
    return texts.get(language) or next(iter(texts.values()), "")
