"""The port that keeps people, keys, policies and the stages of datasets: embedded beside the store, or in memory."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Protocol

from sympolis.context.dumps.erased import Erasure
from sympolis.governance.identity.records import ApiKey, Ended, Owner, SigningKey, User
from sympolis.governance.lifecycle.stages import Step


class Directory(Protocol):
    """Keeps records by id. Every call is one durable transaction; another process may use the same directory."""

    def find_user(self, user_id: str) -> User | None:
        """The user, if there is one."""
        ...

    def users(self) -> list[User]:
        """All users by id."""
        ...

    def keep_user(self, user: User) -> None:
        """Keep it in place of the one with its id."""
        ...

    def find_key(self, key_id: str) -> ApiKey | None:
        """The key, if there is one."""
        ...

    def keys(self) -> list[ApiKey]:
        """All keys by id, revoked ones among them."""
        ...

    def keep_key(self, key: ApiKey) -> None:
        """Keep it in place of the one with its id."""
        ...

    def signing_keys(self) -> list[SigningKey]:
        """The issuer's keys by id."""
        ...

    def keep_signing_key(self, key: SigningKey) -> None:
        """Keep it."""
        ...

    def drop_signing_key(self, key_id: str) -> None:
        """Forget it; nothing where there is none."""
        ...

    def end(self, ended: Ended, *, now: datetime) -> None:
        """Keep it, and forget those of which the time is over."""
        ...

    def has_ended(self, token_id: str) -> bool:
        """Whether a session or a token was ended."""
        ...

    def find_owner(self, thing: str) -> Owner | None:
        """Whose something is; None where nobody was asked when it was made."""
        ...

    def keep_owner(self, thing: str, owner: Owner) -> None:
        """It is theirs from now on."""
        ...

    def policies(self) -> Mapping[str, str]:
        """The policies set by hand, as JSON-LD texts by dataset."""
        ...

    def keep_policy(self, dataset: str, document: str) -> None:
        """Keep it in place of the dataset's present one."""
        ...

    def drop_policy(self, dataset: str) -> bool:
        """Forget it; whether there was one."""
        ...

    def steps(self) -> Mapping[str, tuple[Step, ...]]:
        """The steps that datasets took in their life, oldest first, by dataset."""
        ...

    def add_step(self, dataset: str, step: Step, *, after: int) -> bool:
        """Keep one more; False where the dataset has taken another number of steps than ``after``."""
        ...

    def erasures(self) -> list[Erasure]:
        """Everything that was erased."""
        ...

    def keep_erasure(self, erasure: Erasure) -> None:
        """Keep it; what was erased before is erased anew."""
        ...

    def backups(self) -> list[str]:
        """Folders that exports were written into."""
        ...

    def keep_backup(self, folder: str) -> None:
        """An export was written there."""
        ...

    def uses(self) -> Mapping[str, int]:
        """How often a rule has been made use of, by rule uid (``odrl:count``)."""
        ...

    def use(self, rule_uid: str) -> int:
        """Count one use; the number now."""
        ...

    def version(self) -> int:
        """Another number after each change, also by another process."""
        ...

    def close(self) -> None:
        """Let go of the file."""
        ...
