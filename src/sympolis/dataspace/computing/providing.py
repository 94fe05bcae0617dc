"""The provider's side: a partner's package is held against the agreement, approved by people, run in a jail, checked.

Nothing runs that nobody here has approved, nothing leaves that was not agreed on, and every step is on record. A
package that was approved runs again under the same agreement by itself, with other parameters: that is how models are
learnt in rounds. Each run is one use: it counts, is metered, and needs an agreement that holds at that moment.
"""

from __future__ import annotations

import asyncio
import logging
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, Protocol

import msgspec

from sympolis.analysis.computing import confined, differing, disclosure
from sympolis.analysis.computing.columns import Frame
from sympolis.analysis.computing.declaration import Declaration, always_by_hand, as_document, outputs_of
from sympolis.dataspace.computing import terms
from sympolis.dataspace.computing.computation import Approval, Decided, Kept, Served, State
from sympolis.dataspace.computing.package import TYPE, Package, check_claims, make_package, read_package
from sympolis.dataspace.contracts.desk import ContractDesk
from sympolis.dataspace.contracts.exchange import new_id
from sympolis.dataspace.credentials.resolver import Resolver
from sympolis.dataspace.credentials.signed import verified
from sympolis.dataspace.dsp.processes import Agreement, Transfer
from sympolis.dataspace.records import Records
from sympolis.domain import errors
from sympolis.governance.audit.record import Act, Event
from sympolis.governance.policy.gate import Circumstances

log = logging.getLogger(__name__)

SERVED: Final = "computation-served"
APPROVAL: Final = "computation-approval"
PACKAGE: Final = "computation-package"
MOST_WAITING: Final = 20
"""Of one agreement, for people to decide on, or for their turn."""
MOST_PARAMETERS: Final = 1_000_000
"""Bytes of one run's parameters."""
_AT_ONCE: Final = 2
_LONGEST_WHY: Final = 2000


class Frames(Protocol):
    """Gives the columns of a dataset."""

    async def frame(self, dataset: str, declaration: Declaration, agreement: str) -> Frame:
        """Its own rows, read as far as the agreement goes ('': it is ours). Raises ``BadRequestData``."""
        ...


@dataclass(frozen=True, slots=True)
class Submission:
    """What came over the wire, under which agreement and transfer, and what for."""

    agreement: Agreement
    transfer: Transfer
    request: str
    content: bytes
    parameters: Mapping[str, Any]
    circumstances: Circumstances


class Providing:
    """See the module. ``run`` is where packages run; tests may put another place there."""

    def __init__(
        self,
        desk: ContractDesk,
        records: Records,
        resolver: Resolver,
        frames: Frames,
        *,
        run: Callable[..., confined.Ran] = confined.run,
    ) -> None:
        self._desk = desk
        self._records = records
        self._resolver = resolver
        self._frames = frames
        self._run = run
        self._places = asyncio.Semaphore(_AT_ONCE)
        self._turns: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        """By partner: one of each runs at a time, so that nobody's packages take all places."""
        self._under_way: dict[str, asyncio.Task[None]] = {}

    # --- looking

    def all(self) -> list[Served]:
        """Every computation, newest first."""
        return sorted(self._records.all(SERVED, Served), key=lambda one: one.at, reverse=True)

    def get(self, served_id: str, agreement: str = "") -> Served:
        """One of them, of an agreement if one is named. Raises ``NotFound``."""
        found = self._records.find(SERVED, served_id, Served)
        if found is None or agreement not in ("", found.agreement):
            raise errors.NotFound("there is no such computation", where=served_id)
        return found

    async def wait(self, served_id: str, timeout_s: float) -> Served:
        """The computation once it does not run any more, or as it is when the time is over."""
        task = self._under_way.get(served_id)
        if task is not None and timeout_s > 0:
            await asyncio.wait([task], timeout=timeout_s)
        return self.get(served_id)

    # --- taking

    async def take(self, given: Submission) -> Served:
        """Keep what a partner wants computed; what was approved before runs at once.

        Raises ``Forbidden`` where the agreement does not allow it, ``Unauthenticated`` where the word is not the
        partner's, ``BadRequestData`` for a package that is none, ``Conflict`` where too many wait.
        """
        package, word = await asyncio.to_thread(read_package, given.content)
        if len(msgspec.json.encode(given.parameters)) > MOST_PARAMETERS:
            raise errors.PayloadTooLarge("the parameters are too long", where="parameters")
        signed = await verified(word, given.agreement.partner, self._resolver)
        if signed.header.get("typ") != TYPE:
            raise errors.Unauthenticated("the signature is for something else", where="package")
        check_claims(package, signed.claims)
        self._check_terms(given.agreement, package.declaration, given.circumstances)
        self._check_room(given.agreement)
        kept = self._kept(given, package)
        if self._approval(kept) is not None:
            kept = self._begin(kept)
        return kept

    def _check_terms(
        self, agreement: Agreement, declaration: Declaration, circumstances: Circumstances
    ) -> bool:
        """Whether people have to release its outputs. Raises ``Forbidden`` where it is not allowed."""
        rules = self._desk.enforcement
        decision = rules.allowed(agreement, circumstances, terms.doing(declaration))
        told = declaration.counted == "entity" or terms.speaks_of_counting(decision)
        if not told and not rules.decide(agreement, circumstances).allowed:
            text = "the agreement does not say that groups may be counted by observations"
            raise errors.Forbidden(text, where="counted", hint='count by "entity"')
        return always_by_hand(declaration) or terms.wants_people(decision)

    def _check_room(self, agreement: Agreement) -> None:
        waiting = [
            one
            for one in self.all()
            if one.agreement == agreement.id and one.state in (State.SUBMITTED, State.RUNNING)
        ]
        if len(waiting) >= MOST_WAITING:
            text = f"{MOST_WAITING} packages wait for a decision or their turn already"
            raise errors.Conflict(text, where=agreement.id)

    def _kept(self, given: Submission, package: Package) -> Served:
        at = self._desk.clock()
        one = Served(
            id=new_id(), at=at, changed=at, agreement=given.agreement.id, transfer=given.transfer.id,
            partner=given.agreement.partner, dataset=given.agreement.dataset, request=given.request,
            digest=package.digest, declaration=as_document(package.declaration), script=package.script,
            parameters=dict(given.parameters), purposes=given.circumstances.purposes, place=given.circumstances.place,
        )  # fmt: skip
        self._records.keep(PACKAGE, package.digest, Kept(files=dict(package.files)))
        self._records.keep(SERVED, one.id, one)
        self._note(
            one, "submitComputation", f"{package.declaration.name} {package.declaration.version}", one.partner
        )
        return one

    # --- deciding

    def decide(self, served_id: str, act: str, *, why: str, by: str) -> Served:
        """``approve`` or ``refuse`` a package, ``release`` or ``withhold`` outputs. Raises ``Conflict``."""
        one = self.get(served_id)
        wanted = State.SUBMITTED if act in ("approve", "refuse") else State.HELD
        if one.state is not wanted:
            raise errors.Conflict(f"the computation is {one.state}", where="state")
        decided = Decided(at=self._desk.clock(), by=by, act=act, why=why[:_LONGEST_WHY])
        one = msgspec.structs.replace(one, decided=(*one.decided, decided))
        self._note(one, "decideServedComputation", f"{act}: {why}"[:200], by)
        if act == "approve":
            approval = Approval(
                agreement=one.agreement, digest=one.digest, at=decided.at, by=by, why=decided.why
            )
            self._records.keep(APPROVAL, f"{one.agreement} {one.digest}", approval)
            return self._begin(one)
        if act == "release":
            return self._changed(one, state=State.RELEASED)
        return self._changed(one, state=State.REFUSED, why=why[:_LONGEST_WHY] or "refused", outputs=None)

    def _approval(self, one: Served) -> Approval | None:
        return self._records.find(APPROVAL, f"{one.agreement} {one.digest}", Approval)

    # --- running

    def _begin(self, one: Served) -> Served:
        found = self._changed(one, state=State.RUNNING)
        task = asyncio.ensure_future(self._computed(found))
        self._under_way[one.id] = task
        task.add_done_callback(lambda _: self._under_way.pop(one.id, None))
        return found

    async def _computed(self, one: Served) -> None:
        try:
            async with self._turns[one.partner], self._places:
                await self._run_once(one)
        except (errors.Forbidden, errors.Conflict) as refused:
            self._changed(one, state=State.REFUSED, why=refused.message[:_LONGEST_WHY])
            self._note(one, "refuseComputation", refused.message[:200], one.partner, Act.DENIED)
        except (errors.SympolisError, OSError) as problem:
            why = problem.message if isinstance(problem, errors.SympolisError) else str(problem)
            self._changed(one, state=State.FAILED, why=why[:_LONGEST_WHY])
            log.warning(
                "a partner's computation failed: %s", why, extra={"action": "compute", "computation": one.id}
            )

    async def _run_once(self, one: Served) -> None:
        agreement = self._desk.book.find(Agreement, one.agreement)
        package = self._package(one)
        if agreement is None or package is None:
            raise errors.Conflict("the agreement or the package is gone", where=one.agreement)
        circumstances = Circumstances(one.purposes, one.place)
        by_hand = self._check_terms(agreement, package.declaration, circumstances)
        self._desk.enforcement.use(agreement, circumstances, terms.doing(package.declaration))
        frame = await self._frames.frame(one.dataset, package.declaration, one.agreement)
        found, ran = await self.computed(package, frame, one.parameters)
        differing.check(package.declaration, found.tables, self._given_before(one))
        state = State.HELD if by_hand else State.RELEASED
        done = self._changed(
            one,
            state=state,
            rows=frame.rows,
            outputs=found.tables,
            suppressed=found.suppressed,
            cpu_s=ran.cpu_s,
        )
        self._note(done, "runComputation", f"{state}, {frame.rows} rows, {ran.cpu_s:g} CPU s", one.partner)

    async def computed(
        self, package: Package, frame: Frame, parameters: Mapping[str, Any]
    ) -> tuple[disclosure.Checked, confined.Ran]:
        """What of a package's outputs may leave; also for our own data. Raises ``ModelFailed``, ``Forbidden``."""
        asked = package.declaration
        ran = await asyncio.to_thread(
            self._run, asked, frame, parameters, model=package.model, script=package.script
        )
        found = disclosure.checked(ran.outputs, outputs_of(asked), least=asked.min_group, digits=asked.digits)
        return found, ran

    def _given_before(self, one: Served) -> Iterator[differing.Given]:
        """What the partner has of this dataset already, under whichever agreement, or will have once it is released."""
        for before in self.all():
            if (before.partner, before.dataset) == (one.partner, one.dataset) and before.outputs is not None:
                asked = msgspec.convert(before.declaration, Declaration)
                yield differing.Given(before.id, asked, before.outputs)

    def _package(self, one: Served) -> Package | None:
        kept = self._records.find(PACKAGE, one.digest, Kept)
        return None if kept is None else make_package(kept.files)

    # --- keeping

    def open(self) -> None:
        """What ran when the server ended has failed: whoever asked may ask again."""
        for one in self._records.all(SERVED, Served):
            if one.state is State.RUNNING:
                self._changed(one, state=State.FAILED, why="the server ended meanwhile")

    async def settled(self) -> None:
        """Wait until nothing runs."""
        while tasks := list(self._under_way.values()):
            await asyncio.wait(tasks)

    async def close(self) -> None:
        """Stop waiting for what runs."""
        tasks = list(self._under_way.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _changed(self, one: Served, **members: Any) -> Served:
        found = msgspec.structs.replace(one, changed=self._desk.clock(), **members)
        self._records.keep(SERVED, found.id, found)
        return found

    def _note(self, one: Served, operation: str, reason: str, who: str, act: Act = Act.DONE) -> None:
        self._desk.note(
            Event(act, who, operation, one.id, one.request, (one.dataset,), one.agreement, reason)
        )
