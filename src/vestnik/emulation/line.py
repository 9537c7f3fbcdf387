"""Decides what happens to a message between a bot and a phone: faults, the phone's ways, limits, and the journal.

It has never heard of a wire: an emulator hands it a message and renders what comes back.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from vestnik.emulation.backlog import Backlog
from vestnik.emulation.bots import Bots
from vestnik.emulation.callbacks import Callbacks
from vestnik.emulation.faults import RETRY_AFTER, Fault, Faults, Rule, Step
from vestnik.emulation.journal import Draft, Due, Entry, Item, Journal, Kept
from vestnik.emulation.limits import Limits, Named
from vestnik.emulation.phones import Phones
from vestnik.emulation.plan import DELIVERED, MESSAGE, NO_REPORTS, reports_of
from vestnik.emulation.when import Moment
from vestnik.ports import Clock, HungUp

KEY_LIMIT: Final = 1_024
"""Characters of an Idempotency-Key; a longer one is not honoured."""


@dataclass(frozen=True, slots=True)
class Trouble:
    """Why a message is not taken, for an emulator to put into its messenger's words.

    The fault is ERROR, THROTTLE, BLOCKED or UNKNOWN_USER. `status` is a code that somebody asked for, `retry_after`
    the seconds to wait before another try, and `limit` the name of the limit that was exceeded.
    """

    fault: Fault
    status: int | None = None
    retry_after: float = 0.0
    limit: str = ""


@dataclass(frozen=True, slots=True)
class Parts:
    """What a line is made of; the world says what each is."""

    clock: Clock
    journal: Journal
    backlog: Backlog
    bots: Bots
    phones: Phones
    faults: Faults
    callbacks: Callbacks


@dataclass(frozen=True, slots=True, kw_only=True)
class Ways:
    """How a messenger deals with messages.

    `kinds` are the reports that it gives of one, in order. `failure` is what it calls the failure of a message that
    it took. With `fails_later` it takes messages to phones that have blocked the bot or do not exist, and fails then.
    Somebody who is `watching` what a bot, named first, writes to them reads it as it arrives: that it was delivered
    goes without saying and is not reported.
    """

    kinds: Sequence[str] = ()
    failure: str = "failed"
    fails_later: bool = False
    limits: Sequence[Named] = ()
    watching: Callable[[str, str], bool] = lambda _bot, _person: False

    def unlimited(self) -> "Ways":
        """The same without limits."""
        return replace(self, limits=())


class Line:
    """The way of one messenger's messages. `strict` knows only phones that were set up."""

    def __init__(self, messenger: str, ways: Ways, parts: Parts, *, strict: bool, honour_key: bool) -> None:
        self._messenger = messenger
        self._ways = ways
        self._parts = parts
        self._strict = strict
        self._honour_key = honour_key
        self.limits: Final = Limits(ways.limits)
        self.refused = 0
        """Messages that were not taken since the process began."""

    async def send(self, draft: Draft) -> Entry | Trouble:
        """Takes the message, which is then in the journal, or says why not; HungUp closes the connection instead.

        A known Idempotency-Key gets the entry that it made, whatever the phone is like by now.
        """
        taken = await self.take(draft)
        return taken if isinstance(taken, Trouble) else taken.entry

    async def take(self, draft: Draft, *, counted: bool = True) -> Kept | Trouble:
        """The same, for those who must know whether the entry is an old one.

        One that is not `counted` comes in one call with another that was, and no limit is against it.
        """
        faults = self._parts.faults
        trouble, failed, rule = None, draft.failed, None
        if not faults.quiet:
            trouble = await self._arrive(draft)
            if trouble and trouble.fault in (Fault.ERROR, Fault.THROTTLE):
                return self._refused(trouble)
        now = self._parts.clock.now()
        trouble = trouble or self._obstacle(draft, now, counted=counted)
        if trouble:
            if trouble.fault is Fault.THROTTLE or not self._ways.fails_later:
                first = await self._first(draft)
                return Kept(first, replayed=True) if first else self._refused(trouble)
            failed = failed or self._ways.failure
        if not faults.quiet:
            rule = await faults.strike(Step.RECEIPT, self._messenger, draft.recipient)
            if rule and rule.fault is Fault.NOT_DELIVERED:
                failed = self._ways.failure if rule.status is None else str(rule.status)
        kept = await self._keep(self._item(draft, failed, rule, now))
        if not faults.quiet:
            await self._answer(draft)
        return kept

    async def hear(self, draft: Draft) -> Entry:
        """Keeps what the phone's owner wrote to the bot, which is told."""
        parts = self._parts
        now = parts.clock.now()
        webhook = parts.bots.webhook(self._messenger, draft.bot)
        reports = [Due(MESSAGE, now)] if webhook and MESSAGE in webhook.kinds else NO_REPORTS
        item = Item(self._messenger, draft, inbound=True, honoured=False, failed=None, at=now, reports=reports)
        entry = (await self._keep(item)).entry
        self.limits.heard(draft.bot, draft.recipient, now)
        return entry

    async def _arrive(self, draft: Draft) -> Trouble | None:
        parts = self._parts
        rule = await parts.faults.strike(Step.ARRIVAL, self._messenger, draft.recipient)
        if rule is None:
            return None
        match rule.fault:
            case Fault.DISCONNECT_BEFORE:
                raise HungUp
            case Fault.HANG:
                await parts.faults.hang(parts.clock.now() + rule.pause)
                raise HungUp
            case Fault.SLOW:
                await parts.clock.sleep_until(parts.clock.now() + rule.pause)
                return None
            case _:
                return Trouble(rule.fault, rule.status, RETRY_AFTER if rule.retry_after is None else rule.retry_after)

    def _obstacle(self, draft: Draft, now: Moment, *, counted: bool) -> Trouble | None:
        """What the phone or a limit has against the message."""
        phones = self._parts.phones
        if self._strict and not phones.registered(self._messenger, draft.recipient):
            return Trouble(Fault.UNKNOWN_USER)
        if phones.get(self._messenger, draft.recipient).blocked:
            return Trouble(Fault.BLOCKED)
        exceeded = self.limits.spend(draft.bot, draft.recipient, now) if counted else None
        if exceeded:
            return Trouble(Fault.THROTTLE, None, exceeded.retry_after, exceeded.name)
        return None

    def _item(self, draft: Draft, failed: str | None, rule: Rule | None, now: Moment) -> Item:
        parts, messenger, recipient = self._parts, self._messenger, draft.recipient
        webhook = parts.bots.webhook(messenger, draft.bot) if self._ways.kinds else None
        reports: Sequence[Due] = NO_REPORTS
        if webhook:
            phone, kinds = parts.phones.get(messenger, recipient), self._ways.kinds
            if self._ways.watching(draft.bot, recipient):
                phone, kinds = phone._replace(reads_after=0), [kind for kind in kinds if kind != DELIVERED]
            reports = reports_of(kinds, webhook.kinds, phone, rule, failed=failed is not None, now=now)
        return Item(messenger, draft, False, self._honours(draft), failed, now, reports)

    def _keep(self, item: Item) -> Awaitable[Kept]:
        """Writes the message down; whatever it brings is under way when this returns, and also when it is cancelled."""
        return self._keep_and_report(item) if item.reports else self._parts.journal.take(item)

    async def _keep_and_report(self, item: Item) -> Kept:
        try:
            kept = await self._parts.journal.take(item)
        except asyncio.CancelledError:
            # The one who sent it has gone, but it is being written all the same.
            self._parts.callbacks.follow(self._report_when_written(item))
            raise
        if not kept.replayed:
            self._report(item)
        return kept

    def _report(self, item: Item) -> None:
        """Gets the reports of a message that was written down under way."""
        parts = self._parts
        parts.callbacks.wake(self._messenger, item.draft.bot)
        # The phone may have come back while the message that was to wait for it was being written.
        online = parts.phones.get(self._messenger, item.draft.recipient).online
        if online and any(due.at is None for due in item.reports):
            parts.callbacks.follow(self._release(item.draft.recipient))

    async def _release(self, recipient: str) -> None:
        parts = self._parts
        for bot in await parts.backlog.release(self._messenger, recipient, parts.clock.now()):
            parts.callbacks.wake(self._messenger, bot)

    async def _report_when_written(self, item: Item) -> None:
        await self._parts.backlog.written()
        self._report(item)

    async def _answer(self, draft: Draft) -> None:
        parts = self._parts
        rule = await parts.faults.strike(Step.ANSWER, self._messenger, draft.recipient)
        if rule is None:
            return
        if rule.fault is Fault.LOSE_REPLY:
            raise HungUp
        await parts.clock.sleep_until(parts.clock.now() + rule.pause)

    async def _first(self, draft: Draft) -> Entry | None:
        """The entry that the key of the message made already."""
        if draft.key is None or not self._honours(draft):
            return None
        return await self._parts.journal.known(self._messenger, draft.bot, draft.key)

    def _honours(self, draft: Draft) -> bool:
        return self._honour_key and draft.key is not None and len(draft.key) <= KEY_LIMIT

    def _refused(self, trouble: Trouble) -> Trouble:
        self.refused += 1
        return trouble
