"""Decides how an invoice is paid: the query about shipping, the one before the checkout, the payment and its refund.

It has never heard of money; nothing is ever charged.
"""

from typing import Any, Final

import msgspec

from vestnik.emulation.journal import Entry
from vestnik.emulation.problems import Problem
from vestnik.emulation.when import Moment, span
from vestnik.messengers.telegram.emulator.audience import Audience
from vestnik.messengers.telegram.emulator.calls import Call, Handlers, Json, bad
from vestnik.messengers.telegram.emulator.keyboards import read_markup
from vestnik.messengers.telegram.emulator.messages import Stored
from vestnik.messengers.telegram.emulator.pressing import TOO_OLD
from vestnik.messengers.telegram.emulator.sending import Outgoing, Sender
from vestnik.messengers.telegram.emulator.state import State

STARS: Final = "XTR"
PAYLOAD_LIMIT: Final = 128
SHIPPING_LASTS: Final = span(600.0)
CHECKOUT_LASTS: Final = span(10.0)
"""A bot has ten seconds to answer the query before the checkout."""
SHOWN: Final = ("title", "description", "start_parameter", "currency", "total_amount")
PAYMENT: Final = "payment"
CHARGE: Final = "charge"


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

    def __init__(self, state: State, sender: Sender, audience: Audience) -> None:
        self._state = state
        self._sender = sender
        self._audience = audience

    def handlers(self) -> Handlers:
        """The methods."""
        return {
            "sendinvoice": self._send_invoice,
            "answershippingquery": self._answer_shipping,
            "answerprecheckoutquery": self._answer_checkout,
            "refundstarpayment": self._refund,
        }

    async def _send_invoice(self, call: Call) -> Json:
        invoice = _invoice(call)
        markup = read_markup(call.values.get("reply_markup"))
        key = self._sender.chat(call)
        shown = {
            name: invoice[name] for name in ("title", "description", "start_parameter", "currency", "total_amount")
        }
        out = Outgoing({"invoice": shown}, invoice["title"], markup, {"invoice": invoice})
        return await self._sender.send(call, key, out)

    async def pay(self, key: str, person: Json, stored: Stored) -> None:
        """The person begins to pay the invoice in a message; Problem where there is none."""
        invoice = stored.own.get("invoice")
        if invoice is None:
            raise Problem(409, "the message is no invoice")
        payment = Payment(stored.bot, key, person, invoice, 0, "shipping" if invoice["is_flexible"] else "checkout")
        await self._ask(payment)

    async def _ask(self, payment: Payment) -> None:
        """Asks the bot what it is to be asked next."""
        clock, invoice = self._state.world.clock, payment.invoice
        payment.until = clock.now() + (SHIPPING_LASTS if payment.asked == "shipping" else CHECKOUT_LASTS)
        query_id = str(int.from_bytes(clock.new_id().encode()[-7:]))
        query: Json = {"id": query_id, "from": payment.person, "invoice_payload": invoice["payload"]}
        kind = "shipping_query"
        if payment.asked == "shipping":
            query["shipping_address"] = _address()
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
        charge = {"bot": payment.bot, "person": payment.person["id"], "receipt": receipt, "refunded": False}
        await self._state.records.put(CHARGE, receipt["telegram_payment_charge_id"], charge)
        message = {"from": payment.person, "successful_payment": receipt}
        return await self._audience.hear(payment.bot, payment.key, "", message)

    async def _refund(self, call: Call) -> bool:
        charge_id = call.text("telegram_payment_charge_id")
        charge = await self._state.records.get(CHARGE, charge_id)
        wanted = (call.bot, call.number("user_id"), STARS)
        if charge is None or (charge["bot"], charge["person"], charge["receipt"]["currency"]) != wanted:
            raise bad("CHARGE_NOT_FOUND")
        if charge["refunded"]:
            raise bad("CHARGE_ALREADY_REFUNDED")
        await self._state.records.put(CHARGE, charge_id, {**charge, "refunded": True})
        receipt = {name: value for name, value in charge["receipt"].items() if name != "shipping_option_id"}
        me = self._state.profiles.user(call.bot)
        await self._audience.hear(call.bot, str(charge["person"]), "", {"from": me, "refunded_payment": receipt})
        return True


def _invoice(call: Call) -> Json:
    payload, currency = call.text("payload"), call.text("currency").upper()
    prices: list[Any] = call.values["prices"]
    if not 0 < len(payload.encode()) <= PAYLOAD_LIMIT:
        raise bad("INVOICE_PAYLOAD_INVALID")
    if len(currency) != len(STARS) or not currency.isalpha():
        raise bad("CURRENCY_INVALID")
    if currency != STARS and not call.text("provider_token"):
        raise bad("PAYMENT_PROVIDER_INVALID")
    total = sum(price["amount"] for price in prices)
    if not prices or total <= 0 or (currency == STARS and len(prices) != 1):
        raise bad("CURRENCY_TOTAL_AMOUNT_INVALID" if prices else "PRICES_EMPTY")
    return {
        "title": call.text("title"),
        "description": call.text("description"),
        "start_parameter": call.text("start_parameter"),
        "currency": currency,
        "total_amount": total,
        "payload": payload,
        "is_flexible": call.flag("is_flexible") and currency != STARS,
    }


def _address() -> Json:
    """Where everybody lives who pays here."""
    return {
        "country_code": "RU",
        "state": "",
        "city": "Moscow",
        "street_line1": "Tverskaya 7",
        "street_line2": "",
        "post_code": "125009",
    }
