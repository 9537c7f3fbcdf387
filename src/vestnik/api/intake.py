"""Decides how a checked message is taken in: given to the store once, the dispatcher woken, the reply put together.

It has never heard of the words in which it was asked for; a reply says what the store has committed.
"""

import asyncio
from collections.abc import Callable, Sequence
from typing import Any, Final, TypeAlias

import msgspec

from vestnik.api.parts import DELIVERIES_SHOWN, SLICE, Parts
from vestnik.api.planning import Draft
from vestnik.api.problems import STOPPING, Problem
from vestnik.api.queries import cursor_for
from vestnik.api.replies import Reply, told
from vestnik.api.views import (
    DeliveryView,
    DuplicateView,
    MessageView,
    SenderView,
    delivery_of,
    sender_of,
    summary_of,
    when,
)
from vestnik.domain.delivery import delivery_id
from vestnik.domain.errors import NotFound
from vestnik.domain.lifecycle import State
from vestnik.domain.message import Duplicate, Message
from vestnik.domain.moment import Moment, to_rfc3339

PointerOf: TypeAlias = Callable[[int, str], str]
"""Where recipient number n stands in the caller's body, for a messenger."""

_DRY: Final = 200


class PlannedDelivery(msgspec.Struct):
    """What would become a delivery."""

    messenger: str
    recipient: str
    account: str | None


class DryRunView(msgspec.Struct):
    """What would be accepted: the first 100 deliveries and how many there are; duplicates are not looked for."""

    dry_run: bool
    status: State
    sender: SenderView
    text: str
    send_at: str | None
    expires_at: str | None
    max_attempts: int
    priority: str
    counts: dict[str, int]
    deliveries: list[PlannedDelivery]


class Intake:
    """Takes drafts in."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    def must_be_open(self) -> None:
        """A Problem while the service stops."""
        if not self._parts.door.open:
            headers = {"Retry-After": str(self._parts.settings.retry_after)}
            raise Problem(STOPPING, "the service takes no new work", headers=headers)

    async def take(self, draft: Draft, request_key: str | None, pointer_of: PointerOf) -> MessageView:
        """The message as it was committed; where all of it was said before, the first one that said it."""
        clock = self._parts.clock
        order = draft.order(clock.new_id(), request_key)
        now = clock.now()
        acceptance = await self._parts.store.accept(order, now)
        if acceptance.message_id == order.id:
            self._parts.bell()
            message = Message(
                order.id,
                order.sender,
                order.text,
                now,
                order.send_at,
                order.expires_at,
                order.max_attempts,
                order.priority,
                {_first_state(draft, now): len(order.deliveries) - len(acceptance.duplicates)},
            )
            shown, following = _accepted(draft, message, acceptance.duplicates)
            view = _view(message, shown, following)
        else:
            view = await self.seen(acceptance.message_id)
        if acceptance.duplicates:
            view.duplicates = await _duplicates(draft, acceptance.duplicates, pointer_of)
        return view

    async def seen(self, message_id: str) -> MessageView:
        """The message as it stands; NotFound if there is none."""
        message = await self._parts.store.message(message_id)
        if message is None:
            raise NotFound(f"no message has the id {message_id}")
        return await self.shown(message)

    async def shown(self, message: Message) -> MessageView:
        """The message with the first of its deliveries."""
        found = await self._parts.store.deliveries(message.id, state=None, limit=DELIVERIES_SHOWN + 1)
        shown = [delivery_of(delivery) for delivery in found[:DELIVERIES_SHOWN]]
        return _view(message, shown, following(shown) if len(found) > DELIVERIES_SHOWN else None)

    def dry_run(self, draft: Draft) -> Reply:
        """What would be accepted."""
        state = _first_state(draft, self._parts.clock.now())
        view = DryRunView(
            True,
            state,
            sender_of(draft.sender),
            draft.text,
            when(draft.send_at),
            when(draft.expires_at),
            draft.max_attempts,
            draft.priority.word,
            {state.value: len(draft.deliveries)},
            [PlannedDelivery(*address) for address in draft.deliveries[:DELIVERIES_SHOWN]],
        )
        return told(view, _DRY)


def accepted(view: Any, message_id: str) -> Reply:
    """The reply of an intake: 202 and where the message is found."""
    return told(view, 202, headers={"Location": f"/api/messages/{message_id}"})


def following(shown: Sequence[DeliveryView]) -> str:
    """The cursor of the deliveries after those."""
    return cursor_for(shown[-1].id.rpartition("-")[2])


def _first_state(draft: Draft, now: Moment) -> State:
    return State.DEFERRED if draft.send_at is not None and draft.send_at > now else State.WAITING


def _view(message: Message, shown: list[DeliveryView], cursor: str | None) -> MessageView:
    summary = summary_of(message)
    fields = {field: getattr(summary, field) for field in summary.__struct_fields__}
    return MessageView(**fields, deliveries=shown, next=cursor, duplicates=[])


def _accepted(draft: Draft, message: Message, duplicates: Sequence[Duplicate]) -> tuple[list[DeliveryView], str | None]:
    """The first deliveries as the store has just made them, and the cursor of the others."""
    left_out = {duplicate.index for duplicate in duplicates}
    state = _first_state(draft, message.created_at)
    due_at = when(draft.send_at) if state is State.DEFERRED else to_rfc3339(message.created_at)
    shown: list[DeliveryView] = []
    for ordinal, (messenger, recipient, account) in enumerate(draft.deliveries):
        if ordinal in left_out:
            continue
        if len(shown) == DELIVERIES_SHOWN:
            return shown, following(shown)
        shown.append(
            DeliveryView(
                delivery_id(message.id, ordinal),
                message.id,
                messenger,
                recipient,
                account,
                state,
                0,
                draft.max_attempts,
                due_at,
                None,
                None,
            )
        )
    return shown, None


async def _duplicates(draft: Draft, found: Sequence[Duplicate], pointer_of: PointerOf) -> list[DuplicateView]:
    views = []
    for number, duplicate in enumerate(found):
        messenger = draft.deliveries[duplicate.index].messenger
        where = pointer_of(duplicate.index // draft.messengers, messenger)
        views.append(DuplicateView(where, messenger, duplicate.delivery_id))
        if number % SLICE == SLICE - 1:
            await asyncio.sleep(0)
    return views
