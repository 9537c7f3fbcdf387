"""Decides what people do: they order, look, cancel, move, retry and resolve, and ask again when no reply comes.

It has never heard of what is behind the address that they send their requests to.
"""

import asyncio
from dataclasses import dataclass
from random import Random
from typing import Any, Final, Protocol

import msgspec

from tests.simulation.ledger import Ledger, Order
from tests.simulation.plan import MESSENGERS, Plan
from tests.simulation.story import Story
from vestnik.domain.errors import NotSent
from vestnik.domain.moment import Moment, seconds, to_rfc3339
from vestnik.ports import HungUp, Request, Response

JSON: Final = {"content-type": "application/json"}
_TRIES: Final = 6
_PATIENCE: Final = (0.3, 2.0, 10.0)


class Address(Protocol):
    """Where the service is asked, and what time it has there."""

    async def ask(self, request: Request) -> Response:
        """The reply; NotSent or HungUp where there is none."""

    def now(self) -> Moment:
        """What clocks show."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A reply that was understood."""

    status: int
    body: Any
    replayed: bool


class Person:
    """One sender of messages."""

    def __init__(self, number: int, plan: Plan, address: Address, ledger: Ledger, story: Story) -> None:
        self._number = number
        self._plan = plan
        self._address = address
        self._ledger = ledger
        self._story = story
        self._random = Random(f"person {plan.seed} {number}")
        self._mine: list[Order] = []

    async def live(self) -> None:
        """Does what is to be done, spread over the span of the plan."""
        gap = self._plan.span / self._plan.deeds
        for _ in range(self._plan.deeds):
            await asyncio.sleep(self._random.random() * gap * 2)
            await self._deed()

    async def insist(self) -> None:
        """Asks again for what was never answered, now that nothing is in the way."""
        for order in self._mine:
            if order.message_id is None and order.refused is None and order.key is not None:
                await self._order(order)
                if order.message_id is None and order.refused is None:
                    self._ledger.complaints.append(f"order {order.number} gets no answer although all is well")

    async def _deed(self) -> None:
        known = [order.message_id for order in self._mine if order.message_id is not None]
        deed = self._random.random()
        if not known or deed < 0.5:
            await self._order(self._repeated() if self._mine and deed < 0.15 else self._new_order())
        elif deed < 0.57:
            await self._cancel(self._random.choice(known))
        elif deed < 0.65:
            await self._move(self._random.choice(known))
        else:
            await self._look_after(self._random.choice(known))

    def _new_order(self) -> Order:
        random = self._random
        chosen = random.sample(MESSENGERS, random.randint(1, 3))
        now = self._address.now()
        body: dict[str, Any] = {
            "sender": f"person{self._number}",
            "text": f"said by {self._number} as {len(self._ledger.orders)}",
            "messengers": chosen,
            "recipients": [self._recipient(chosen) for _ in range(random.choice((1, 1, 2, 4)))],
        }
        if random.random() < 0.3:
            body["send_at"] = to_rfc3339(now + seconds(random.random() * random.choice((2, 20, 600))))
        if random.random() < 0.2:
            body["expires_at"] = to_rfc3339(now + seconds(random.random() * random.choice((2, 20, 900))))
        if random.random() < 0.4:
            body["max_attempts"] = random.randint(1, 10)
        if random.random() < 0.3:
            body["priority"] = random.choice(("high", "normal", "bulk"))
        if random.random() < 0.15:
            body["dedupe_key"] = f"key {self._number} {random.randint(0, 2)}"
        elif random.random() < 0.15:
            body["allow_duplicate"] = True
        return self._note(body)

    def _recipient(self, chosen: list[str]) -> dict[str, str]:
        return {name: self._random.choice(self._plan.recipients[name]) for name in chosen}

    def _repeated(self) -> Order:
        """Something that was said before, as a new request."""
        body = {**self._random.choice(self._mine).body}
        for name in ("send_at", "expires_at"):
            body.pop(name, None)
        return self._note(body)

    def _note(self, body: dict[str, Any]) -> Order:
        number = len(self._ledger.orders)
        order = Order(number, body, f"order-{number}" if self._random.random() < 0.7 else None)
        self._ledger.orders.append(order)
        self._mine.append(order)
        return order

    async def _order(self, order: Order) -> None:
        headers = JSON if order.key is None else {**JSON, "idempotency-key": order.key}
        request = Request("POST", "/api/messages", headers, msgspec.json.encode(order.body))
        for _ in range(_TRIES):
            order.tries += 1
            answer = await self._ask(request)
            if answer is not None and answer.status == 202:
                self._told(order, answer)
                return
            if answer is not None and answer.status not in (409, 503):
                order.refused = answer.status
                if answer.status != 422:
                    self._ledger.complaints.append(f"order {order.number} was answered {answer.status}: {answer.body}")
                return
            await asyncio.sleep(self._random.random() * 3)

    def _told(self, order: Order, answer: Answer) -> None:
        message_id = answer.body["id"]
        if order.message_id not in (None, message_id):
            self._ledger.complaints.append(f"order {order.number} is {order.message_id} and {message_id}")
        order.message_id = message_id
        order.replayed = answer.replayed
        order.duplicates = [duplicate["delivery_id"] for duplicate in answer.body["duplicates"]]

    async def _cancel(self, message_id: str) -> None:
        self._ledger.touch.cancelled.add(message_id)
        await self._insistently("POST", f"/api/messages/{message_id}/cancel", {})

    async def _move(self, message_id: str) -> None:
        to = self._address.now() + seconds(self._random.random() * self._random.choice((3, 60)))
        self._ledger.touch.moved.setdefault(message_id, []).append(to)
        await self._insistently("PATCH", f"/api/messages/{message_id}", {"send_at": to_rfc3339(to)})

    async def _look_after(self, message_id: str) -> None:
        """Looks at the deliveries of a message, and tries again or settles one that went wrong."""
        answer = await self._ask(Request("GET", f"/api/messages/{message_id}/deliveries"))
        if answer is None or answer.status != 200:
            return
        for delivery in answer.body["deliveries"]:
            name, state = delivery["id"], delivery["status"]
            if state in ("failed", "expired", "unknown") and self._random.random() < 0.5:
                touch = self._ledger.touch
                if state == "unknown" and self._random.random() < 0.5:
                    fate = self._random.choice(("delivered", "failed"))
                    touch.resolved.setdefault(name, set()).add(fate)
                    await self._ask(
                        Request("POST", f"/api/deliveries/{name}/resolve", JSON, b'{"as":"%s"}' % fate.encode())
                    )
                else:
                    touch.retries[name] = touch.retries.get(name, 0) + 1
                    await self._ask(Request("POST", f"/api/deliveries/{name}/retry", JSON, b"{}"))
                return

    async def _insistently(self, method: str, path: str, body: dict[str, Any]) -> None:
        """Asks until there is an answer: doing it twice is doing it once."""
        for _ in range(_TRIES):
            answer = await self._ask(Request(method, path, JSON, msgspec.json.encode(body)))
            if answer is not None and answer.status != 503:
                return
            await asyncio.sleep(self._random.random() * 3)

    async def _ask(self, request: Request) -> Answer | None:
        """The answer, if one comes before patience ends."""
        self._story.tell(f"person {self._number}", f"{request.method} {request.url} {request.body.decode()}")
        try:
            async with asyncio.timeout(self._random.choice(_PATIENCE)):
                response = await self._address.ask(request)
        except (TimeoutError, NotSent, HungUp) as error:
            self._story.tell(f"person {self._number}", f"got no answer: {error or type(error).__name__}")
            return None
        body = msgspec.json.decode(response.body) if response.body else None
        answer = Answer(response.status, body, "idempotency-replayed" in response.headers)
        self._story.tell(f"person {self._number}", f"got {response.status} {_short(body)}")
        if response.status >= 500 and response.status != 503:
            self._ledger.complaints.append(f"{request.method} {request.url} was answered {response.status}: {body}")
        return answer


def _short(body: Any) -> str:
    if isinstance(body, dict) and "counts" in body:
        return f"{body['id']} {body['status']} {body['counts']} {body.get('duplicates') or ''}"
    if isinstance(body, dict) and "deliveries" in body:
        return ", ".join(f"{each['id']} {each['status']}" for each in body["deliveries"])
    return str(body)
