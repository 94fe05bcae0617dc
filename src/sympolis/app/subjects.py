"""Requests of people whom data are about: what the twin holds of one entity, and erasing it everywhere.

Everywhere is: the entity and its whole history, rows held in quarantine, kept deliveries, and, by a list beside their
manifests, the exports that this data folder has written.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from sympolis.context.broker import Broker
from sympolis.context.dumps.erased import Erasure, mark_of
from sympolis.context.query import HistoryQuery, Query
from sympolis.context.store import Retraction
from sympolis.domain import errors
from sympolis.governance.identity.directory import Directory
from sympolis.governance.identity.subject import PERSONS
from sympolis.governance.privacy import names
from sympolis.governance.privacy.erasures import ErasureBook, Reach
from sympolis.governance.privacy.names import Naming
from sympolis.help.forgetting import erasure_of

if TYPE_CHECKING:
    from sympolis.acquisition.coordinator import Coordinator
    from sympolis.acquisition.subjects import Holding
    from sympolis.analysis.dashboards.composing import Compositions
    from sympolis.app.participating import Participation
    from sympolis.decision.notices.record import NoticeBook
    from sympolis.help.house import Help
    from sympolis.orchestration.joint_people import JointPeople
    from sympolis.orchestration.review_book import ReviewBook

CAUSE = "erasure"
_SAMPLE = "sample"
_MAIL = "mailto:"
_MOST_INSTANCES = 100_000


@dataclass(frozen=True, slots=True)
class Subjects:
    """See the module. ``broker`` sees everything, whoever asks."""

    broker: Broker
    coordinator: Coordinator
    directory: Directory
    book: ErasureBook
    participation: Participation | None = None
    help: Help | None = None
    compositions: Compositions | None = None
    reviews: ReviewBook | None = None
    notices: NoticeBook | None = None
    plans: JointPeople | None = None

    async def report(self, entity_id: str) -> dict[str, Any]:
        """What is held: the entity's attributes, its history by attribute, and every row it came from.

        Of a person (``urn:sympolis:subject:ID``, ``mailto:ADDRESS``) it is what they said in
        participation projects and asked the help desk, and the dashboards, scenarios, notices and joint plans
        that name them.
        """
        if whose := _person(entity_id):
            said = {} if self.participation is None else self.participation.hearing.held_of(**whose)
            return {
                "id": entity_id,
                **said,
                **self._asked(whose),
                **self._named(whose),
                **await self._planned(whose),
            }
        holdings = await self.coordinator.holdings(entity_id)
        entity, history = await self.broker.find(entity_id), await self._history(entity_id)
        if entity is None and not history and not holdings:
            raise errors.NotFound(f"nothing is held of {entity_id}", where="id")
        return {
            "id": entity_id,
            "attributes": [] if entity is None else sorted(entity.attributes),
            "history": history,
            "rows": [one.to_json() for one in holdings],
            "backups": self.directory.backups(),
        }

    async def erase(self, entity_id: str, *, by: str, why: str) -> dict[str, Any]:
        """Erase it; what could not be reached is named in ``left``. Done twice it is as done once."""
        if whose := _person(entity_id):
            return {"id": entity_id, **await self._forget_person(whose, by=by, why=why)}
        holdings = await self.coordinator.holdings(entity_id)
        sources = tuple(sorted({one.source for one in holdings}))
        erasure = Erasure(mark=mark_of(entity_id), at=datetime.now(UTC), by=by, why=why, sources=sources)
        self.book.add(erasure)  # first: nothing brings it back from here on
        if await self.broker.find(entity_id) is not None:
            await self.broker.delete(entity_id, cause=CAUSE)
        instances = await self.broker.retract(Retraction(entity_id), cause=CAUSE)
        await self.coordinator.forget(holdings)
        reach = self.book.reach_backups(erasure)
        return {
            "id": entity_id,
            "at": erasure.at,
            "instances": instances,
            "deliveries": [
                f"{one.source}/{one.delivery}" for one in holdings if one.delivery != _SAMPLE and not one.ids
            ],
            "held_rows": sum(len(one.ids) for one in holdings),
            "backups": list(reach.backups),
            "left": [*reach.missed, *_in_samples(holdings)],
        }

    def erasures(self) -> list[dict[str, Any]]:
        """Every erasure, newest first; whom it was about is not known any more."""
        return [
            {"at": one.at, "by": one.by, "why": one.why, "sources": one.sources} for one in self.book.all()
        ]

    async def _forget_person(self, whose: dict[str, str], *, by: str, why: str) -> dict[str, Any]:
        """How much of somebody went where, and how far that reached."""
        said: tuple[int, Reach] = (0, Reach())
        if self.participation is not None:
            said = self.participation.hearing.forget(by=by, why=why, **whose)
        asked, named = self._forget_asked(whose, by=by, why=why), self._forget_named(whose, by=by, why=why)
        planned = await self._forget_planned(whose, by=by, why=why)
        reach = Reach.of_all((said[1], asked[1], named[1], planned[1]))
        return {
            "at": datetime.now(UTC),
            "participation": said[0],
            "help": asked[0],
            **named[0],
            **planned[0],
            "backups": list(reach.backups),
            "left": list(reach.missed),
        }

    def _books(self) -> dict[str, Naming]:
        """What people make together and names them, by what it is called in answers."""
        dashboards = None if self.compositions is None else self.compositions.book
        found = {"dashboards": dashboards, "scenarios": self.reviews, "notices": self.notices}
        return {name: book for name, book in found.items() if book is not None}

    def _named(self, whose: dict[str, str]) -> dict[str, Any]:
        """The ids of what names an account or address."""
        people = _names(whose)
        return {
            name: [one for person in people for one in book.named(person)]
            for name, book in self._books().items()
        }

    def _forget_named(self, whose: dict[str, str], *, by: str, why: str) -> tuple[dict[str, int], Reach]:
        people = _names(whose)
        at = datetime.now(UTC)
        reach = Reach.of_all(
            self.book.add_everywhere(names.erasure_of(person, at=at, by=by, why=why)) for person in people
        )
        return {name: sum(map(book.forget, people)) for name, book in self._books().items()}, reach

    async def _planned(self, whose: dict[str, str]) -> dict[str, list[str]]:
        """The joint plans with edits of theirs."""
        if self.plans is None:
            return {}
        return {"plans": await self.plans.named(self._signatures(whose).__contains__)}

    async def _forget_planned(
        self, whose: dict[str, str], *, by: str, why: str
    ) -> tuple[dict[str, int], Reach]:
        if self.plans is None:
            return {}, Reach()
        signatures, at = self._signatures(whose), datetime.now(UTC)
        reach = Reach.of_all(
            self.book.add_everywhere(names.erasure_of(one, at=at, by=by, why=why)) for one in signatures
        )
        return {"plans": await self.plans.forget(signatures.__contains__)}, reach

    def _signatures(self, whose: dict[str, str]) -> frozenset[str]:
        """As what edits of plans name somebody: the name of their account where it has one, else its id."""
        accounts = [one for one in whose.values() if one]
        users = [self.directory.find_user(one) for one in accounts]
        return frozenset(accounts) | {one.name for one in users if one is not None and one.name}

    def _asked(self, whose: dict[str, str]) -> dict[str, Any]:
        """What an account asked the help desk, and how far it is in tutorials."""
        if self.help is None or not (account := whose.get("account")):
            return {}
        return self.help.held_of(account)

    def _forget_asked(self, whose: dict[str, str], *, by: str, why: str) -> tuple[int, Reach]:
        account = whose.get("account")
        if self.help is None or not account:
            return 0, Reach()
        gone = self.help.forget(account)
        return gone, self.book.add_everywhere(erasure_of(account, at=datetime.now(UTC), by=by, why=why))

    async def _history(self, entity_id: str) -> dict[str, int]:
        wanted = HistoryQuery(Query(ids=(entity_id,), limit=1), time=None, max_instances=_MOST_INSTANCES)
        counts: Counter[str] = Counter()
        for series in (await self.broker.history(wanted)).series:
            counts[series.name] += len(series.observations)
        return dict(sorted(counts.items()))


async def forget_in_plans(plans: JointPeople, book: ErasureBook) -> None:
    """Take out again whom a restored backup has brought back into joint plans, before anybody reads them."""
    marks = frozenset(one.mark for one in book.all())
    if marks:
        await plans.forget(lambda name: names.is_marked(name, marks))


def _person(name: str) -> dict[str, str]:
    """The account or the address that an id means; none for an entity's."""
    if name.startswith(PERSONS):
        return {"account": unquote(name.removeprefix(PERSONS))}
    return {"mail": name.removeprefix(_MAIL)} if name.startswith(_MAIL) else {}


def _names(whose: dict[str, str]) -> tuple[str, ...]:
    """As what books name somebody: an account, which may be a mailbox as well, or a mailbox alone."""
    account, mail = whose.get("account", ""), whose.get("mail", "")
    boxes = [_MAIL + one.lower() for one in (account, mail) if "@" in one]
    return tuple(filter(None, (account, *boxes)))


def _in_samples(holdings: Sequence[Holding]) -> list[str]:
    return [
        f"{one.source}: the package's own sample has {len(one.rows)} rows; take them out of the package"
        for one in holdings
        if one.delivery == _SAMPLE
    ]
