"""Where registrations are kept: a port, its form in memory, and what it is where several processes share it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol, runtime_checkable

from sympolis.context.hearing import Heard
from sympolis.context.registrations.registration import Fared
from sympolis.context.subscriptions.books import DeadLetter, KeptSubscription, Pending, SharedBooks


@dataclass(frozen=True, slots=True)
class KeptRegistration:
    """A registration as it is kept; see ``Registration`` for the members."""

    id: str
    document: Mapping[str, Any]
    created_at: datetime
    modified_at: datetime
    fared: Fared = field(default_factory=Fared)


class RegistrationBooks(Protocol):
    """Keeps registrations and how requests to them fared. Every call is durable when it returns."""

    def tenants(self) -> list[str]:
        """The tenants with registrations."""
        ...

    def registrations(self, tenant: str) -> list[KeptRegistration]:
        """All of a tenant, by id."""
        ...

    def keep(self, tenant: str, registration: KeptRegistration) -> None:
        """Keep a new or changed registration (not how it fared, where it is there already)."""
        ...

    def drop(self, tenant: str, registration_id: str) -> None:
        """Let go of a registration."""
        ...

    def note(self, fared: Mapping[tuple[str, str], Fared]) -> None:
        """Keep how requests fared, by (tenant, registration); of those that are gone, nothing."""
        ...

    def close(self) -> None:
        """Let go of the files."""
        ...


@dataclass(frozen=True, slots=True)
class RegistrationNews:
    """What has changed about a tenant's registrations: those kept since, and how many there are in all."""

    version: int
    kept: tuple[KeptRegistration, ...]
    count: int


@runtime_checkable
class SharedRegistrationBooks(RegistrationBooks, Protocol):
    """Books of several processes on one store: each knows the registrations as of some version.

    What was noted is added up over the processes.
    """

    def watch(self, heard: Heard) -> None:
        """From now on, in any thread, call ``heard(tenant)`` when its registrations changed; None: any may have."""
        ...

    def news(self, tenant: str, since: int) -> RegistrationNews:
        """What has changed since a version (0: all there is), as of one moment."""
        ...

    def ids(self, tenant: str) -> set[str]:
        """Which registrations there are."""
        ...

    def keep_after(self, tenant: str, registration: KeptRegistration, version: int) -> bool:
        """Like ``keep``, making the next version; False, and nothing is kept, where there is one after ``version``."""
        ...

    def drop_after(self, tenant: str, registration_id: str, version: int) -> bool:
        """Like ``drop``, under the same condition."""
        ...


@runtime_checkable
class WatchingBooks(SharedBooks, Protocol):
    """The books of subscriptions to context sources, of several processes on one store."""

    def take_in(
        self,
        tenant: str,
        kept: Sequence[KeptSubscription],
        pending: Sequence[Pending],
        letters: Sequence[DeadLetter],
    ) -> None:
        """Keep what another keeper had, with what was still to be told: before all that is to be told here.

        Whether this process tells or not. What is here already stays as it is.
        """
        ...


@runtime_checkable
class KeepsWatching(Protocol):
    """A store that also keeps the books of subscriptions to context sources."""

    def watching_books(self) -> WatchingBooks:
        """The books; close them before the store."""
        ...


class MemoryRegistrationBooks:
    """``RegistrationBooks`` without files."""

    def __init__(self) -> None:
        self._kept: dict[str, dict[str, KeptRegistration]] = {}
        self._fared: dict[tuple[str, str], Fared] = {}

    def tenants(self) -> list[str]:
        """See ``RegistrationBooks``."""
        return sorted(tenant for tenant, kept in self._kept.items() if kept)

    def registrations(self, tenant: str) -> list[KeptRegistration]:
        """See ``RegistrationBooks``."""
        kept = self._kept.get(tenant, {})
        return [self._with_record(tenant, kept[one]) for one in sorted(kept)]

    def keep(self, tenant: str, registration: KeptRegistration) -> None:
        """See ``RegistrationBooks``."""
        self._kept.setdefault(tenant, {})[registration.id] = registration

    def drop(self, tenant: str, registration_id: str) -> None:
        """See ``RegistrationBooks``."""
        self._kept.get(tenant, {}).pop(registration_id, None)
        self._fared.pop((tenant, registration_id), None)

    def note(self, fared: Mapping[tuple[str, str], Fared]) -> None:
        """See ``RegistrationBooks``."""
        self._fared.update({key: one for key, one in fared.items() if key[1] in self._kept.get(key[0], {})})

    def close(self) -> None:
        """See ``RegistrationBooks``."""

    def _with_record(self, tenant: str, kept: KeptRegistration) -> KeptRegistration:
        fared = self._fared.get((tenant, kept.id), Fared())
        return KeptRegistration(kept.id, kept.document, kept.created_at, kept.modified_at, fared)
