"""Decides what becomes of a bot's messages: to one person, to many at once, and as the welcome to a conversation.

It has never heard of webhooks or of what else a bot may ask.
"""

import asyncio
from collections.abc import Mapping, Sequence
from hashlib import sha256
from typing import Any, Final

from vestnik.emulation.journal import Draft, Entry
from vestnik.emulation.limits import Limits, Named, Window
from vestnik.emulation.line import Trouble, Ways
from vestnik.emulation.plan import DELIVERED, READ
from vestnik.emulation.world import World
from vestnik.messengers.viber import messages, wire
from vestnik.messengers.viber.emulator.crowd import Crowd
from vestnik.messengers.viber.emulator.filling import filled
from vestnik.messengers.viber.emulator.panels import Panels
from vestnik.messengers.viber.emulator.refusals import HOSTNAME, Refused, said, status_of, troubled
from vestnik.ports import HungUp, Response

NAME: Final = "viber"
UNDELIVERED: Final = "The message could not be delivered"
SILENT_LIMIT: Final = 100
"""Messages within an hour to somebody who does not answer."""
RECEIVERS_LIMIT: Final = 300
"""Receivers of one broadcast."""
BROADCASTS_LIMIT: Final = 500
"""Broadcasts within ten seconds."""

FAILED_WORDS: Final = {wire.NOT_REGISTERED: "Not found", wire.NOT_SUBSCRIBED: "Not subscribed"}
"""What a broadcast's list of failures says in place of the status' own word."""
_TO_ONE: Final = ("auth_token", "receiver")


class Sending:
    """The messages of all bots of the world."""

    def __init__(self, world: World, crowd: Crowd, panels: Panels) -> None:
        self._world = world
        self._crowd = crowd
        self._panels = panels
        silent = Named("silent", Window(SILENT_LIMIT, 3600), each_recipient=True, lifted_by_reply=True)
        self.line: Final = world.line(NAME, Ways(kinds=(DELIVERED, READ), failure=UNDELIVERED, limits=(silent,)))
        self._real = world.settings.limits_real
        self._needs_webhook = world.option(NAME, "needs_webhook") == "1"
        self._broadcasts = Limits((Named("broadcasts", Window(BROADCASTS_LIMIT, 10)),) if self._real else ())
        world.at_reset.append(self._broadcasts.clear)

    async def to_one(self, bot: str, call: Mapping[str, Any], key: str | None) -> wire.Answer | Response:
        """The answer to send_message."""
        self._demand_webhook(bot)
        if call.get("receiver") in (None, ""):
            raise Refused(wire.MISSING_DATA, detail="receiver")
        found = _checked(call)
        draft = self._draft(bot, call["receiver"], call, found, key, new_token(self._world))
        if isinstance(draft, int):
            raise Refused(draft)
        taken = await self.line.take(draft)
        if isinstance(taken, Trouble):
            return troubled(taken, int(new_token(self._world)))
        await self._show(taken.entry, call)
        return said(wire.OK, message_token=int(taken.entry.external_id), billing_status=1)

    async def to_many(self, bot: str, call: Mapping[str, Any], key: str | None) -> dict[str, Any]:
        """The answer to broadcast_message; HungUp where the connection is to be closed, after everybody was tried."""
        self._demand_webhook(bot)
        receivers = call.get("broadcast_list")
        if not receivers:
            raise Refused(wire.MISSING_DATA, detail="broadcast_list")
        if not isinstance(receivers, list) or (self._real and len(receivers) > RECEIVERS_LIMIT):
            raise Refused(wire.BAD_DATA, detail="broadcast_list")
        if self._broadcasts.spend(bot, "", self._world.clock.now()):
            raise Refused(wire.TOO_MANY_REQUESTS)
        found, token = _checked(call), new_token(self._world)
        unique = list({str(receiver): receiver for receiver in receivers}.values())
        results = await self._tried(
            [self._draft(bot, receiver, call, found, _key_for(key, receiver), token) for receiver in unique]
        )
        taken = [result for result in results if isinstance(result, Entry)]
        for entry in taken:
            await self._show(entry, self._filled(call, entry.recipient))
        tokens = [entry.external_id for entry in taken]
        failed = [
            {
                "receiver": receiver,
                "status": result,
                "status_message": FAILED_WORDS.get(result, wire.status(result).word),
            }
            for receiver, result in zip(unique, results, strict=True)
            if isinstance(result, int)
        ]
        answer = {"message_token": int(tokens[0] if tokens else token), "status": wire.OK, "status_message": "ok"}
        return {**answer, "chat_hostname": HOSTNAME, "failed_list": failed}

    async def welcome(self, bot: str, person: str, message: Any) -> bool:
        """Sends what the webhook answered to the beginning of a conversation; False for what is no message.

        Whoever begins a conversation gets its welcome, subscribed or not.
        """
        if not isinstance(message, dict):
            return False
        try:
            found = messages.checked(message, sender=False)
        except messages.Fault:
            return False
        if found.needs > self._crowd.api_version(person):
            return False
        payload = wire.encode({**_without(message, _TO_ONE), "receiver": person}).decode()
        draft = Draft(
            bot, person, found.text, payload, external_id=new_token(self._world), failed=found.fails, type=found.kind
        )
        taken = await self.line.send(draft)
        if isinstance(taken, Trouble):
            return False
        await self._show(taken, message)
        return True

    def _demand_webhook(self, bot: str) -> None:
        """Refused where the bot has no webhook although it is asked to have one."""
        if self._needs_webhook and self._world.bots.webhook(NAME, bot) is None:
            raise Refused(wire.WEBHOOK_NOT_SET)

    def _filled(self, call: Mapping[str, Any], person: str) -> Mapping[str, Any]:
        """A broadcast as this person gets it; whoever sends to one has nothing to fill in."""
        return filled(call, person, self._crowd.profile(person).name) if "broadcast_list" in call else call

    async def _show(self, entry: Entry, message: Mapping[str, Any]) -> None:
        if entry.failed is None:
            await self._panels.show(entry.bot, entry.recipient, message)

    async def _tried(self, drafts: Sequence[Draft | int]) -> list[Entry | int]:
        """What became of each message of a broadcast: its entry, or the status that it failed with."""
        lost = False

        async def send(draft: Draft | int) -> Entry | int:
            nonlocal lost
            if isinstance(draft, int):
                return draft
            try:
                taken = await self.line.send(draft)
            except HungUp:
                lost = True
                return wire.GENERAL_ERROR
            return status_of(taken) if isinstance(taken, Trouble) else taken

        results = await asyncio.gather(*(send(draft) for draft in drafts))
        if lost:
            raise HungUp
        return results

    def _draft(
        self, bot: str, receiver: Any, call: Mapping[str, Any], found: messages.Checked, key: str | None, token: str
    ) -> Draft | int:
        """The message to one receiver, or the status that it fails with."""
        try:
            person = wire.canonical(receiver) if isinstance(receiver, str) else ""
        except ValueError:
            person = ""
        if not person:
            return wire.NOT_REGISTERED
        if not self._crowd.subscribed(bot, person):
            return wire.NOT_SUBSCRIBED
        if found.needs > self._crowd.api_version(person):
            return wire.VERSION_NOT_SUPPORTED
        message = self._filled(call, person)
        payload = wire.encode({"receiver": person, **_without(message, ("auth_token", "receiver", "broadcast_list"))})
        text = messages.readable(message)
        return Draft(bot, person, text, payload.decode(), key, token, failed=found.fails, type=found.kind)


def new_token(world: World) -> str:
    """A message token: a positive 64-bit integer beyond what a double holds exactly, as Viber's are."""
    drawn = int.from_bytes(sha256(world.unique().encode()).digest()[:8])
    return str(drawn & (2**62 - 1) | 2**62)


def _checked(call: Mapping[str, Any]) -> messages.Checked:
    try:
        return messages.checked(call)
    except messages.Fault as fault:
        raise Refused(fault.status, fault.words, fault.detail) from None


def _key_for(key: str | None, receiver: Any) -> str | None:
    """The key of one message of a broadcast, whose own names all of them."""
    return None if key is None else f"{key}/{receiver}"


def _without(call: Mapping[str, Any], names: Sequence[str]) -> dict[str, Any]:
    return {name: value for name, value in call.items() if name not in names}
