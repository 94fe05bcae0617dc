"""What keeps machines and shouting out, without asking anybody who they are: pace, repeats, links, a field nobody sees.

Addresses are counted in memory under a key that lives as long as the process; none is ever written down.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
import unicodedata
from collections import deque
from collections.abc import Callable, Iterable
from typing import Final

from sympolis.decision.participation.record import Contribution, State, Utterance
from sympolis.domain import errors

HOUR_S: Final = 3600.0
PER_PERSON: Final = {
    "contribution": 6,
    "comment": 20,
    "rating": 120,
    "report": 20,
    "photo": 12,
    "what-if": 20,
}
"""In an hour. Somebody who walks through a quarter with the page open stays below it."""
PER_ADDRESS: Final = {
    "contribution": 60,
    "comment": 120,
    "rating": 600,
    "report": 60,
    "photo": 60,
    "what-if": 60,
}
"""In an hour: a school class or a library sits behind one address."""
MOST_LINKS: Final = 2
"""More, and somebody looks at it before others read it."""
_MOST_KEPT: Final = 50_000
_LINKS: Final = ("http://", "https://", "www.")
_MAIL: Final = re.compile(r"[^\s@]{1,64}@[^\s@]{1,190}\.[a-z]{2,}", re.IGNORECASE)


class Pace:
    """How often somebody did something within the last hour."""

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._key = secrets.token_bytes(16)
        self._done: dict[bytes, deque[float]] = {}

    def check(self, act: str, author: str, address: str) -> None:
        """Count one act. Raises ``TooManyAttempts`` where a person, or everybody behind an address, is too quick."""
        now = self._monotonic()
        asked = [(self._mark(act, "person", author), PER_PERSON[act])]
        if address:
            asked.append((self._mark(act, "address", address), PER_ADDRESS[act]))
        for mark, most in asked:
            if len(self._recent(mark, now)) >= most:
                raise errors.TooManyAttempts(
                    f"at most {most} of these an hour",
                    where=act,
                    hint="wait a little; what you wrote is not lost",
                )
        for mark, _ in asked:
            self._recent(mark, now).append(now)

    def once(self, act: str, author: str, what: str) -> None:
        """Raise ``AlreadyExists`` where this person did this to ``what`` within the last hour."""
        times = self._recent(self._mark(act, "once", author, what), self._monotonic())
        if times:
            raise errors.AlreadyExists("you have said so already", where=act)
        times.append(self._monotonic())

    def _recent(self, mark: bytes, now: float) -> deque[float]:
        if mark not in self._done and len(self._done) >= _MOST_KEPT:
            self._done = {
                key: times for key, times in self._done.items() if times and times[-1] > now - HOUR_S
            }
        times = self._done.setdefault(mark, deque())
        while times and times[0] <= now - HOUR_S:
            times.popleft()
        return times

    def _mark(self, *parts: str) -> bytes:
        return hmac.new(self._key, "\x1f".join(parts).encode(), hashlib.sha256).digest()


def check_trap(value: object) -> None:
    """A field that people do not see stays empty. Raises ``InvalidRequest``."""
    if value not in (None, ""):
        raise errors.InvalidRequest("this field stays empty", where="website")


def check_repeat(text: str, said: Iterable[Utterance]) -> None:
    """Raise ``AlreadyExists`` where the same was said in this project, up to case, spaces and signs."""
    wanted = _folded(text)
    gone = (State.WITHDRAWN, State.ERASED)
    for one in said:
        whole = f"{one.title} {one.text}" if isinstance(one, Contribution) else one.text
        if one.state not in gone and _folded(whole) == wanted:
            raise errors.AlreadyExists(
                "the same words are there already", where="text", hint="rate it, or say what you would add"
            )


def suspicious(text: str) -> str:
    """Why somebody should look at it before others read it; '' where there is no reason."""
    folded = text.lower()
    links = sum(folded.count(one) for one in _LINKS) - folded.count("://www.")
    if links > MOST_LINKS:
        return f"{links} links"
    return "an e-mail address" if _MAIL.search(text) else ""


def _folded(text: str) -> str:
    plain = unicodedata.normalize("NFKD", text.casefold())
    return "".join(letter for letter in plain if letter.isalnum())
