"""Decides how a delivery is handed to an owl and what its answers and reports mean.

It has never heard of retries or stores.
"""

import hmac

import msgspec

from vestnik.domain.delivery import Claim
from vestnik.domain.moment import Moment
from vestnik.domain.outcomes import Blame, Outcome, PutOff, Receipt, ReceiptKind, Refused, Taken
from vestnik.messengers.answers import ask, retry_after, wordless
from vestnik.messengers.registry import GatewayParts
from vestnik.ports import Inbound, Request, Response, Traits

from . import wire


class OwlGateway:
    """Speaks with one feather."""

    def __init__(self, parts: GatewayParts) -> None:
        self._parts = parts
        self._feather = parts.options["feather"]

    @property
    def traits(self) -> Traits:
        return Traits(honours_key=self._parts.honours_key)

    async def open(self) -> None:
        """Owls know the way home."""

    async def send(self, claim: Claim) -> Outcome:
        """One letter."""
        headers = {"content-type": "application/json", wire.FEATHER: self._feather}
        headers[wire.IDEMPOTENCY_KEY] = claim.delivery_id
        body = msgspec.json.encode(wire.Letter(claim.recipient, claim.text))
        request = Request("POST", self._parts.base_url + wire.LETTERS, headers, body)
        response = await ask(self._parts.transport, request, self._parts.timeout)
        return self._judge(response) if isinstance(response, Response) else response

    def receive(self, request: Request, now: Moment) -> Inbound:
        """Reads a report; 403 where its seal is broken."""
        if not hmac.compare_digest(wire.seal(self._feather, request.body), request.headers.get(wire.SEAL, "")):
            return Inbound(Response(403))
        report = msgspec.json.decode(request.body, type=wire.Arrived)
        receipt = Receipt("owl", ReceiptKind.DELIVERED, str(report.number), min(report.at * 1000, now))
        return Inbound(Response(200), (receipt,))

    def _judge(self, response: Response) -> Outcome:
        now = self._parts.clock.now()
        try:
            answer = msgspec.json.decode(response.body, type=wire.Answer)
        except msgspec.DecodeError:
            return wordless(response, now)
        if answer.number is not None:
            return Taken(str(answer.number))
        hoot = answer.hoot or "?"
        if hoot == wire.TIRED:
            return PutOff("tired", hoot, retry_after(response.headers, now), Blame.RECIPIENT)
        return Refused("hoot", hoot)
