"""Decides what an invoice may ask for.

It has never heard of how it is paid.
"""

from typing import Any, Final

from vestnik.messengers.telegram.emulator.calls import Call, Json, bad

STARS: Final = "XTR"
PAYLOAD_LIMIT: Final = 128
PERIOD: Final = 2_592_000
"""Seconds of the only period for which there are subscriptions: 30 days."""
DEAREST_SUBSCRIPTION: Final = 10_000
SHOWN: Final = ("title", "description", "start_parameter", "currency", "total_amount")
"""What a message shows of an invoice."""
ADDRESS: Final = {
    "country_code": "RU",
    "state": "",
    "city": "Moscow",
    "street_line1": "Tverskaya 7",
    "street_line2": "",
    "post_code": "125009",
}
"""Where everybody lives who pays here."""


def read_invoice(call: Call) -> Json:
    """The invoice that a call asks for, with what only the bot knows of it; Failed where nobody could pay it."""
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
        raise bad("CURRENCY_TOTAL_AMOUNT_INVALID" if prices else "There must be at least one price")
    period = call.number("subscription_period")
    if period and (period != PERIOD or currency != STARS or total > DEAREST_SUBSCRIPTION):
        raise bad("SUBSCRIPTION_PERIOD_INVALID")
    return {
        **({"subscription_period": period} if period else {}),
        "title": call.text("title"),
        "description": call.text("description"),
        "start_parameter": call.text("start_parameter"),
        "currency": currency,
        "total_amount": total,
        "payload": payload,
        "is_flexible": call.flag("is_flexible") and currency != STARS,
    }
