"""Decides how a delivery is handed to Telegram and what its answers mean.

It has never heard of retries, stores or other messengers, and Telegram never reports: being taken is being delivered.
"""

from vestnik.domain.delivery import Claim
from vestnik.domain.moment import Moment
from vestnik.domain.outcomes import Outcome, PutOff, Refused, Taken
from vestnik.messengers.answers import GATEWAY_STATUSES, IDEMPOTENCY_KEY, ask, retry_after, within_reason, wordless
from vestnik.messengers.registry import GatewayParts
from vestnik.messengers.telegram import wire
from vestnik.ports import Inbound, Request, Response, Traits


class TelegramGateway:
    """Speaks for one bot."""

    def __init__(self, parts: GatewayParts) -> None:
        self._parts = parts
        self._send_url = parts.base_url + wire.method_path(parts.options["token"], "sendMessage")
        self._traits = Traits(honours_key=parts.honours_key)

    @property
    def traits(self) -> Traits:
        return self._traits

    async def open(self) -> None:
        """Telegram wants to be told nothing."""

    async def send(self, claim: Claim) -> Outcome:
        """One attempt with the method sendMessage."""
        answer = await ask(self._parts.transport, self._request(claim), self._parts.timeout)
        return self._judge(answer) if isinstance(answer, Response) else answer

    def receive(self, request: Request, now: Moment) -> Inbound:  # noqa: ARG002 - the door names more than is needed here
        """Telegram makes no such calls: whoever does is answered 404."""
        return Inbound(Response(404))

    def _request(self, claim: Claim) -> Request:
        call = wire.SendMessage(wire.chat_id(claim.recipient), claim.text)
        headers = {"content-type": wire.JSON, IDEMPOTENCY_KEY: claim.key}
        return Request("POST", self._send_url, headers, wire.encode_call(call))

    def _judge(self, response: Response) -> Outcome:
        now = self._parts.clock.now()
        if response.status in GATEWAY_STATUSES:
            return wordless(response, now)
        try:
            answer = wire.decode_answer(response.body, wire.Message)
        except ValueError:
            return wordless(response, now)
        if isinstance(answer, wire.Message):
            if response.status != 200:
                return wordless(response, now)
            return Taken(f"{answer.chat.id}:{answer.message_id}", for_good=True)
        return _judge_failure(answer, retry_after(response.headers, now))


def _judge_failure(failure: wire.Failure, wait: float | None) -> Outcome:
    """What a failure means: its code decides, and codes beyond the table are told apart as in HTTP.

    A wrong token is refused like everything else that the same call cannot mend.
    """
    parameters = failure.parameters or wire.Parameters()
    code, detail = str(failure.error_code), failure.description
    if parameters.migrate_to_chat_id is not None:
        detail += f" (its new identifier is {parameters.migrate_to_chat_id})"
    meaning = wire.ERRORS.get(failure.error_code)
    if meaning.passes if meaning else failure.error_code >= 500:
        return PutOff(code, detail, wait if parameters.retry_after is None else within_reason(parameters.retry_after))
    return Refused(code, detail)
