"""Decides which doors lead from one room to another: Clock, Transport, Gateway and Store, over domain types.

It has never heard of what stands behind a door.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import NamedTuple, Protocol, TypeAlias

from vestnik.domain.account import Account, Key
from vestnik.domain.delivery import AttemptMade, Backlog, Claim, Claimed, Delivery, Due, ReceiptGot, Return, Verdict
from vestnik.domain.errors import NoReply as NoReply  # noqa: PLC0414 - what a transport raises goes through its door too
from vestnik.domain.errors import NotSent as NotSent  # noqa: PLC0414 - what a transport raises goes through its door too
from vestnik.domain.lifecycle import Event, State
from vestnik.domain.message import Acceptance, Message, Order
from vestnik.domain.moment import Moment
from vestnik.domain.outcomes import Outcome, Receipt
from vestnik.domain.requests import Known


class Appointment(Protocol):
    """Something that will happen at a moment of a clock."""

    def cancel(self) -> None:
        """It will not happen; of no effect where it has."""


class Clock(Protocol):
    """The sole source of time, ids and chance."""

    def now(self) -> Moment:
        """The present."""

    async def sleep_until(self, moment: Moment) -> None:
        """Returns as soon as `now() >= moment`, also when the clock is moved."""

    def call_at(self, moment: Moment, callback: Callable[[], None]) -> Appointment:
        """Calls back once, as soon as `now() >= moment`, also when the clock is moved; at once where that is so."""

    def new_id(self) -> str:
        """A new id: 26 characters, unique, later ids sort after earlier ones."""

    def luck(self) -> float:
        """A number drawn evenly from [0, 1)."""


class Request(NamedTuple):
    """One HTTP request as bytes on the wire; header names are lower case, `url` is absolute or a path with a query."""

    method: str
    url: str
    headers: Mapping[str, str] = MappingProxyType({})
    body: bytes = b""


class Response(NamedTuple):
    """One HTTP response; header names are lower case."""

    status: int
    headers: Mapping[str, str] = MappingProxyType({})
    body: bytes = b""


class HungUp(Exception):
    """The far side closes the connection without an answer."""


Far: TypeAlias = Callable[[Request], Awaitable[Response]]
"""A far side in the same process: a request in, a response out, or HungUp."""


class Transport(Protocol):
    """One HTTP exchange, over a socket or in process."""

    async def exchange(self, request: Request, *, timeout: float) -> Response:
        """The response; NotSent if the request surely did not arrive, NoReply if it may have.

        `timeout` is seconds for the whole exchange and passes in real time, whatever the clock says.
        """


@dataclass(frozen=True, slots=True)
class Traits:
    """What a far side lets us find out after a lost reply."""

    honours_key: bool = False
    """It answers a repeated Idempotency-Key with the first answer."""
    report_wait: float = 0.0
    """Seconds in which its reports settle an unclear attempt; 0 where they cannot."""
    one_at_a_time: bool = False
    """Only one send to a recipient may be under way, because reports are matched by recipient."""


@dataclass(frozen=True, slots=True)
class Inbound:
    """What a messenger's webhook call says, and how to answer it once `receipts` are stored."""

    response: Response
    receipts: Sequence[Receipt] = ()


class Gateway(Protocol):
    """Our side of the conversation with one messenger."""

    @property
    def traits(self) -> Traits: ...

    async def open(self) -> None:
        """What the messenger wants to be told once before it reports, such as where; may raise NotSent or NoReply."""

    async def send(self, claim: Claim) -> Outcome:
        """One attempt; bounded in time, and never raises for what the far side does."""

    def receive(self, request: Request, now: Moment) -> Inbound:
        """Reads a webhook call of the messenger; a forged one gets a refusal and no receipts."""


class LaneStore(Protocol):
    """What a lane needs of a store."""

    @property
    def shared(self) -> bool: ...

    async def claim(
        self, messenger: str, *, suspects: bool, limit: int, lease_until: Moment, now: Moment, alone: bool = False
    ) -> Claimed: ...

    async def record(self, verdicts: Sequence[Verdict], now: Moment) -> list[bool]: ...

    async def give_back(self, returns: Sequence[Return], now: Moment) -> None: ...


class Store(Protocol):
    """The durable rows. Every method that writes returns after its commit; all may raise StoreUnavailable."""

    @property
    def shared(self) -> bool:
        """Other processes work with the same rows at the same time."""

    # Intake
    async def accept(self, order: Order, now: Moment) -> Acceptance:
        """The order, its deliveries and dedupe slots in one transaction; its sender is created if it is new."""

    async def begin_request(self, key: str, fingerprint: str, now: Moment) -> Known:
        """What is known under an Idempotency-Key; Fresh begins it."""

    async def finish_request(self, key: str, status: int, body: bytes, location: str | None) -> None:
        """Keeps the reply of a begun request; a status of 500 or more forgets one that has accepted nothing instead.

        Nobody works on it from now on, also where this raises.
        """

    # Dispatch
    async def claim(
        self, messenger: str, *, suspects: bool, limit: int, lease_until: Moment, now: Moment, alone: bool = False
    ) -> Claimed:
        """Leases what is due, in turns by priority; the deferred that came due wait from now on.

        With `alone` a recipient gets one at a time: nothing is leased while something is being sent to it, by whomever.
        What is held back by that comes due, without a word of `next_due`, when the other has been recorded.
        """

    async def due(
        self, messenger: str, *, suspects: bool, limit: int, held: Sequence[str], now: Moment, alone: bool = False
    ) -> Due:
        """What could be claimed, up to `limit` of each priority less those `held` that still can; nothing is leased.

        The deferred that came due wait from now on. With `alone` nothing is told for a recipient while something is
        being sent to it.
        """

    async def claim_these(
        self, messenger: str, ids: Sequence[str], *, lease_until: Moment, now: Moment, alone: bool = False
    ) -> list[Claim]:
        """Leases those of the messenger's deliveries that are due and unclaimed, and passes over the others.

        With `alone` one for each recipient at most, and none while something is being sent to it.
        """

    async def lead(self, work: Callable[[], Awaitable[None]]) -> None:
        """Does the work, which only one of the processes that share the rows does at a time; returns when it does.

        Others wait here for their turn, which comes within 5 seconds after the leader is gone. A leader that may have
        lost the lead has its work cancelled, and waits again.
        """

    async def backlog(self, messengers: Sequence[str]) -> list[Backlog]:
        """How the work of each stands, at a price that does not grow with it."""

    async def record(self, verdicts: Sequence[Verdict], now: Moment) -> list[bool]:
        """Applies verdicts; False where the fence has moved on. Reports that came early are applied after them."""

    async def give_back(self, returns: Sequence[Return], now: Moment) -> None:
        """Ends leases whose attempts were not made; ignored where the fence has moved on."""

    async def orphans(self, limit: int, now: Moment, *, everything: bool = False) -> list[Claim]:
        """Claims whose lease ran out, or with `everything` all that are being sent.

        Kept reports that name a delivery which is not being sent any more are applied to it first.
        """

    async def expire(self, limit: int, now: Moment) -> tuple[int, Moment | None]:
        """Expires up to `limit` deliveries; how many, and when the next one will be to expire."""

    async def apply(self, receipts: Sequence[Receipt], now: Moment) -> None:
        """Applies reports; one that finds no delivery is kept until its record comes, for a day at most."""

    async def watch(self, on_change: Callable[[], None]) -> None:
        """Calls back when another process has made something due, and now and then in case that news was lost.

        Runs until it is cancelled; where the rows are not shared it returns at once.
        """

    async def forget(self, now: Moment) -> None:
        """Drops what has served: replies kept under Idempotency-Keys and early reports past their time."""

    async def retire(self, before: Moment, now: Moment) -> int:
        """Lets go of the texts, attempts and reports of finished messages of `before` or earlier; of how many messages.

        A message is of the time at which it was accepted or for which it was deferred, whichever is later. Its states,
        counters and dedupe slots stay; where a dedupe window is set and over, all of it goes. One call lets go of a
        bounded number, the oldest first, and answers 0 when nothing is left.
        """

    # What people ask
    async def message(self, message_id: str) -> Message | None: ...

    async def messages(
        self, *, status: State | None, sender: str | None, limit: int, before: str | None
    ) -> list[Message]:
        """Newest first, those with ids smaller than `before`."""

    async def deliveries(self, message_id: str, *, state: State | None, limit: int, after: int = -1) -> list[Delivery]:
        """In order, those with an ordinal above `after`."""

    async def progress(self, message_id: str) -> dict[str, dict[State, int]]:
        """How many of a message's deliveries are in which state, by messenger; counted from its rows."""

    async def delivery(self, delivery_id: str) -> Delivery | None: ...

    async def history(self, delivery_id: str) -> tuple[list[AttemptMade], list[ReceiptGot]]: ...

    async def cancel(self, message_id: str, now: Moment) -> Message:
        """Cancels what has not begun; NotFound, or Conflict where nothing is left to cancel."""

    async def reschedule(self, message_id: str, send_at: Moment, now: Moment) -> Message:
        """Moves deliveries that were never attempted; NotFound, or Conflict where there are none."""

    async def retry(self, delivery_id: str, now: Moment) -> Delivery:
        """Another full round of attempts; NotFound, IllegalStep, or Conflict where the dedupe slot is taken."""

    async def resolve(self, delivery_id: str, event: Event, now: Moment) -> Delivery:
        """RESOLVE_DELIVERED or RESOLVE_FAILED; NotFound or IllegalStep."""

    # Accounts, keys, clock
    async def put_account(self, account: Account) -> bool:
        """Creates or replaces; True if it is new."""

    async def accounts(self, ids: Sequence[str]) -> dict[str, Account]: ...

    async def list_accounts(self, *, limit: int, after: str | None) -> list[Account]: ...

    async def delete_account(self, account_id: str) -> bool: ...

    async def add_key(self, key: Key) -> None:
        """Conflict where the name is in use by a key that is not revoked."""

    async def keys(self) -> list[Key]: ...

    async def revoke_key(self, name: str, now: Moment) -> bool: ...

    async def clock_offset(self) -> Moment: ...

    async def keep_clock_offset(self, offset: Moment) -> None: ...

    async def close(self) -> None: ...
