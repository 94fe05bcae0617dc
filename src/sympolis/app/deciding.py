"""A twin's decision files: kept in its data folder, signed with the key by which others know it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from sympolis.app.twin import Twin
from sympolis.city import modelling
from sympolis.city.schema import City
from sympolis.context.broker import Broker
from sympolis.context.terms import Terms
from sympolis.dataspace.credentials.keys import ALGORITHM, KeyRing
from sympolis.decision.shelf import Shelf
from sympolis.orchestration.aftermath import Aftermath
from sympolis.orchestration.decision_desk import Contributions, DecisionDesk, no_contributions
from sympolis.orchestration.desk import Desk


class KeySealing:
    """``decision.dossier.Sealing`` with the twin's keys (JWS, RFC 7515): a rotated key still proves what it signed."""

    def __init__(self, keys: KeyRing) -> None:
        self._keys = keys

    def sign(self, payload: bytes) -> str:
        """A compact JWS whose ``kid`` names the key."""
        from joserfc import jws

        name, key = self._keys.current()
        return jws.serialize_compact({"alg": ALGORITHM, "kid": name}, payload, key, algorithms=[ALGORITHM])

    def check(self, signature: str) -> bytes | None:
        """The signed payload; None where no key of ours signed it."""
        from joserfc import errors, jws
        from joserfc.jwk import ECKey

        for public in self._keys.public():
            try:
                return jws.deserialize_compact(
                    signature, ECKey.import_key(public), algorithms=[ALGORITHM]
                ).payload
            except (errors.JoseError, ValueError):
                continue
        return None


def open_decisions(  # noqa: PLR0913 - a composition: each keyword is one part
    city: City,
    broker: Broker,
    terms: Terms,
    *,
    desk: Desk,
    keys: KeyRing,
    folder: Path,
    contributions: Contributions = no_contributions,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> DecisionDesk:
    """The decision files below ``folder``."""
    aftermath = Aftermath(broker, terms, modelling.observed(city), ZoneInfo(city.facts.timezone))
    sealing, shelf = KeySealing(keys), Shelf(folder / "decisions")
    return DecisionDesk(desk, shelf, sealing, aftermath, contributions=contributions, now=now)


def decisions_of(twin: Twin, folder: Path) -> DecisionDesk | None:
    """The decision files of a twin; None where it has no key to sign with (extra ``identity``)."""
    if twin.federation is None:
        return None
    terms = twin.ground.contexts.resolve_local(twin.city.context["@context"])
    heard = twin.participation
    return open_decisions(
        twin.city,
        twin.ground.broker,
        terms,
        desk=twin.desk,
        keys=twin.federation.keys,
        folder=folder,
        contributions=heard.hearing.cite if heard is not None else no_contributions,
    )
