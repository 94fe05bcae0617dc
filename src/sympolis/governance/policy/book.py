"""All policies that are in force: those that came with the city package and those that data owners have set."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final, Protocol

from sympolis.domain import errors
from sympolis.governance.policy.assets import Asset, AssetKind, dataset_iri
from sympolis.governance.policy.model import Policy, Rule
from sympolis.governance.policy.reading import read_policy

_LOOK_EVERY_S: Final = 1.0
MOST_BYTES: Final = 256 * 1024


class PolicyKeeping(Protocol):
    """Keeps policies set by hand, and counts uses of their rules (see ``identity.directory``)."""

    def policies(self) -> Mapping[str, str]: ...

    def keep_policy(self, dataset: str, document: str) -> None: ...

    def drop_policy(self, dataset: str) -> bool: ...

    def uses(self) -> Mapping[str, int]: ...

    def use(self, rule_uid: str) -> int: ...

    def version(self) -> int: ...


class PolicyBook:
    """See the module. ``packaged`` are the city's; another process may change the others at any time."""

    def __init__(
        self,
        packaged: Sequence[Policy],
        keeping: PolicyKeeping,
        *,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._packaged = tuple(packaged)
        self.keeping = keeping
        self._monotonic = monotonic
        self._looked = float("-inf")
        self._kept_version = -1
        self._set: dict[str, Policy] = {}

    @property
    def version(self) -> int:
        """Another number after each change; looked up once a second."""
        now = self._monotonic()
        if now - self._looked >= _LOOK_EVERY_S:
            self._looked = now
            if (version := self.keeping.version()) != self._kept_version:
                self._set = {
                    dataset: read_set(dataset, text) for dataset, text in self.keeping.policies().items()
                }
                self._kept_version = version
        return self._kept_version

    def of(self, asset: Asset) -> tuple[Policy, ...]:
        """The policies that say something about a dataset, an interface or a model.

        Rules that name no target are about datasets: nobody means to close an interface by leaving a word out.
        """
        packaged = about(self._packaged, asset)
        if asset.kind is not AssetKind.DATASET:
            return packaged
        _ = self.version
        own = self._set.get(asset.id)
        return packaged if own is None else (*packaged, own)

    def named(self) -> frozenset[str]:
        """The IRIs that the city's own policies speak of by name, collections among them."""
        return frozenset(
            target.iri for policy in self._packaged for rule in policy.rules for target in rule.targets
        )

    def document(self, dataset: str) -> Any:
        """The policy set for a dataset, as JSON-LD; None where there is none."""
        text = self.keeping.policies().get(dataset)
        return None if text is None else json.loads(text)

    def set(self, dataset: str, document: Any) -> Policy:
        """Put a policy in force in place of the dataset's present one. Raises ``BadRequestData``."""
        text = json.dumps(document, ensure_ascii=False, sort_keys=True)
        if len(text) > MOST_BYTES:
            raise errors.PayloadTooLarge(f"a policy may have at most {MOST_BYTES} bytes", where="policy")
        policy = read_set(dataset, text)
        self.keeping.keep_policy(dataset, text)
        self._looked = float("-inf")
        return policy

    def remove(self, dataset: str) -> None:
        """Take the dataset's own policy out of force. Raises ``NotFound``."""
        if not self.keeping.drop_policy(dataset):
            raise errors.NotFound(f"no policy is set for {dataset}", where="dataset")
        self._looked = float("-inf")


def about(policies: Iterable[Policy], asset: Asset) -> tuple[Policy, ...]:
    """Those of ``policies`` that say something about ``asset``; see ``PolicyBook.of``."""
    names = asset.member_of | {asset.iri}
    speaks = _speaks_of if asset.kind is AssetKind.DATASET else _names
    return tuple(one for one in policies if any(speaks(rule, names) for rule in one.rules))


def read_set(dataset: str, text: str) -> Policy:
    """A policy set for one dataset: rules that name no target are about it, others must be about nothing else."""
    policy = read_policy(json.loads(text), where=f"{dataset_iri(dataset)}/policy")
    for rule in policy.rules:
        for target in rule.targets:
            if target.iri != dataset_iri(dataset):
                raise errors.BadRequestData(
                    f"the policy of {dataset} speaks of {target.iri}",
                    where="target",
                    hint=f"leave the target out, or write {dataset_iri(dataset)}",
                )
    return policy


def _speaks_of(rule: Rule, names: frozenset[str]) -> bool:
    return not rule.targets or _names(rule, names)


def _names(rule: Rule, names: frozenset[str]) -> bool:
    return any(target.iri in names for target in rule.targets)
