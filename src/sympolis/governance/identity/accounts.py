"""What an administrator does with people and keys, and what a server asks of a key or a password."""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from typing import Final

import msgspec

from sympolis.domain import errors
from sympolis.governance.identity import secrets as own_secrets
from sympolis.governance.identity.directory import Directory
from sympolis.governance.identity.records import ApiKey, User
from sympolis.governance.identity.subject import Proof, Subject
from sympolis.governance.roles.table import RoleTable

_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@+-]{0,127}", re.ASCII)
_LONGEST_TITLE: Final = 200
LONGEST_KEY_DAYS: Final = 3650


def _utc() -> datetime:
    return datetime.now(UTC)


class Accounts:
    """People and keys of one directory; ``roles`` says which roles there are."""

    def __init__(
        self, directory: Directory, roles: RoleTable, *, clock: Callable[[], datetime] = _utc
    ) -> None:
        self.directory = directory
        self.roles = roles
        self._now = clock

    # --- people

    def add(self, user_id: str, *, name: str = "", roles: Iterable[str] = (), password: str = "") -> User:
        """Add a person or a machine. Raises ``AlreadyExists``, ``InvalidRequest``."""
        if not _NAME.fullmatch(user_id):
            raise errors.InvalidRequest(
                "a user's id has letters, digits and . _ @ + -", where="user", hint="e.g. an e-mail address"
            )
        if self.directory.find_user(user_id) is not None:
            raise errors.AlreadyExists(f"there is a user {user_id}", where="user")
        hashed = own_secrets.hash_password(password) if password else ""
        user = User(
            id=user_id,
            name=name[:_LONGEST_TITLE],
            roles=tuple(sorted(self.roles.check(roles))),
            password=hashed,
            created_at=self._now(),
            stamp=secrets.token_hex(8),
        )
        self.directory.keep_user(user)
        return user

    def get(self, user_id: str) -> User:
        """One user. Raises ``NotFound``."""
        found = self.directory.find_user(user_id)
        if found is None:
            raise errors.NotFound(f"there is no user {user_id}", where="user")
        return found

    def set_roles(self, user_id: str, roles: Iterable[str]) -> User:
        """Give these roles instead of the present ones. Raises ``NotFound``, ``InvalidRequest``."""
        return self._change(user_id, roles=tuple(sorted(self.roles.check(roles))))

    def set_disabled(self, user_id: str, *, disabled: bool) -> User:
        """Let nobody in as this user any more, or again; its keys and sessions share that. Raises ``NotFound``."""
        return self._change(user_id, disabled=disabled, stamp=secrets.token_hex(8))

    def set_password(self, user_id: str, password: str) -> User:
        """Set a password; sessions end. Raises ``NotFound``, ``InvalidRequest``."""
        self.get(user_id)
        return self._change(user_id, password=own_secrets.hash_password(password), stamp=secrets.token_hex(8))

    def _change(self, user_id: str, **fields: object) -> User:
        user = msgspec.structs.replace(self.get(user_id), **fields)
        self.directory.keep_user(user)
        return user

    # --- keys

    def add_key(
        self,
        user_id: str,
        *,
        title: str = "",
        roles: Iterable[str] = (),
        purposes: Iterable[str] = (),
        days: int = 365,
    ) -> tuple[ApiKey, str]:
        """Issue a key for a user: what is kept, and its text, which nobody will see again.

        ``roles`` are some of the user's; none named means all that the user has whenever it is used.
        Raises ``NotFound``, ``InvalidRequest``.
        """
        user = self.get(user_id)
        wanted = self.roles.check(roles)
        if more := sorted(wanted - set(user.roles)):
            raise errors.InvalidRequest(f"{user_id} has no role {more[0]}", where="roles")
        if not 1 <= days <= LONGEST_KEY_DAYS:
            raise errors.InvalidRequest(f"a key lasts 1 to {LONGEST_KEY_DAYS} days", where="days")
        fresh, now = own_secrets.new_key(), self._now()
        key = ApiKey(
            id=fresh.id,
            user=user_id,
            digest=fresh.digest,
            roles=tuple(sorted(wanted)),
            purposes=tuple(purposes),
            title=title[:_LONGEST_TITLE],
            created_at=now,
            expires_at=now + timedelta(days=days),
        )
        self.directory.keep_key(key)
        return key, fresh.text

    def revoke_key(self, key_id: str) -> ApiKey:
        """Let nobody in with this key any more. Raises ``NotFound``."""
        found = self.directory.find_key(key_id)
        if found is None:
            raise errors.NotFound(f"there is no key {key_id}", where="key")
        if found.revoked_at is None:
            found = msgspec.structs.replace(found, revoked_at=self._now())
            self.directory.keep_key(found)
        return found

    # --- who somebody is

    def by_key(self, text: str) -> Subject:
        """Who holds this key. Raises ``Unauthenticated``: all reasons look alike from outside."""
        parts = own_secrets.parts_of(text)
        key = None if parts is None else self.directory.find_key(parts[0])
        if parts is None or key is None or not own_secrets.matches(parts[1], key.digest):
            raise _not_known("the key is not known here")
        return self._holder(key)

    def by_key_id(self, key_id: str) -> Subject:
        """Who holds the key of this id, as somebody else has already proved. Raises ``Unauthenticated``."""
        key = self.directory.find_key(key_id)
        if key is None:
            raise _not_known("the key is not known here")
        return self._holder(key)

    def _holder(self, key: ApiKey) -> Subject:
        user = self.directory.find_user(key.user)
        if key.revoked_at is not None or key.expires_at <= self._now() or user is None or user.disabled:
            raise _not_known("the key is no longer valid")
        held = frozenset(user.roles)
        return Subject(
            user.id, held & set(key.roles) if key.roles else held, Proof.KEY, key.id, user.name, key.purposes
        )

    def by_password(self, user_id: str, password: str) -> User:
        """The user with this password. Raises ``Unauthenticated``, after the same time for unknown users."""
        user = self.directory.find_user(user_id) if _NAME.fullmatch(user_id) else None
        fits = own_secrets.password_fits(password, "" if user is None else user.password)
        if user is None or not fits or user.disabled:
            raise _not_known("name and password do not fit")
        return user


def _not_known(message: str) -> errors.Unauthenticated:
    return errors.Unauthenticated(message, where="Authorization", hint="ask an administrator for another one")
