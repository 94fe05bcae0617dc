"""Self-issued tokens: the sender's own signature on every message (Decentralized Claims Protocol 1.0, section 4).

``iss`` and ``sub`` are the sender, ``aud`` whom it is for, ``jti`` makes it count once; ``token`` inside it opens the
sender's credential service for whoever the message went to, and for nobody else. What was used is remembered for each
partner apart, and for all strangers together: whoever floods us fills a memory that only they have.
"""

from __future__ import annotations

import secrets
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from sympolis.dataspace.credentials.did import check_did
from sympolis.dataspace.credentials.keys import KeyRing
from sympolis.dataspace.credentials.resolver import Resolver
from sympolis.dataspace.credentials.signed import LEEWAY_S, Signed, check_times, peek, refused, verified
from sympolis.domain import errors

LASTS_S: Final = 120
LONGEST_S: Final = 600
MOST_SEEN: Final = 100_000
"""Tokens of one partner, or of all strangers, that have not ended: 160 messages a second."""
_STRANGERS: Final = ""
_TIDY_EVERY_S: Final = 60.0


@dataclass(frozen=True, slots=True)
class Sender:
    """Who signed a message, and the token that opens their credential service ('' where they gave none)."""

    id: str
    token: str = ""


class SelfIssued:
    """Writes our own and reads those of others. ``own`` is our DID, which is known once the twin serves."""

    def __init__(
        self,
        keys: KeyRing,
        resolver: Resolver,
        own: Callable[[], str],
        *,
        known: Callable[[str], bool] = lambda _: False,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._keys = keys
        self._resolver = resolver
        self._own = own
        self._now = now
        self._known = known
        self._seen: dict[str, OrderedDict[str, float]] = {}
        self._tidied = float("-inf")

    def write(self, audience: str, *, token: str = "") -> str:
        """A token for one message to ``audience``; ``token`` is handed on inside it."""
        own, now = self._own(), int(self._now())
        claims: dict[str, object] = {
            "iss": own,
            "sub": own,
            "aud": audience,
            "iat": now,
            "nbf": now,
            "exp": now + LASTS_S,
            "jti": secrets.token_urlsafe(12),
        }
        if token:
            claims["token"] = token
        return self._keys.sign({"typ": "JWT"}, claims, did=own)

    async def read(self, authorization: str | None) -> Sender:
        """Who signed the ``Authorization`` header of a message to us, once. Raises ``Unauthenticated``."""
        scheme, _, token = (authorization or "").partition(" ")
        if scheme.lower() != "bearer" or not token.strip():
            raise errors.Unauthenticated("this message does not say who sends it", where="Authorization")
        token = token.strip()
        sender = peek(token)[1].get("iss")
        if not isinstance(sender, str):
            raise refused("it names nobody")
        claims = (await self._signed_by(token, sender)).claims
        if claims.get("sub") != sender or self._own() not in _audiences(claims.get("aud")):
            raise refused("it is not for us")
        check_times(claims, longest_s=LONGEST_S, now=self._now)
        self._use(sender, claims.get("jti"), float(claims["exp"]))
        handed = claims.get("token")
        return Sender(sender, handed if isinstance(handed, str) else "")

    async def _signed_by(self, token: str, sender: str) -> Signed:
        try:
            return await verified(token, check_did(sender), self._resolver)
        except (errors.InvalidRequest, errors.SourceFailed) as problem:
            raise refused(problem.message) from problem

    def _use(self, sender: str, token_id: object, until: float) -> None:
        """Remember a token until it has ended. Raises ``Unauthenticated`` where it was used before."""
        if not isinstance(token_id, str) or not 0 < len(token_id) <= 256:
            raise refused("it has no id")
        key = f"{sender} {token_id}"
        if any(key in self._seen.get(whose, ()) for whose in (sender, _STRANGERS)):
            raise refused("it was used before")
        whose = sender if self._known(sender) else _STRANGERS
        self._forget_ended(whose)
        seen = self._seen.setdefault(whose, OrderedDict())
        if len(seen) >= MOST_SEEN:
            raise errors.TooManyAttempts("too many messages in a short time")
        seen[key] = until + LEEWAY_S

    def _forget_ended(self, whose: str) -> None:
        """Theirs that have ended, and everybody's once a minute.

        All end within minutes, nearly in the order in which they came: those at the front are looked at.
        """
        now = self._now()
        all_of_them = now - self._tidied >= _TIDY_EVERY_S
        if all_of_them:
            self._tidied = now
        for one in list(self._seen) if all_of_them else [whose]:
            seen = self._seen.get(one, OrderedDict())
            while seen and next(iter(seen.values())) < now:
                seen.popitem(last=False)
            if not seen:
                self._seen.pop(one, None)


def _audiences(value: object) -> tuple[str, ...]:
    if isinstance(value, str):
        return (value,)
    return tuple(one for one in value if isinstance(one, str)) if isinstance(value, list) else ()
