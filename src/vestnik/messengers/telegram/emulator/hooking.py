"""Decides what setWebhook, deleteWebhook and getWebhookInfo do.

It has never heard of calls of the webhook. Rules: telegram-bot-api Client.cpp, process_set_webhook_query.
"""

from typing import Any, Final

import msgspec

from vestnik.emulation.when import Moment, span
from vestnik.messengers.telegram import wire
from vestnik.messengers.telegram.emulator.calls import Call, Described, Failed, Handlers, Json, bad
from vestnik.messengers.telegram.emulator.hooks import Hook, Hooks, read_hook
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
        if "certificate" in call.files and len(call.files["certificate"].content) > CERTIFICATE_LIMIT:
            raise bad("certificate file is too big")
        return await self._change(call, read_hook(call))

    async def _delete_webhook(self, call: Call) -> Described:
        return await self._change(call, Hook())

    async def _change(self, call: Call, new: Hook) -> Described:
        bot, now = call.bot, self._clock.now()
        old = self._hooks.get(bot)
        kinds = wanted(call.values.get("allowed_updates"))
        new.allowed = old.allowed if kinds is None else ([] if frozenset(kinds) == USUAL else sorted(kinds))
        drop = call.flag("drop_pending_updates")
        same = (old.url, old.secret, old.ip_address) == (new.url, new.secret, new.ip_address)
        if same and not drop and not old.has_certificate and not new.has_certificate:
            wishes = {"connections": new.connections, "allowed": new.allowed}
            await self._hooks.put(bot, msgspec.structs.replace(old, **wishes))
            return Described(result=True, description=f"Webhook is already {'set' if new.url else 'deleted'}")
        if new.url:
            if 0 < self._next.get(bot, 0) - now <= _BETWEEN:
                raise Failed(wire.too_many_requests(1))
            self._next = {one: until for one, until in self._next.items() if now < until <= now + _BETWEEN}
            self._next[bot] = now + _BETWEEN
        await self._hooks.put(bot, new)
        if drop:
            await self._updates.done(bot, list(self._updates.queue(bot).waiting))
        if new.url:
            self._polling.end(bot, WEBHOOK_SET)
            self._webhooks.begin(bot)
        else:
            self._webhooks.end(bot)
        return Described(result=True, description=f"Webhook was {'set' if new.url else 'deleted'}")

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
