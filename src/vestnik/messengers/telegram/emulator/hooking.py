"""Decides what setWebhook, deleteWebhook and getWebhookInfo do.

It has never heard of calls of the webhook. Rules: telegram-bot-api Client.cpp, process_set_webhook_query.
"""

from typing import Any, Final

import msgspec

from vestnik.emulation.when import Moment, span
from vestnik.messengers.telegram import wire
from vestnik.messengers.telegram.emulator.calls import Call, Described, Failed, Handlers, Json, bad
from vestnik.messengers.telegram.emulator.hooks import Hook, Hooks, is_same, read_hook
from vestnik.messengers.telegram.emulator.polling import WEBHOOK_SET, Polling
from vestnik.messengers.telegram.emulator.updates import USUAL, Updates, wanted
from vestnik.messengers.telegram.emulator.webhooks import Webhooks
from vestnik.ports import Clock

CERTIFICATE_LIMIT: Final = 3 * 2**20
_BETWEEN: Final = span(1.0)


class Hooking:
    """The methods about webhooks."""

    def __init__(self, updates: Updates, hooks: Hooks, polling: Polling, webhooks: Webhooks, clock: Clock) -> None:
        self._updates = updates
        self._hooks = hooks
        self._polling = polling
        self._webhooks = webhooks
        self._clock = clock
        self._next: dict[str, Moment] = {}

    def handlers(self) -> Handlers:
        """The methods."""
        return {
            "setwebhook": self._set_webhook,
            "deletewebhook": self._delete_webhook,
            "getwebhookinfo": self._get_webhook_info,
        }

    async def _set_webhook(self, call: Call) -> Described:
        """As on the server the old webhook goes before the new one is looked at, so a wrong one leaves none."""
        if not call.text("url"):
            return await self._delete_webhook(call)
        bot = call.bot
        self._too_soon(bot)
        old, drop = self._hooks.get(bot), call.flag("drop_pending_updates")
        if not drop and is_same(old, call):
            await self._allow(bot, call)
            return Described(result=True, description="Webhook is already set")
        self._polling.end(bot, WEBHOOK_SET)
        await self._remove(bot, old)
        if drop:
            await self._drop(bot)
        new = read_hook(call)
        if "certificate" in call.files and len(call.files["certificate"].content) > CERTIFICATE_LIMIT:
            raise bad(f"certificate size is too big ({len(call.files['certificate'].content)} bytes)")
        new.allowed = old.allowed
        await self._hooks.put(bot, new)
        await self._allow(bot, call)
        self._webhooks.begin(bot)
        return Described(result=True, description="Webhook was set")

    async def _delete_webhook(self, call: Call) -> Described:
        bot = call.bot
        old, drop = self._hooks.get(bot), call.flag("drop_pending_updates")
        if not old.url and not drop:
            await self._allow(bot, call)
        await self._remove(bot, old)
        if drop:
            await self._drop(bot)
        return Described(result=True, description=f"Webhook {'was' if old.url else 'is already'} deleted")

    async def _remove(self, bot: str, old: Hook) -> None:
        if old.url:
            self._webhooks.end(bot)
            await self._hooks.put(bot, Hook(allowed=old.allowed))

    async def _drop(self, bot: str) -> None:
        await self._updates.done(bot, list(self._updates.queue(bot).waiting))

    async def _allow(self, bot: str, call: Call) -> None:
        """The kinds of updates that the call asks for are told from now on."""
        kinds = wanted(call.values.get("allowed_updates"))
        if kinds is not None:
            allowed = [] if frozenset(kinds) == USUAL else sorted(kinds)
            await self._hooks.put(bot, msgspec.structs.replace(self._hooks.get(bot), allowed=allowed))

    def _too_soon(self, bot: str) -> None:
        """Failed where the bot has set a webhook within the last second; otherwise that counts from now."""
        now = self._clock.now()
        if 0 < self._next.get(bot, 0) - now <= _BETWEEN:
            raise Failed(wire.too_many_requests(1))
        self._next = {one: until for one, until in self._next.items() if now < until <= now + _BETWEEN}
        self._next[bot] = now + _BETWEEN

    async def _get_webhook_info(self, call: Call) -> Json:
        hook = self._hooks.get(call.bot)
        waiting = await self._updates.waiting(call.bot)
        info: dict[str, Any] = {
            "url": hook.url,
            "has_custom_certificate": hook.has_certificate,
            "pending_update_count": len(waiting),
        }
        if hook.url:
            if hook.error_at:
                info |= {"last_error_date": hook.error_at, "last_error_message": hook.error}
            info |= {"max_connections": hook.connections, "ip_address": hook.ip_address or "127.0.0.1"}
        if hook.allowed:
            info["allowed_updates"] = hook.allowed
        return info
