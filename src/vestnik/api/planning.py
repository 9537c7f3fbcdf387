"""Decides whether a message that was asked for can be ordered, and what the order is.

It has never heard of JSON: it is given what was understood of a request and gathers everything that is wrong with it.
"""

from collections.abc import Sequence
from typing import Final

from vestnik.api.faults import Faults
from vestnik.api.keys import Caller
from vestnik.api.parts import MOST_RECIPIENTS, Parts
from vestnik.api.recipients import MOST_NAMES, NO_MESSENGER, NOT_AN_ID, FindMessenger, Recipients
from vestnik.api.schemas import MessageBody, SenderBody
from vestnik.api.senders import SenderNames
from vestnik.api.times import moment_of
from vestnik.domain.account import ACCOUNT_ID
from vestnik.domain.identity import content_key
from vestnik.domain.message import Order, Sender
from vestnik.domain.moment import Moment, to_rfc3339
from vestnik.domain.priority import Priority, default_priority
from vestnik.domain.rules import MessengerRules

_PRIORITIES: Final = {priority.word: priority for priority in Priority}
_FAR_OVER: Final = 100
"""A text of so many times the limit is over it, however a messenger counts."""


class Planner:
    """Makes orders of what was asked for."""

    def __init__(self, parts: Parts, names: SenderNames) -> None:
        self._parts = parts
        self._names = names

    async def order(
        self, body: MessageBody, caller: Caller, find: FindMessenger, faults: Faults, request_key: str | None
    ) -> Order:
        """The order; a Problem with every fault, or because the caller may not speak for the sender.

        `deliveries[n]` of the order is for recipient number `n // len(body.messengers)`.
        """
        now = self._parts.clock.now()
        sender = await self._sender(body.sender, caller, faults)
        chosen = _chosen(body.messengers, find, faults)
        _check_text(body.text, chosen, faults)
        send_at = future(body.send_at, "send_at", now, faults)
        expires_at = future(body.expires_at, "expires_at", now, faults)
        if expires_at is not None and send_at is not None and expires_at <= send_at:
            faults.add("is not after the time of sending", "expires_at")
        count = len(body.recipients)
        if not 0 < count <= MOST_RECIPIENTS:
            detail = f"must have at most {MOST_RECIPIENTS} recipients" if count else "must not be empty"
            faults.add(detail, "recipients")
        recipients = Recipients(body.recipients[:MOST_RECIPIENTS], chosen, find)
        deliveries = await recipients.addresses(self._parts.store, faults)
        faults.settle()
        return Order(
            self._parts.clock.new_id(),
            sender,
            body.text,
            deliveries,
            default_priority(count) if body.priority is None else _PRIORITIES[body.priority],
            body.max_attempts or self._parts.settings.max_attempts,
            None if body.allow_duplicate else content_key(sender.id, body.text, body.dedupe_key),
            send_at,
            expires_at,
            request_key,
        )

    async def _sender(self, given: str | SenderBody, caller: Caller, faults: Faults) -> Sender:
        sender_id, name = (given, None) if isinstance(given, str) else (given.id, given.name)
        if not ACCOUNT_ID.fullmatch(sender_id):
            within = () if isinstance(given, str) else ("id",)
            faults.add(NOT_AN_ID if sender_id else "must not be empty", "sender", *within)
            return Sender(sender_id, sender_id)
        caller.must_speak_for(sender_id)
        return Sender(sender_id, name or await self._names.name_of(sender_id))


def _chosen(words: Sequence[str], find: FindMessenger, faults: Faults) -> list[MessengerRules]:
    """The messengers that were named, without those that are unknown or named again."""
    chosen: dict[str, MessengerRules] = {}
    if not words:
        faults.add("must not be empty", "messengers")
    if len(words) > MOST_NAMES:
        faults.add(f"must have at most {MOST_NAMES} items", "messengers")
        return []
    for index, word in enumerate(words):
        rules = find(word)
        if rules is None:
            faults.add(NO_MESSENGER, "messengers", index)
        elif rules.name in chosen:
            faults.add(f"names {rules.name} a second time", "messengers", index)
        else:
            chosen[rules.name] = rules
    return list(chosen.values())


def _check_text(text: str, chosen: Sequence[MessengerRules], faults: Faults) -> None:
    if not text.strip():
        faults.add("must not be empty", "text")
    over = [found for rules in chosen if (found := _over(text, rules))]
    if over:
        faults.add(f"is too long: {', '.join(over)}", "text")


def _over(text: str, rules: MessengerRules) -> str | None:
    """By how much a text is too long for a messenger; one that is so by far is not counted, which takes its time."""
    if len(text) > _FAR_OVER * rules.text_limit:
        return f"{rules.name} takes {rules.text_limit}"
    length = rules.text_length(text)
    return f"{rules.name} takes {rules.text_limit} of its {length}" if length > rules.text_limit else None


def future(text: str | None, field: str, now: Moment, faults: Faults) -> Moment | None:
    """The moment, which must not be in the past; None for an absent or a wrong one."""
    if text is None:
        return None
    try:
        moment = moment_of(text)
    except ValueError as error:
        faults.add(str(error), field)
        return None
    if moment < now:
        faults.add(f"is in the past: it is {to_rfc3339(now)}", field)
        return None
    return moment
