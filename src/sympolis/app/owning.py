"""Whose subscriptions are, and whether their owners may still be told: rights may end long after they began."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from sympolis.context import gated
from sympolis.governance.identity.directory import Directory
from sympolis.governance.identity.records import Owner
from sympolis.governance.identity.subject import Proof, Subject
from sympolis.governance.policy.gate import Circumstances, Gate
from sympolis.governance.policy.reader import PolicyReader

_ADMINISTER = "context.administer"


class Owners:
    """See ``context.subscriptions.service.Owning``.

    A subscription without an owner was made when nobody was asked who they are: by whoever works on the machine.
    """

    def __init__(self, directory: Directory, gate: Gate) -> None:
        self._directory = directory
        self._gate = gate
        self._known: dict[str, Owner | None] = {}

    def owned(self, tenant: str, subscription: str) -> None:
        """See ``Owning``."""
        reader = gated.current()
        if not isinstance(reader, PolicyReader):
            return
        subject, key = reader.subject, f"{tenant} {subscription}"
        owner = Owner(
            subject=subject.id,
            roles=tuple(sorted(subject.roles)),
            proof=subject.proof.value,
            via=subject.via,
            purposes=reader.circumstances.purposes,
            place=reader.circumstances.place,
        )
        self._directory.keep_owner(key, owner)
        self._known[key] = owner

    def may_manage(self, tenant: str, subscription: str) -> bool:
        """See ``Owning``: one's own, and all of them for those who look after the broker."""
        reader = gated.current()
        if not isinstance(reader, PolicyReader):
            return True
        if _ADMINISTER in self._gate.roles.granted(reader.subject.roles):
            return True
        owner = self._owner(f"{tenant} {subscription}")
        return owner is not None and reader.subject.known and owner.subject == reader.subject.id

    def may_tell(self, tenant: str, subscription: str, types: Sequence[str]) -> bool:
        """See ``Owning``."""
        owner = self._owner(f"{tenant} {subscription}")
        if owner is None or owner.proof == Proof.MACHINE:
            return True
        subject = self._present(owner)
        if subject is None:
            return False
        reader = PolicyReader(self._gate, subject, Circumstances(owner.purposes, owner.place))
        return reader.within(tenant).shows(types)

    def _owner(self, thing: str) -> Owner | None:
        if thing not in self._known:
            self._known[thing] = self._directory.find_owner(thing)
        return self._known[thing]

    def _present(self, owner: Owner) -> Subject | None:
        """The owner with the roles that they have now; None where they would not be let in any more."""
        if (
            owner.proof == Proof.TOKEN and owner.via
        ):  # only its issuer knows more, and says it when they come again
            return Subject(owner.subject, frozenset(owner.roles), Proof.TOKEN, owner.via)
        user = self._directory.find_user(owner.subject)
        if user is None or user.disabled:
            return None
        roles = frozenset(user.roles)
        if owner.proof == Proof.KEY:
            key = self._directory.find_key(owner.via)
            if key is None or key.revoked_at is not None or key.expires_at <= datetime.now(UTC):
                return None
            roles = roles & set(key.roles) if key.roles else roles
        return Subject(owner.subject, roles, Proof(owner.proof), owner.via)
