"""Decides how many stars bots have and by what they came to have them.

It has never heard of how a person pays. Rules: telegram-bot-api Client.cpp, JsonStarTransaction.
"""

from typing import Final

from vestnik.emulation.records import Change, ordered
from vestnik.messengers.telegram.emulator.calls import Call, Handlers, Json, bad
from vestnik.messengers.telegram.emulator.state import State

CHARGE: Final = "charge"
"""The kind of the documents that say what was paid, by the identifier of the charge."""
MOST: Final = 100
_PURSE: Final = "purse"
_ENTRY: Final = "star_transaction"


class Stars:
    """The purses of all bots, and the methods that show them."""

    def __init__(self, state: State) -> None:
        self._state = state

    def handlers(self) -> Handlers:
        """The methods."""
        return {
            "getmystarbalance": self._balance,
            "getstartransactions": self._transactions,
            "edituserstarsubscription": self._edit_subscription,
        }

    async def move(self, bot: str, charge_id: str, amount: int, partner: Json) -> None:
        """The bot gets stars from the partner, or gives a negative amount to it."""
        async with self._state.lock(f"purse {bot}"):
            purse = await self._purse(bot)
            number = purse["count"]
            side = "source" if amount > 0 else "receiver"
            entry = {"id": charge_id, "amount": abs(amount), "date": self._state.now(), side: partner}
            purse = {"count": number + 1, "amount": purse["amount"] + amount}
            key = f"{bot}/{ordered(number)}"
            await self._state.records.change([Change(_ENTRY, key, entry), Change(_PURSE, bot, purse)])

    async def _balance(self, call: Call) -> Json:
        return {"amount": (await self._purse(call.bot))["amount"]}

    async def _transactions(self, call: Call) -> Json:
        """From the oldest on, as the documentation says: in chronological order."""
        offset, limit = max(call.number("offset"), 0), min(max(call.number("limit", MOST), 1), MOST)
        prefix = f"{call.bot}/"
        after = prefix + (ordered(offset - 1) if offset else "")
        found = await self._state.records.listed(_ENTRY, after=after, before=f"{prefix}:", limit=limit)
        return {"transactions": [entry for _, entry in found]}

    async def _edit_subscription(self, call: Call) -> bool:
        charge_id = call.text("telegram_payment_charge_id")
        async with self._state.lock(f"charge {charge_id}"):
            charge = await self._state.records.get(CHARGE, charge_id)
            known = charge is not None and (charge["bot"], charge["person"]) == (call.bot, call.number("user_id"))
            if not known or "subscription_expiration_date" not in charge["receipt"]:
                raise bad("CHARGE_ID_INVALID")
            await self._state.records.put(CHARGE, charge_id, {**charge, "is_canceled": call.flag("is_canceled")})
        return True

    async def _purse(self, bot: str) -> Json:
        found: Json | None = await self._state.records.get(_PURSE, bot)
        return found or {"count": 0, "amount": 0}
