"""Decides how the words of the original request are understood: the same message, asked for in other names.

It has never heard of anything that /api/messages cannot do; faults point at the caller's own fields.
"""

from collections.abc import Mapping
from typing import Final, TypeVar

from starlette.requests import Request
from starlette.responses import Response

from vestnik.api.endpoint import caller_of
from vestnik.api.faults import Faults
from vestnik.api.idempotency import Once
from vestnik.api.intake import Intake, accepted
from vestnik.api.parts import Parts
from vestnik.api.planning import Planner
from vestnik.api.problems import Fault, pointer
from vestnik.api.queries import Query
from vestnik.api.replies import Reply
from vestnik.api.schemas import MessageBody, SendmsgBody
from vestnik.api.shapes import Shape
from vestnik.api.views import MessageView, in_original_words
from vestnik.domain.rules import MessengerRules

WORDS: Final = {
    "text": "message",
    "messengers": "messengers_list",
    "recipients": "users_list",
    "send_at": "deffered_time",
}
"""What the fields of a message are called here; the others have the same names."""

T = TypeVar("T")


class Sendmsg:
    """The route /api/sendmsg."""

    def __init__(self, parts: Parts, planner: Planner, intake: Intake, once: Once) -> None:
        self._parts = parts
        self._planner = planner
        self._intake = intake
        self._once = once
        self._body = Shape(SendmsgBody, crowd="users_list", ignored=("is_sended", "status"))
        self._by_word = words_of(parts.messengers)

    async def send(self, request: Request) -> Response:
        """POST /api/sendmsg."""
        self._intake.must_be_open()
        query = Query(request, ("dry_run",))
        dry = query.flag("dry_run")
        given, of_shape, raw = await self._body.read(request, self._parts)
        body, missing = _understood(given, {fault.pointer for fault in of_shape})
        faults = Faults([*query.faults, *of_shape, *missing], WORDS)

        async def work(key: str | None) -> Reply:
            order = await self._planner.order(body, caller_of(request), self._find, faults, key)
            if dry:
                return self._intake.dry_run(order)
            return _told(await self._intake.take(order, pointer_of))

        def pointer_of(delivery: int, messenger: str) -> str:
            recipient = delivery // len(body.messengers)
            entry = body.recipients[recipient]
            if not isinstance(entry, Mapping):
                return pointer("users_list", recipient)
            keys = (key for key in entry if (rules := self._find(key)) is not None and rules.name == messenger)
            return pointer("users_list", recipient, next(keys, messenger))

        async def render(message_id: str) -> Reply:
            return _told(await self._intake.seen(message_id))

        return await (work(None) if dry else self._once.reply(request, raw, work, render))

    def _find(self, word: str) -> MessengerRules | None:
        return self._by_word.get(word.lower())


def words_of(messengers: Mapping[str, MessengerRules]) -> dict[str, MessengerRules]:
    """The messengers by every word that names them, in lower case."""
    return {word.lower(): rules for rules in messengers.values() for word in (*rules.aliases, rules.name)}


def _told(view: MessageView) -> Reply:
    return accepted(in_original_words(view), view.id)


def _understood(given: SendmsgBody, settled: set[str]) -> tuple[MessageBody, list[Fault]]:
    """The request in the usual words, and the faults of what is missing or should be a list.

    Those get stand-ins, as what has the wrong shape already has; `settled` has the pointers of the latter.
    """
    faults: list[Fault] = []

    def needed(name: str, value: T | str | None, stand_in: T) -> T:
        if value is None or isinstance(value, str):
            detail = "must be a list" if value else "is required"
            if (where := pointer(name)) not in settled:
                faults.append(Fault(where, detail))
            return stand_in
        return value

    messengers = needed("messengers_list", given.messengers_list, [])
    recipients = needed("users_list", given.users_list, [])
    if not given.sender and pointer("sender") not in settled:
        faults.append(Fault(pointer("sender"), "is required"))
    if not given.message and pointer("message") not in settled:
        faults.append(Fault(pointer("message"), "is required"))
    body = MessageBody(
        sender=given.sender or "",
        text=given.message or "",
        messengers=messengers,
        recipients=recipients,
        send_at=given.deffered_time or None,
        expires_at=given.expires_at or None,
        max_attempts=given.max_attempts,
        priority=given.priority or None,
        dedupe_key=given.dedupe_key or None,
        allow_duplicate=given.allow_duplicate,
    )
    return body, faults
