"""The life of a delivery is its table, and the table is one that a life can be led by."""

import hypothesis.strategies as st
import pytest
from hypothesis import given

from vestnik.domain.errors import IllegalStep
from vestnik.domain.lifecycle import SLOTLESS, TAKEN, TRANSITIONS, UNFINISHED, Event, State, must_step, step
from vestnik.domain.outcomes import ReceiptKind

states = st.sampled_from(State)
events = st.sampled_from(Event)
PEOPLE_DECIDE = {Event.RETRY, Event.RESOLVE_DELIVERED, Event.RESOLVE_FAILED}
ATTEMPT_ENDS = {Event.TAKE, Event.TAKE_FOR_GOOD, Event.PUT_OFF, Event.FAIL, Event.DOUBT, Event.GIVE_BACK}
REPORTS = [kind.event for kind in ReceiptKind]
BIRTHS = {State.DEFERRED, State.WAITING}


@given(state=states, event=events)
def test_a_step_is_what_the_table_says_and_anything_else_is_refused(state: State, event: Event) -> None:
    following = TRANSITIONS.get((state, event))
    assert step(state, event) is following
    if following is None:
        with pytest.raises(IllegalStep, match=f"a delivery that is {state.value} cannot ") as refused:
            must_step(state, event)
        assert (refused.value.state, refused.value.event) == (state, event)
    else:
        assert must_step(state, event) is following


@given(birth=st.sampled_from(sorted(BIRTHS)), happenings=st.lists(events, max_size=60))
def test_whatever_happens_a_delivery_is_attempted_only_between_claim_and_end(
    birth: State, happenings: list[Event]
) -> None:
    state, claims, ends = birth, 0, 0
    for event in happenings:
        following = step(state, event)
        if following is None:
            continue
        claims += event is Event.CLAIM
        ends += event in ATTEMPT_ENDS
        assert claims - ends == (following is State.SENDING)
        state = following


@given(birth=st.sampled_from(sorted(BIRTHS)), happenings=st.lists(events, max_size=60))
def test_what_a_messenger_took_is_never_sent_again_unless_it_failed_or_a_person_asks(
    birth: State, happenings: list[Event]
) -> None:
    state, taken = birth, False
    for event in happenings:
        following = step(state, event)
        if following is None:
            continue
        if event is Event.CLAIM:
            assert not taken
        state = following
        taken = state in TAKEN


@given(happenings=st.lists(st.sampled_from(REPORTS), max_size=12), state=states)
def test_reports_repeated_in_any_order_never_take_back_what_is_known(happenings: list[Event], state: State) -> None:
    rank = {State.SENT: 0, State.DELIVERED: 1, State.READ: 2}
    for event in happenings:
        following = step(state, event) or state
        if state in rank and following in rank:
            assert rank[following] >= rank[state]
        if state in (State.DELIVERED, State.READ):
            assert following is not State.FAILED
        state = following


def test_every_state_is_reached_and_every_event_means_something() -> None:
    reached = set(BIRTHS)
    while more := {after for (before, _), after in TRANSITIONS.items() if before in reached} - reached:
        reached |= more
    assert reached == set(State)
    assert {event for _, event in TRANSITIONS} == set(Event)


def test_the_service_itself_moves_on_what_is_unfinished_and_nothing_else() -> None:
    by_itself = set(Event) - PEOPLE_DECIDE - set(REPORTS) - {Event.CANCEL, Event.RESCHEDULE}
    assert {before for before, event in TRANSITIONS if event in by_itself} == UNFINISHED


def test_from_every_unfinished_state_an_end_can_be_reached() -> None:
    finished = set(State) - UNFINISHED
    for start in UNFINISHED:
        seen = {start}
        while more := {after for (before, _), after in TRANSITIONS.items() if before in seen} - seen:
            seen |= more
        assert seen & finished


def test_finished_deliveries_go_back_to_work_only_when_a_person_asks() -> None:
    back = {event for (before, event), after in TRANSITIONS.items() if before not in UNFINISHED and after in UNFINISHED}
    assert back == {Event.RETRY}


def test_only_what_surely_did_not_arrive_gives_its_slot_back() -> None:
    assert SLOTLESS.isdisjoint(TAKEN)
    assert SLOTLESS.isdisjoint(UNFINISHED)
    assert State.UNKNOWN not in SLOTLESS
    assert set(State) == SLOTLESS | TAKEN | UNFINISHED | {State.UNKNOWN}


@pytest.mark.parametrize("state", State)
def test_a_person_can_resolve_only_what_is_unknown(state: State) -> None:
    can = {event for event in (Event.RESOLVE_DELIVERED, Event.RESOLVE_FAILED) if step(state, event)}
    assert bool(can) == (state is State.UNKNOWN)
