"""How one side of a negotiation or a transfer takes messages: every state with every message, repeats, crossings."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import product
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sympolis.dataspace.dsp.machines import BEGINNING, NEGOTIATION, TRANSFER, Act, Machine
from sympolis.dataspace.dsp.processes import MOST_STEPS, Negotiation, Process
from sympolis.dataspace.dsp.vocabulary import NegotiationState, Side, TransferState
from sympolis.domain.errors import Conflict, InvalidRequest
from sympolis.testing.contracts import a_negotiation, a_transfer

AT = datetime(2026, 5, 8, 7, 0, tzinfo=UTC)

N_ARROWS = {
    ("", "request", "consumer"): "REQUESTED",
    ("", "offer", "provider"): "OFFERED",
    ("REQUESTED", "offer", "provider"): "OFFERED",
    ("REQUESTED", "agree", "provider"): "AGREED",
    ("OFFERED", "request", "consumer"): "REQUESTED",
    ("OFFERED", "accept", "consumer"): "ACCEPTED",
    ("ACCEPTED", "agree", "provider"): "AGREED",
    ("AGREED", "verify", "consumer"): "VERIFIED",
    ("VERIFIED", "finalize", "provider"): "FINALIZED",
}
T_ARROWS = {
    ("", "request", "consumer"): "REQUESTED",
    ("REQUESTED", "start", "provider"): "STARTED",
    ("STARTED", "suspend", "provider"): "SUSPENDED",
    ("STARTED", "suspend", "consumer"): "SUSPENDED",
    ("STARTED", "complete", "provider"): "COMPLETED",
    ("STARTED", "complete", "consumer"): "COMPLETED",
    ("SUSPENDED", "start", "provider"): "STARTED",
    ("SUSPENDED", "start", "consumer"): "STARTED",
}
"""The arrows of the two diagrams, written down once more; terminating is checked apart."""


@pytest.mark.parametrize(
    ("machine", "states", "arrows"),
    [(NEGOTIATION, NegotiationState, N_ARROWS), (TRANSFER, TransferState, T_ARROWS)],
)
def test_every_arrow_and_no_other(machine: Machine, states: Any, arrows: Any) -> None:
    for state, act, side in product((BEGINNING, *states), Act, Side):
        if act is Act.TERMINATE:
            expected = None if state in ("", "FINALIZED", "COMPLETED", "TERMINATED") else "TERMINATED"
        else:
            expected = arrows.get((state, act.value, side.value))
        assert machine.find(state, act, side) == expected, (state, act, side)


def said(name: str | None = "m1", **members: Any) -> dict[str, Any]:
    return {"@type": "x", **({} if name is None else {"@id": name}), **members}


def test_a_repeated_message_changes_nothing() -> None:
    one = a_negotiation(state="AGREED")
    verified = one.receiving(Act.VERIFY, said(), at=AT)
    assert verified is not None
    assert verified.state == "VERIFIED"
    assert verified.receiving(Act.VERIFY, said(), at=AT) is None


def test_one_id_stands_for_one_message() -> None:
    one = a_negotiation(state="AGREED").receiving(Act.VERIFY, said(), at=AT)
    assert one is not None
    with pytest.raises(InvalidRequest, match="another message"):
        one.receiving(Act.TERMINATE, said(reason=["other"]), at=AT)


def test_without_an_id_the_last_message_is_known_again() -> None:
    one = a_negotiation(state="AGREED").receiving(Act.VERIFY, said(None), at=AT)
    assert one is not None
    assert one.receiving(Act.VERIFY, said(None), at=AT) is None
    with pytest.raises(InvalidRequest, match="cannot verify"):
        one.receiving(Act.VERIFY, said(None, more=1), at=AT)


def test_the_same_suspension_twice_suspends_twice() -> None:
    """Without ids, two suspensions are the same text: the second one must not pass for a repeat of the first."""
    stop, go = said(None, code="1"), said(None)
    one: Process | None = a_transfer(state="STARTED")
    for act, text in ((Act.SUSPEND, stop), (Act.START, go), (Act.SUSPEND, stop)):
        assert one is not None
        one = one.receiving(act, text, at=AT)
    assert one is not None
    assert one.state == "SUSPENDED"


def test_a_replayed_start_does_not_wake_a_suspended_transfer() -> None:
    one = a_transfer(side=Side.CONSUMER, state="REQUESTED").receiving(Act.START, said("start"), at=AT)
    assert one is not None
    two = one.receiving(Act.SUSPEND, said("stop"), at=AT)
    assert two is not None
    assert two.receiving(Act.START, said("start"), at=AT) is None
    assert two.state == "SUSPENDED"


def test_an_answer_that_overtakes_the_acknowledgement_counts() -> None:
    """Our agreement is on its way; its verification is here before we hear that it arrived."""
    one = a_negotiation().sending(Act.AGREE, "/agreement", said("ours"), at=AT)
    two = one.receiving(Act.VERIFY, said("theirs"), at=AT)
    assert two is not None
    assert (two.state, two.pending) == ("VERIFIED", None)
    assert [step.act for step in two.steps] == [Act.AGREE, Act.VERIFY]


def test_an_agreement_that_overtakes_the_first_answer_says_who_it_is_from() -> None:
    """We have asked; the agreement is here before the answer that tells us the partner's id."""
    one = a_negotiation(side=Side.CONSUMER, state=BEGINNING, peer="")
    one = one.sending(Act.REQUEST, "/negotiations/request", said("ours"), at=AT)
    two = one.receiving(Act.AGREE, said("theirs", providerPid="urn:theirs", consumerPid=one.id), at=AT)
    assert two is not None
    assert (two.state, two.peer, two.pending) == ("AGREED", "urn:theirs", None)


def test_two_messages_that_cross_end_in_one_state() -> None:
    """We agree while they terminate: termination wins on both sides, and our agreement is sent no more."""
    one = a_negotiation().sending(Act.AGREE, "/agreement", said("ours"), at=AT)
    two = one.receiving(Act.TERMINATE, said("theirs"), at=AT)
    assert two is not None
    assert (two.state, two.pending) == ("TERMINATED", None)


def test_one_message_at_a_time_but_termination_goes_first() -> None:
    one = a_negotiation().sending(Act.AGREE, "/agreement", said("a"), at=AT)
    with pytest.raises(Conflict, match="on its way"):
        one.sending(Act.OFFER, "/offers", said("b"), at=AT)
    ending = one.sending(Act.TERMINATE, "/termination", said("c"), at=AT)
    assert ending.pending is not None
    assert ending.pending.act is Act.TERMINATE


def test_nobody_negotiates_for_ever() -> None:
    one: Negotiation | None = a_negotiation(side=Side.CONSUMER, state="REQUESTED")
    number = 0
    with pytest.raises(InvalidRequest, match="more than"):
        while number <= MOST_STEPS:
            assert one is not None
            one = one.receiving(Act.OFFER, said(f"o{number}"), at=AT)
            assert one is not None
            one = one.sending(Act.REQUEST, "/request", said(f"r{number}"), at=AT).acknowledged(at=AT)
            number += 1


@settings(max_examples=200, deadline=None)
@given(
    st.lists(
        st.tuples(st.sampled_from(list(Act)), st.sampled_from(["m1", "m2", "m3", "m4", "m5", None])),
        max_size=12,
    )
)
def test_whatever_comes_the_states_follow_the_arrows(letters: list[tuple[Act, str | None]]) -> None:
    """Any messages in any order, repeated and forged: each is taken along an arrow, or refused, or changes nothing."""
    one = a_negotiation(state="REQUESTED")
    for act, name in letters:
        before = one
        try:
            taken = one.receiving(act, said(name, act=act.value), at=AT)
        except InvalidRequest:
            continue
        if taken is not None:
            assert taken.state == NEGOTIATION.find(before.state, act, Side.CONSUMER)
            assert len(taken.steps) == len(before.steps) + 1
            one = taken
