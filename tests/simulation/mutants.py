"""Decides how the service can be broken on purpose, to see whether a life notices.

It has never heard of how a broken promise is found; each mutant is one mistake that somebody could make.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import replace
from functools import wraps
from itertools import count
from typing import Any, Final
from unittest.mock import patch

from tests.simulation.disk import LoopCommit
from vestnik.dispatch import lane, sweep
from vestnik.dispatch.loop import Dispatcher
from vestnik.dispatch.recorder import Recorder
from vestnik.domain import judge
from vestnik.domain.delivery import Claim, Return, Verdict
from vestnik.domain.judge import OnUnclear, Policy
from vestnik.domain.lifecycle import SLOTLESS, Event, State
from vestnik.domain.message import Acceptance
from vestnik.domain.moment import Moment, seconds
from vestnik.domain.outcomes import Outcome, PutOff, Receipt
from vestnik.domain.requests import Fresh, Known
from vestnik.store import memory_people, rows, sqlite_intake, sqlite_requests
from vestnik.store.begun import Beginning, Begun
from vestnik.store.page import Page

Mutant = Callable[[], AbstractContextManager[Any]]
_judge = judge.judge


def _judging(change: Callable[..., Verdict]) -> AbstractContextManager[Any]:
    """Lanes and the sweep judge in another way."""
    return _all(patch.object(lane, "judge", change), patch.object(sweep, "judge", change))


@contextmanager
def _all(*patches: AbstractContextManager[Any]) -> Iterator[None]:
    with ExitStack() as stack:
        for one in patches:
            stack.enter_context(one)
        yield


def no_fence() -> AbstractContextManager[Any]:
    """The store takes a verdict for whatever attempt is under way."""
    record = Page.record

    def forgetful(self: Page, verdict: Verdict, now: Moment) -> bool:
        row = self.rows.get(rows.delivery_key(verdict.delivery_id) or ("", 0))
        current = verdict._replace(attempt=row.attempts, started_at=row.claimed_at or 0) if row else verdict
        return record(self, current, now)

    return patch.object(Page, "record", forgetful)


def lost_batch() -> AbstractContextManager[Any]:
    """The recorder drops every fifth batch of verdicts."""
    store_batch = Recorder._store_batch
    batches = count(1)

    async def careless(self: Recorder) -> None:
        if self._verdicts and next(batches) % 5 == 0:
            self._verdicts.clear()
        await store_batch(self)

    return patch.object(Recorder, "_store_batch", careless)


def no_doubt() -> AbstractContextManager[Any]:
    """The judge forgets that an earlier attempt may have arrived."""

    @wraps(_judge)
    def sure(claim: Claim, outcome: Outcome, policy: Policy, *args: Any, **kwargs: Any) -> Verdict:
        verdict = _judge(claim._replace(doubt=False), outcome, policy, *args, **kwargs)
        if verdict.event is Event.DOUBT:
            return verdict._replace(event=Event.FAIL, doubt=False)
        return verdict._replace(doubt=False)

    return _judging(sure)


def holds_nothing() -> AbstractContextManager[Any]:
    """The judge resends although the policy says to hold."""

    @wraps(_judge)
    def bold(claim: Claim, outcome: Outcome, policy: Policy, *args: Any, **kwargs: Any) -> Verdict:
        return _judge(claim, outcome, replace(policy, on_unclear=OnUnclear.RESEND), *args, **kwargs)

    return _judging(bold)


def one_more() -> AbstractContextManager[Any]:
    """The judge allows one attempt more than was ordered."""

    @wraps(_judge)
    def generous(claim: Claim, outcome: Outcome, policy: Policy, *args: Any, **kwargs: Any) -> Verdict:
        return _judge(claim._replace(max_attempts=claim.max_attempts + 1), outcome, policy, *args, **kwargs)

    return _judging(generous)


def trusting() -> AbstractContextManager[Any]:
    """The judge takes a refused connection for proof that no attempt arrived."""

    @wraps(_judge)
    def naive(claim: Claim, outcome: Outcome, policy: Policy, *args: Any, **kwargs: Any) -> Verdict:
        known = policy.honours_key and isinstance(outcome, PutOff) and claim.attempt >= claim.max_attempts
        return _judge(claim._replace(doubt=False) if known else claim, outcome, policy, *args, **kwargs)

    return _judging(naive)


def early() -> AbstractContextManager[Any]:
    """Lanes look three seconds ahead."""
    original = lane.Lane.__init__

    def hasty(self: lane.Lane, messenger: str, settings: Any, store: Any, *args: Any) -> None:
        original(self, messenger, settings, _Hasty(store), *args)

    return patch.object(lane.Lane, "__init__", hasty)


class _Hasty:
    def __init__(self, store: Any) -> None:
        self._store = store

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    async def claim(self, messenger: str, *, now: Moment, **kwargs: Any) -> Any:
        return await self._store.claim(messenger, now=now + seconds(3), **kwargs)


def free_slot() -> AbstractContextManager[Any]:
    """What is unknown gives its dedupe slot back."""
    move = rows.Row.move

    def loose(self: rows.Row, state: State) -> None:
        move(self, state)
        if state is State.UNKNOWN:
            self.content_key = None

    assert State.UNKNOWN not in SLOTLESS
    return patch.object(rows.Row, "move", loose)


def asleep() -> AbstractContextManager[Any]:
    """Lanes are not told of what the sweep puts off."""
    return patch.object(Dispatcher, "_expect", lambda *_: None)


def old_key() -> AbstractContextManager[Any]:
    """A retry of what was taken and failed goes under the old key."""
    return patch.object(Claim, "key", property(lambda claim: claim.delivery_id))


def deaf() -> AbstractContextManager[Any]:
    """Reports that come before their record are forgotten."""
    apply = Page.apply

    def forgetful(self: Page, receipts: Sequence[Receipt]) -> None:
        apply(self, receipts)
        self.unmatched.clear()

    return patch.object(Page, "apply", forgetful)


def counted() -> AbstractContextManager[Any]:
    """An attempt that was given back counts."""
    give_back = Page.give_back

    def strict(self: Page, back: Return) -> None:
        give_back(self, back)
        row = self.rows.get(rows.delivery_key(back.delivery_id) or ("", 0))
        if row is not None and row.state is State.WAITING and row.attempts < back.attempt:
            row.attempts += 1

    return patch.object(Page, "give_back", strict)


def forgetful_of_requests() -> AbstractContextManager[Any]:
    """A repeated request is carried out again."""

    async def always_fresh(*_: Any) -> Fresh:
        return Fresh()

    def all_fresh(_connection: Any, items: Sequence[Any]) -> list[Fresh]:
        return [Fresh() for _ in items]

    return _all(
        patch.object(memory_people.MemoryPeople, "begin_request", always_fresh),
        patch.object(sqlite_requests, "begin_requests", all_fresh),
    )


def credulous() -> AbstractContextManager[Any]:
    """A request that this life of the store began counts as under way although nobody works on it."""
    known_to = Begun.known_to

    def unasked(self: Begun, asking: Beginning) -> Known:
        return known_to(self, asking._replace(abandoned=False))

    return patch.object(Begun, "known_to", unasked)


def hasty() -> AbstractContextManager[Any]:
    """The store in a file says that something is written before it is."""
    submit = LoopCommit._submit

    def say_so(self: LoopCommit, job: Any) -> None:
        submit(self, job)
        if job is not None and job.operation is sqlite_intake.accept:
            order = job.item.order
            job.future.set_result(Acceptance(order.id, ()))

    return patch.object(LoopCommit, "_submit", say_so)


MUTANTS: Final[dict[str, Mutant]] = {
    made.__name__: made
    for made in (
        no_fence,
        lost_batch,
        no_doubt,
        holds_nothing,
        one_more,
        trusting,
        early,
        free_slot,
        asleep,
        old_key,
        deaf,
        counted,
        forgetful_of_requests,
        credulous,
        hasty,
    )
}
