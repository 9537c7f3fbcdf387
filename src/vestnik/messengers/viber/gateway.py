"""Decides how a delivery is handed to Viber, what its answers mean and what its callbacks report.

It has never heard of retries, stores or other messengers.
"""

from typing import Final

from vestnik.domain.delivery import Claim
from vestnik.domain.errors import BadSetting, NoReply
from vestnik.domain.moment import EARLIEST, LATEST, Moment
from vestnik.domain.outcomes import Blame, Outcome, PutOff, Receipt, ReceiptKind, Refused, Taken
from vestnik.messengers.answers import GATEWAY_STATUSES, IDEMPOTENCY_KEY, ask, retry_after, wordless
from vestnik.messengers.registry import GatewayParts, seconds_option
from vestnik.messengers.viber import wire
from vestnik.ports import Inbound, Request, Response, Traits

REPORTS: Final = {
    "delivered": ReceiptKind.DELIVERED,
    "seen": ReceiptKind.READ,
    "failed": ReceiptKind.FAILED,
}

MILLISECOND: Final[Moment] = 1000


class ViberGateway:
    """Speaks for one bot.

    Callbacks do not echo what a message brought along, only its token and its receiver. Towards a far side that does
    not honour our key, one send to a receiver at a time keeps a report of an unknown token attributable.
    """

    def __init__(self, parts: GatewayParts) -> None:
        self._parts = parts
        self._token = parts.options["token"]
        wait = 0.0 if parts.honours_key else seconds_option("viber", parts.options, "report_wait")
        self._traits = Traits(parts.honours_key, report_wait=wait, one_at_a_time=not parts.honours_key)

    @property
    def traits(self) -> Traits:
        return self._traits

    async def open(self) -> None:
        """Tells Viber where to report. BadSetting where Viber refuses; NotSent or NoReply where it may agree later.

        Viber calls the address before it answers, so a refusal of the address may only mean that we are not up yet.
        """
        if not self._parts.callback_url:
            return
        call = wire.SetWebhook(self._parts.callback_url, tuple(REPORTS), send_name=False, send_photo=False)
        request = self._request(wire.SET_WEBHOOK, wire.encode(call))
        response = await self._parts.transport.exchange(request, timeout=self._parts.timeout)
        try:
            answer = wire.decode(response.body, wire.Answer)
        except ValueError as error:
            raise NoReply(f"Viber answered set_webhook with HTTP {response.status} and no answer of its own") from error
        if answer.status == wire.INVALID_URL or wire.status(answer.status).passes:
            raise NoReply(f"Viber did not take the webhook {self._parts.callback_url}: {answer.status_message}")
        if answer.status != wire.OK:
            raise BadSetting(f"Viber refused the webhook {self._parts.callback_url}: {answer.status_message}")

    async def send(self, claim: Claim) -> Outcome:
        """One attempt with the call send_message."""
        call = wire.SendMessage(
            receiver=claim.recipient,
            sender=wire.Sender(wire.sender_name(claim.sender_name.strip() or claim.sender_id)),
            tracking_data=claim.delivery_id,
            type="text",
            text=claim.text,
        )
        request = self._request(wire.SEND_MESSAGE, wire.encode(call), claim.key)
        answer = await ask(self._parts.transport, request, self._parts.timeout)
        return self._judge(answer) if isinstance(answer, Response) else answer

    def receive(self, request: Request, now: Moment) -> Inbound:  # noqa: ARG002 - the door names more than is needed here
        """Reads a callback: 403 where its signature is not the bot's, 400 where it cannot be read, else 200."""
        if not wire.signed(self._token, request.body, request.headers.get(wire.SIGNATURE_HEADER, "")):
            return Inbound(Response(403))
        try:
            callback = wire.decode(request.body, wire.Callback)
            kind = REPORTS.get(callback.event)
            return Inbound(Response(200), () if kind is None else (_receipt(kind, callback),))
        except ValueError:
            return Inbound(Response(400))

    def _request(self, method: str, body: bytes, key: str | None = None) -> Request:
        headers = {"content-type": "application/json", wire.TOKEN_HEADER: self._token}
        if key is not None:
            headers[IDEMPOTENCY_KEY] = key
        return Request("POST", self._parts.base_url + wire.call_path(method), headers, body)

    def _judge(self, response: Response) -> Outcome:
        """Viber's own status decides, which comes with HTTP 200."""
        now = self._parts.clock.now()
        if response.status in GATEWAY_STATUSES:
            return wordless(response, now)
        try:
            answer = wire.decode(response.body, wire.Answer)
        except ValueError:
            return wordless(response, now)
        if answer.status == wire.OK:
            if response.status != 200 or answer.message_token is None:
                return wordless(response, now)
            return Taken(str(answer.message_token))
        code, detail = str(answer.status), answer.status_message
        if wire.status(answer.status).passes:
            # The one limit that Viber publishes for send_message counts the messages to one receiver.
            blame = Blame.RECIPIENT if answer.status == wire.TOO_MANY_REQUESTS else Blame.LANE
            return PutOff(code, detail, retry_after(response.headers, now), blame)
        return Refused(code, detail)


def _receipt(kind: ReceiptKind, callback: wire.Callback) -> Receipt:
    """The report of a callback; ValueError where it names no message or a time that no calendar has."""
    at = callback.timestamp * MILLISECOND
    if callback.message_token is None or not EARLIEST <= at <= LATEST:
        raise ValueError("a report names a message and a time")
    failed = kind is ReceiptKind.FAILED
    return Receipt(
        "viber",
        kind,
        str(callback.message_token),
        at,
        recipient=callback.user_id,
        code="failed" if failed else None,
        detail=callback.desc if failed else None,
    )
