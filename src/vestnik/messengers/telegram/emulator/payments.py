"""Decides how an invoice is paid: the query about shipping, the one before the checkout, the payment and its refund.

It has never heard of money; nothing is ever charged.
"""

from typing import Final

import msgspec

from vestnik.emulation.journal import Entry
from vestnik.emulation.problems import Problem
from vestnik.emulation.when import Moment, span
from vestnik.messengers.telegram.emulator.audience import Audience
from vestnik.messengers.telegram.emulator.calls import Call, Handlers, Json, bad
from vestnik.messengers.telegram.emulator.invoices import ADDRESS, SHOWN, STARS, read_invoice
from vestnik.messengers.telegram.emulator.keyboards import read_markup
from vestnik.messengers.telegram.emulator.messages import Stored
from vestnik.messengers.telegram.emulator.pressing import TOO_OLD
from vestnik.messengers.telegram.emulator.sending import Outgoing, Sender
from vestnik.messengers.telegram.emulator.stars import CHARGE, Stars
from vestnik.messengers.telegram.emulator.state import State

SHIPPING_LASTS: Final = span(600.0)
CHECKOUT_LASTS: Final = span(10.0)
"""A bot has ten seconds to answer the query before the checkout."""
PAYMENT: Final = "payment"
LINK: Final = "invoice_link"
LINKS: Final = "https://t.me/$"
SLUG: Final = 16
_REFUNDED: Final = (
    "currency",
    "total_amount",
    "invoice_payload",
    "telegram_payment_charge_id",
    "provider_payment_charge_id",
)


class Payment(msgspec.Struct):
    """A payment under way: what the bot is asked next, and until when it may answer."""

    bot: str
    key: str
    person: Json
    invoice: Json
    until: Moment
    asked: str
    option: str = ""


class Payments:
    """The methods about payments, and people's paying."""

    def __init__(self, state: State, sender: Sender, audience: Audience, stars: Stars) -> None:
        self._state = state
        self._sender = sender
        self._audience = audience
        self._stars = stars

    def handlers(self) -> Handlers:
        """The methods."""
        return {
            "sendinvoice": self._send_invoice,
            "createinvoicelink": self._create_link,
            "answershippingquery": self._answer_shipping,
            "answerprecheckoutquery": self._answer_checkout,
            "refundstarpayment": self._refund,
        }

    async def _send_invoice(self, call: Call) -> Json:
        invoice = read_invoice(call)
        markup = read_markup(call.values.get("reply_markup"))
        key = self._sender.chat(call)
        shown = {name: invoice[name] for name in SHOWN}
        out = Outgoing({"invoice": shown}, invoice["title"], markup, {"invoice": invoice})
        return await self._sender.send(call, key, out)

    async def _create_link(self, call: Call) -> str:
        invoice = read_invoice(call)
        slug = self._state.world.clock.new_id()[-SLUG:]
        await self._state.records.put(LINK, slug, {"bot": call.bot, "invoice": invoice})
        return f"{LINKS}{slug}"

    async def pay(self, key: str, person: Json, stored: Stored) -> None:
        """The person begins to pay what a message asks for; Problem where it asks for nothing."""
        if "paid_media" in stored.message:
            await self._buy(person, stored)
            return
        if "invoice" not in stored.own:
            raise Problem(409, "the message is no invoice")
        await self._begin(stored.bot, key, person, stored.own["invoice"])

    async def follow(self, person: Json, link: str) -> None:
        """The person begins to pay by a link; Problem where it leads nowhere."""
        found = await self._state.records.get(LINK, link.removeprefix(LINKS))
        if found is None:
            raise Problem(409, "the link leads to no invoice")
        await self._begin(found["bot"], str(person["id"]), person, found["invoice"])

    async def _begin(self, bot: str, key: str, person: Json, invoice: Json) -> None:
        stage = "shipping" if invoice["is_flexible"] else "checkout"
        await self._ask(Payment(bot, key, person, invoice, 0, stage))

    async def _buy(self, person: Json, stored: Stored) -> None:
        """The person pays for pictures and films; the bot is told where it gave a payload with them."""
        media, payload = stored.message["paid_media"], stored.own.get("paid_media_payload", "")
        partner: Json = {"type": "user", "transaction_type": "paid_media_payment", "user": person}
        partner["paid_media"] = media["paid_media"]
        if payload:
            partner["paid_media_payload"] = payload
        await self._stars.move(stored.bot, f"pm{self._state.world.clock.new_id()}", media["star_count"], partner)
        if payload:
            told = {"from": person, "paid_media_payload": payload}
            await self._state.updates.tell(stored.bot, "purchased_paid_media", told, person["id"])

    async def _ask(self, payment: Payment) -> None:
        """Asks the bot what it is to be asked next."""
        clock, invoice = self._state.world.clock, payment.invoice
        payment.until = clock.now() + (SHIPPING_LASTS if payment.asked == "shipping" else CHECKOUT_LASTS)
        query_id = str(int.from_bytes(clock.new_id().encode()[-7:]))
        query: Json = {"id": query_id, "from": payment.person, "invoice_payload": invoice["payload"]}
        kind = "shipping_query"
        if payment.asked == "shipping":
            query["shipping_address"] = dict(ADDRESS)
        else:
            kind = "pre_checkout_query"
            query |= {"currency": invoice["currency"], "total_amount": invoice["total_amount"]}
            if payment.option:
                query["shipping_option_id"] = payment.option
        await self._state.records.put(PAYMENT, query_id, payment)
        await self._state.updates.tell(payment.bot, kind, query, payment.person["id"])

    async def _answer_shipping(self, call: Call) -> bool:
        payment = await self._asked(call, "shipping_query_id", "shipping")
        if call.flag("ok"):
            options: list[Json] = call.values.get("shipping_options") or []
            if not options:
                raise bad("SHIPPING_OPTIONS_EMPTY")
            payment.asked, payment.option = "checkout", options[0]["id"]
            extra = sum(price["amount"] for price in options[0]["prices"])
            payment.invoice = {**payment.invoice, "total_amount": payment.invoice["total_amount"] + extra}
            await self._ask(payment)
        elif not call.text("error_message"):
            raise bad("ERROR_TEXT_EMPTY")
        return True

    async def _answer_checkout(self, call: Call) -> bool:
        payment = await self._asked(call, "pre_checkout_query_id", "checkout")
        if call.flag("ok"):
            await self._paid(payment)
        elif not call.text("error_message"):
            raise bad("ERROR_TEXT_EMPTY")
        return True

    async def _asked(self, call: Call, name: str, stage: str) -> Payment:
        """The payment that a query was about; each is answered once and in time."""
        query_id = call.text(name)
        document = await self._state.records.get(PAYMENT, query_id)
        payment = None if document is None else msgspec.convert(document, Payment)
        wrong = payment is None or (payment.bot, payment.asked) != (call.bot, stage)
        if payment is None or wrong or payment.until <= self._state.world.clock.now():
            raise bad(TOO_OLD)
        await self._state.records.drop(PAYMENT, [query_id])
        return payment

    async def _paid(self, payment: Payment) -> Entry:
        invoice, clock = payment.invoice, self._state.world.clock
        receipt: Json = {
            "currency": invoice["currency"],
            "total_amount": invoice["total_amount"],
            "invoice_payload": invoice["payload"],
            "telegram_payment_charge_id": f"tg{clock.new_id()}",
            "provider_payment_charge_id": "" if invoice["currency"] == STARS else f"pr{clock.new_id()}",
        }
        if payment.option:
            receipt["shipping_option_id"] = payment.option
        period = invoice.get("subscription_period", 0)
        if period:
            ends = self._state.now() + period
            receipt |= {"subscription_expiration_date": ends, "is_recurring": True, "is_first_recurring": True}
        charge_id = receipt["telegram_payment_charge_id"]
        charge = {"bot": payment.bot, "person": payment.person["id"], "receipt": receipt, "refunded": False}
        await self._state.records.put(CHARGE, charge_id, charge)
        if invoice["currency"] == STARS:
            await self._stars.move(payment.bot, charge_id, invoice["total_amount"], _partner(payment.person, receipt))
        message = {"from": payment.person, "successful_payment": receipt}
        return await self._audience.hear(payment.bot, payment.key, "", message)

    async def _refund(self, call: Call) -> bool:
        charge_id = call.text("telegram_payment_charge_id")
        async with self._state.lock(f"charge {charge_id}"):
            return await self._give_back(call, charge_id)

    async def _give_back(self, call: Call, charge_id: str) -> bool:
        charge = await self._state.records.get(CHARGE, charge_id)
        wanted = (call.bot, call.number("user_id"), STARS)
        if charge is None or (charge["bot"], charge["person"], charge["receipt"]["currency"]) != wanted:
            raise bad("CHARGE_NOT_FOUND")
        if charge["refunded"]:
            raise bad("CHARGE_ALREADY_REFUNDED")
        await self._state.records.put(CHARGE, charge_id, {**charge, "refunded": True})
        person = self._state.chats.user(charge["person"])
        receipt = {name: charge["receipt"][name] for name in _REFUNDED}
        await self._stars.move(call.bot, charge_id, -receipt["total_amount"], _partner(person, charge["receipt"]))
        me = self._state.profiles.user(call.bot)
        await self._audience.hear(call.bot, str(charge["person"]), "", {"from": me, "refunded_payment": receipt})
        return True


def _partner(person: Json, receipt: Json) -> Json:
    """The TransactionPartner object of somebody who paid an invoice."""
    partner = {"type": "user", "transaction_type": "invoice_payment", "user": person}
    return {**partner, "invoice_payload": receipt["invoice_payload"]}
