"""Signed statements of others: read only by a key that their sender's DID document names, and by one algorithm family.

Every check of a signature in this package is here: the algorithm is one of a short asymmetric list whatever the header
says (RFC 8725), the key is found by the sender's own document, and times count with a minute's leeway.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from sympolis.dataspace.credentials.resolver import Resolver
from sympolis.domain import errors

ALGORITHMS: Final = ("ES256", "ES384", "EdDSA", "Ed25519", "PS256", "RS256")
LEEWAY_S: Final = 60
LONGEST: Final = 65_536


@dataclass(frozen=True, slots=True)
class Signed:
    """Header and claims of a statement whose signature holds."""

    header: dict[str, Any]
    claims: dict[str, Any]


def peek(token: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Header and claims, not verified: to learn whose key to ask for. Raises ``Unauthenticated``."""
    from joserfc.util import urlsafe_b64decode

    if len(token) > LONGEST or token.count(".") != 2:
        raise refused("it is no signed token")
    try:
        header, claims = (
            msgspec.json.decode(urlsafe_b64decode(part.encode("ascii")), type=dict[str, Any])
            for part in token.split(".")[:2]
        )
    except (ValueError, RecursionError) as problem:
        raise refused("it cannot be read") from problem
    return header, claims


async def verified(token: str, signer: str, resolver: Resolver) -> Signed:
    """The statement, where a key of ``signer`` made it. Raises ``Unauthenticated``, ``SourceFailed``."""
    from joserfc import jwt
    from joserfc.errors import JoseError

    header, _ = peek(token)
    if header.get("alg") not in ALGORITHMS or not isinstance(header.get("kid"), str):
        raise refused("its signature is of a kind that is not accepted")
    key = await resolver.key(signer, header["kid"])
    try:
        found = jwt.decode(token, key, algorithms=list(ALGORITHMS))
    except (JoseError, ValueError, TypeError) as problem:
        raise refused("its signature does not hold") from problem
    return Signed(dict(found.header), dict(found.claims))


def check_times(claims: dict[str, Any], *, longest_s: int, now: Callable[[], float] = time.time) -> None:
    """Raise ``Unauthenticated`` unless it holds now and for no longer than ``longest_s`` in all."""
    issued, ends = _number(claims.get("iat")), _number(claims.get("exp"))
    begins = _number(claims.get("nbf", issued))
    if issued is None or ends is None or begins is None:
        raise refused("it does not say from when and until when it holds")
    at = now()
    if ends + LEEWAY_S < at or max(issued, begins) - LEEWAY_S > at:
        raise refused("it does not hold at this time")
    if ends - issued > longest_s:
        raise refused(f"it holds for longer than {longest_s} seconds")


def refused(reason: str) -> errors.Unauthenticated:
    """Why somebody's proof is not accepted."""
    return errors.Unauthenticated(f"the proof is not accepted: {reason}", where="Authorization")


def _number(value: object) -> float | None:
    """A moment in seconds; None for anything else."""
    fits = isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1e12
    return float(value) if fits and isinstance(value, int | float) else None
