"""Decides how a delivery is handed to WhatsApp, what its answers mean and what its webhooks report.

It has never heard of retries, stores or other messengers.
"""

from typing import Final
from urllib.parse import urlsplit

from vestnik.domain.delivery import Claim, split_delivery_id
from vestnik.domain.errors import BadSetting, NoReply, NotFound
from vestnik.domain.moment import EARLIEST, LATEST, SECOND, Moment
from vestnik.domain.outcomes import Blame, Outcome, PutOff, Receipt, ReceiptKind, Refused, Taken
from vestnik.messengers.answers import GATEWAY_STATUSES, IDEMPOTENCY_KEY, ask, retry_after, wordless
from vestnik.messengers.registry import GatewayParts, seconds_option
from vestnik.messengers.whatsapp import wire
from vestnik.messengers.whatsapp.codes import ERRORS, PAIR_LIMIT
from vestnik.ports import Inbound, Request, Response, Traits

REPORTS: Final = {
    "sent": ReceiptKind.SENT,
    "delivered": ReceiptKind.DELIVERED,
    "read": ReceiptKind.READ,
    "played": ReceiptKind.READ,
    "failed": ReceiptKind.FAILED,
}


class WhatsAppGateway:
    """Speaks for one business number. Every status echoes the delivery's id, so a report settles a lost answer."""

    def __init__(self, parts: GatewayParts) -> None:
        self._parts = parts
        options = parts.options
        self._send_url = parts.base_url + wire.messages_path(options["phone_number_id"])
        self._authorization = f"Bearer {options['token']}"
        self._app_secret = options["app_secret"]
        self._traits = Traits(parts.honours_key, seconds_option("whatsapp", options, "report_wait"))

    @property
    def traits(self) -> Traits:
        return self._traits

    async def open(self) -> None:
        """Sets the app's webhook, unless no app is named: then it is set in Meta's dashboard.

        BadSetting where Meta refuses; NotSent or NoReply where it may agree later. Meta asks the address for a
        challenge before it answers, so a failed verification may only mean that we are not up yet.
        """
        options = self._parts.options
        if not (options["app_id"] and self._parts.callback_url):
            return
        subscription = wire.Subscription(
            object=wire.BUSINESS_ACCOUNT,
            callback_url=self._parts.callback_url,
            verify_token=options["verify_token"],
            fields=wire.MESSAGES_FIELD,
            access_token=f"{options['app_id']}|{self._app_secret}",
        )
        path = wire.subscriptions_path(options["app_id"])
        request = Request("POST", f"{self._parts.base_url}{path}?{wire.encode_subscription(subscription)}")
        response = await self._parts.transport.exchange(request, timeout=self._parts.timeout)
        if response.status == 200:
            return
        answer = _error(response)
        words = f"{self._parts.callback_url}: {answer.message if answer else f'HTTP {response.status}'}"
        if answer and answer.code in ERRORS and not ERRORS[answer.code].passes:
            raise BadSetting(f"WhatsApp refused the webhook {words}")
        raise NoReply(f"WhatsApp did not take the webhook {words}")

    async def send(self, claim: Claim) -> Outcome:
        """One attempt: a text to one person."""
        message = wire.SendMessage(
            messaging_product=wire.PRODUCT,
            recipient_type="individual",
            to=claim.recipient,
            type="text",
            text=wire.Text(claim.text),
            biz_opaque_callback_data=claim.delivery_id,
        )
        headers = {
            "authorization": self._authorization,
            "content-type": "application/json",
            IDEMPOTENCY_KEY: claim.key,
        }
        request = Request("POST", self._send_url, headers, wire.encode(message))
        answer = await ask(self._parts.transport, request, self._parts.timeout)
        return self._judge(answer) if isinstance(answer, Response) else answer

    def receive(self, request: Request, now: Moment) -> Inbound:  # noqa: ARG002 - the door names more than is needed here
        """Answers the question whether we want to be called, and reads calls.

        403 where the verify token or the signature is not ours, 400 where a call cannot be read, else 200.
        """
        if request.method == "GET":
            challenge = wire.answer_challenge(urlsplit(request.url).query, self._parts.options["verify_token"])
            if challenge is None:
                return Inbound(Response(403))
            return Inbound(Response(200, {"content-type": "text/plain"}, challenge.encode()))
        if not wire.signed(self._app_secret, request.body, request.headers.get(wire.SIGNATURE_HEADER, "")):
            return Inbound(Response(403))
        try:
            entries = wire.decode_notification(request.body)
            statuses = [status for entry in entries for value in entry.values for status in value.statuses]
            receipts = [_receipt(REPORTS[status.status], status) for status in statuses if status.status in REPORTS]
        except ValueError:
            return Inbound(Response(400))
        return Inbound(Response(200), receipts)

    def _judge(self, response: Response) -> Outcome:
        now = self._parts.clock.now()
        if response.status in GATEWAY_STATUSES:
            return wordless(response, now)
        try:
            answer = wire.decode_answer(response.body)
        except ValueError:
            return wordless(response, now)
        if isinstance(answer, wire.Sent):
            if response.status != 200 or not answer.messages:
                return wordless(response, now)
            return Taken(answer.messages[0].id)
        return _judge_error(answer, response.status, retry_after(response.headers, now))


def _judge_error(error: wire.Error, status: int, wait: float | None) -> Outcome:
    """What an error means: its code decides; a code beyond the table is told apart by the HTTP status.

    A wrong token is refused like everything else that the same call cannot mend.
    """
    code = str(error.code)
    detail = (error.error_data.details if error.error_data else None) or error.message
    known = ERRORS.get(error.code)
    if known.passes if known else status >= 500 or status == 429:
        return PutOff(code, detail, wait, Blame.RECIPIENT if error.code == PAIR_LIMIT else Blame.LANE)
    return Refused(code, detail)


def _receipt(kind: ReceiptKind, status: wire.Status) -> Receipt:
    """The report of a status; ValueError where its time is none."""
    at = int(status.timestamp) * SECOND
    if not EARLIEST <= at <= LATEST:
        raise ValueError("a report has a time that a calendar has")
    problem = status.errors[0] if kind is ReceiptKind.FAILED and status.errors else None
    details = problem and problem.error_data and problem.error_data.details
    return Receipt(
        "whatsapp",
        kind,
        status.id,
        at,
        reference=_delivery_id(status.biz_opaque_callback_data),
        recipient=status.recipient_id or None,
        code=str(problem.code) if problem else None,
        detail=details or (problem.title if problem else None),
    )


def _delivery_id(callback_data: str | None) -> str | None:
    """The delivery's id; None where the data is of somebody else who sends from the same number."""
    try:
        split_delivery_id(callback_data or "")
    except NotFound:
        return None
    return callback_data


def _error(response: Response) -> wire.Error | None:
    try:
        answer = wire.decode_answer(response.body)
    except ValueError:
        return None
    return answer if isinstance(answer, wire.Error) else None
