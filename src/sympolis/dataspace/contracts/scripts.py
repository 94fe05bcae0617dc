"""The protocol's test mode: what we do on our own, by dataset or agreement, instead of what we would decide.

A conformance kit drives a connector through every path of the state machines, also through those that nobody would take
by themselves. A script says for one id which acts follow on which state:

    [negotiation.ACN0102]
    offers = ["CD123:ACN0102:456"]
    requested = ["offer"]
    requested_again = ["terminate"]

    [transfer.ATP0103]
    side = "provider"
    requested = ["start", "wait 0.2", "suspend", "wait 0.2", "terminate"]
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from sympolis.dataspace.contracts.offers import FixedOffers, Offered, Offers
from sympolis.dataspace.dsp.credentials import Participant
from sympolis.dataspace.dsp.machines import Act
from sympolis.dataspace.dsp.processes import Agreement, Negotiation, Process, Transfer
from sympolis.dataspace.dsp.vocabulary import HTTP_PULL, NegotiationState, Side, TransferState
from sympolis.domain.errors import SettingsInvalid

AFTER_S: Final = 0.15
"""Before each act: the other side has to have noted our answer."""
_WAIT: Final = "wait "
_AGAIN: Final = "_again"
_STATES: Final = {one.value.lower() for one in (*NegotiationState, *TransferState)}
_USE: Final = {"permission": [{"action": "use"}]}


@dataclass(frozen=True, slots=True)
class Script:
    """What follows on a state; on the second time in it, what stands under ``<state>_again``."""

    steps: Mapping[str, tuple[tuple[Act, float], ...]] = field(default_factory=dict)
    side: Side = Side.PROVIDER
    """Ours, in the agreement that a transfer's script stands for."""

    def acts(self, state: str, number: int) -> tuple[tuple[Act, float], ...]:
        """The acts, each with the seconds to wait before it. ``number`` is how many messages there have been."""
        name = state.lower()
        again = self.steps.get(name + _AGAIN)
        return again if again is not None and number > 2 else self.steps.get(name, ())


@dataclass(frozen=True, slots=True)
class Scripts:
    """All scripts, by dataset and by agreement; and what is offered and agreed on for them."""

    negotiations: Mapping[str, Script] = field(default_factory=dict)
    transfers: Mapping[str, Script] = field(default_factory=dict)
    offered: tuple[Offered, ...] = ()
    partner: str = ""
    """The kit's participant id: who calls is taken for it."""

    def find(self, process: Process) -> Script | None:
        """The script for a negotiation or a transfer."""
        if isinstance(process, Negotiation):
            return self.negotiations.get(process.dataset)
        return self.transfers.get(process.agreement) if isinstance(process, Transfer) else None

    @property
    def offers(self) -> FixedOffers:
        """The seeded datasets."""
        return FixedOffers(self.offered)

    def agreements(self, participant: str, at: Any) -> list[Agreement]:
        """The seeded agreements, on both sides: they were never negotiated."""
        return [
            Agreement(
                id=name,
                side=script.side,
                partner=self.partner,
                dataset=name,
                policy={
                    "@id": name,
                    "@type": "Agreement",
                    "target": name,
                    **self._parties(script, participant),
                    **_USE,
                },
                negotiation="",
                address="",
                agreed=at,
            )
            for name, script in self.transfers.items()
        ]

    def _parties(self, script: Script, participant: str) -> dict[str, str]:
        ours, theirs = ("assigner", "assignee") if script.side is Side.PROVIDER else ("assignee", "assigner")
        return {ours: participant, theirs: self.partner}


NO_SCRIPTS: Final = Scripts()


def read_scripts(document: Mapping[str, Any], *, where: str) -> Scripts:
    """What a TOML file of scripts says. Raises ``SettingsInvalid``."""
    negotiations = _tables(document, "negotiation", where)
    offered = tuple(
        Offered(
            id=name,
            title={"en": name},
            offers=tuple(
                {"@id": offer, "@type": "Offer", **_USE} for offer in table.get("offers", (f"offer-{name}",))
            ),
            formats=(HTTP_PULL,),
        )
        for name, table in {**negotiations, **_tables(document, "dataset", where)}.items()
    )
    return Scripts(
        negotiations={name: _script(table, f"{where}: {name}") for name, table in negotiations.items()},
        transfers={
            name: _script(table, f"{where}: {name}")
            for name, table in _tables(document, "transfer", where).items()
        },
        offered=offered,
        partner=str(document.get("partner", "")),
    )


def _tables(document: Mapping[str, Any], name: str, where: str) -> Mapping[str, Mapping[str, Any]]:
    found = document.get(name, {})
    if not isinstance(found, Mapping) or not all(isinstance(one, Mapping) for one in found.values()):
        raise SettingsInvalid("expected tables", where=f"{where}: {name}")
    return found


def _script(table: Mapping[str, Any], where: str) -> Script:
    steps = {}
    for name, acts in table.items():
        if name in ("offers", "side"):
            continue
        if name.removesuffix(_AGAIN) not in _STATES:
            raise SettingsInvalid(f"{name} is not a state", where=where)
        steps[name] = _acts(acts, where)
    side = str(table.get("side", Side.PROVIDER))
    if side not in set(Side):
        raise SettingsInvalid("expected consumer or provider", where=f"{where}: side")
    return Script(steps, Side(side))


def _acts(words: Any, where: str) -> tuple[tuple[Act, float], ...]:
    found, after_s = [], AFTER_S
    for word in words:
        try:
            if word.startswith(_WAIT):
                after_s = float(word.removeprefix(_WAIT))
                continue
            found.append((Act(word), after_s))
        except (ValueError, AttributeError) as problem:
            raise SettingsInvalid(f"{word!r} is not an act", where=where) from problem
        after_s = AFTER_S
    return tuple(found)


@dataclass(frozen=True, slots=True)
class ScriptedOffers:
    """What scripts offer, and behind it what is really offered."""

    scripts: Scripts
    real: Offers

    async def datasets(self, participant: Participant) -> Sequence[Offered]:
        """See ``Offers``."""
        return (*self.scripts.offered, *await self.real.datasets(participant))

    async def find(self, participant: Participant, dataset: str) -> Offered | None:
        """See ``Offers``."""
        own = await self.scripts.offers.find(participant, dataset)
        return own or await self.real.find(participant, dataset)
