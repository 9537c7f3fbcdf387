"""Decides how a checked message is taken in: given to the store once, the dispatcher woken, the reply put together.

It has never heard of the words in which it was asked for; a reply says what the store has committed.
"""

import asyncio
from collections.abc import Callable, Sequence
from itertools import islice
from typing import Any, Final, TypeAlias

import msgspec

from vestnik.api.parts import DELIVERIES_SHOWN, SLICE, Parts
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
from vestnik.domain.message import Duplicate, Message, Order
from vestnik.domain.moment import Moment, to_rfc3339

PointerOf: TypeAlias = Callable[[int, str], str]
"""Where in the caller's body it stands that delivery number n of the order is for a messenger."""

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
    """Takes orders in."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    def must_be_open(self) -> None:
        """A Problem while the service stops."""
        if not self._parts.door.open:
            headers = {"Retry-After": str(self._parts.settings.retry_after)}
            raise Problem(STOPPING, "the service takes no new work", headers=headers)

    async def take(self, order: Order, pointer_of: PointerOf) -> MessageView:
        """The message as it was committed; where all of it was said before, the first one that said it."""
        now = self._parts.clock.now()
        acceptance = await self._parts.store.accept(order, now)
        if acceptance.message_id == order.id:
            self._parts.bell.expect(order, now)
            view = _accepted(order, acceptance.duplicates, now)
        else:
            view = await self.seen(acceptance.message_id)
        if acceptance.duplicates:
            view.duplicates = await _duplicates(order, acceptance.duplicates, pointer_of)
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
        page = [delivery_of(delivery) for delivery in found[:DELIVERIES_SHOWN]]
        summary = summary_of(message)
        fields = {field: getattr(summary, field) for field in summary.__struct_fields__}
        following_page = following(page) if len(found) > DELIVERIES_SHOWN else None
        return MessageView(**fields, deliveries=page, next=following_page, duplicates=[])

    def dry_run(self, order: Order) -> Reply:
        """What would be accepted."""
        state = _first_state(order, self._parts.clock.now())
        view = DryRunView(
            True,
            state,
            sender_of(order.sender),
            order.text,
            when(order.send_at),
            when(order.expires_at),
            order.max_attempts,
            order.priority.word,
            {state.value: len(order.deliveries)},
            [PlannedDelivery(*address) for address in order.deliveries[:DELIVERIES_SHOWN]],
        )
        return told(view, _DRY)


def accepted(view: Any, message_id: str) -> Reply:
    """The reply of an intake: 202 and where the message is found."""
    return told(view, 202, headers={"Location": f"/api/messages/{message_id}"})


def following(shown: Sequence[DeliveryView]) -> str:
    """The cursor of the deliveries after those."""
    return cursor_for(shown[-1].id.rpartition("-")[2])


def _first_state(order: Order, now: Moment) -> State:
    return State.DEFERRED if order.send_at is not None and order.send_at > now else State.WAITING


def _accepted(order: Order, duplicates: Sequence[Duplicate], now: Moment) -> MessageView:
    """The message as the store has just made it."""
    state = _first_state(order, now)
    created_at, send_at = to_rfc3339(now), when(order.send_at)
    due_at = send_at if state is State.DEFERRED else created_at
    left_out = {duplicate.index for duplicate in duplicates}
    # What is left out takes no place on the page, so that many addresses are enough to find out whether there are more.
    first = islice(enumerate(order.deliveries), DELIVERIES_SHOWN + len(left_out) + 1)
    shown = [
        DeliveryView(
            delivery_id(order.id, ordinal),
            order.id,
            messenger,
            recipient,
            account,
            state,
            0,
            order.max_attempts,
            due_at,
            None,
            None,
        )
        for ordinal, (messenger, recipient, account) in first
        if ordinal not in left_out
    ]
    page = shown[:DELIVERIES_SHOWN]
    return MessageView(
        id=order.id,
        status=state,
        sender=sender_of(order.sender),
        text=order.text,
        send_at=send_at,
        created_at=created_at,
        is_sent=False,
        counts={state.value: len(order.deliveries) - len(left_out)},
        expires_at=when(order.expires_at),
        max_attempts=order.max_attempts,
        priority=order.priority.word,
        deliveries=page,
        next=following(page) if len(shown) > DELIVERIES_SHOWN else None,
        duplicates=[],
    )


async def _duplicates(order: Order, found: Sequence[Duplicate], pointer_of: PointerOf) -> list[DuplicateView]:
    views = []
    for number, duplicate in enumerate(found):
        messenger = order.deliveries[duplicate.index].messenger
        views.append(DuplicateView(pointer_of(duplicate.index, messenger), messenger, duplicate.delivery_id))
        if number % SLICE == SLICE - 1:
            await asyncio.sleep(0)
    return views
