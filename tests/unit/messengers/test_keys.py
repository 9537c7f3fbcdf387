"""Under which Idempotency-Key each messenger's gateway sends: one for each issue of a delivery."""

import asyncio

import pytest

from tests.unit.messengers.scripted import ScriptedTransport, claim, gateway
from vestnik.messengers.answers import IDEMPOTENCY_KEY
from vestnik.messengers.registry import BUILT_IN, Messenger, messengers
from vestnik.ports import Response

RECIPIENTS = {"telegram": "1001", "viber": "QUFBQUFBQUFBQUFBQUFBQQ==", "whatsapp": "79161234567"}


@pytest.mark.parametrize("messenger", [messengers()[name] for name in BUILT_IN], ids=BUILT_IN)
def test_attempts_of_one_issue_share_a_key_and_another_issue_has_another(messenger: Messenger) -> None:
    transport = ScriptedTransport(Response(500))
    door = gateway(messenger, transport)
    first = claim(messenger.rules.name, RECIPIENTS[messenger.rules.name])
    for sent in (first, first._replace(attempt=2), first._replace(attempt=3, issue=1)):
        asyncio.run(door.send(sent))
    keys = [request.headers[IDEMPOTENCY_KEY] for request, _ in transport.asked]
    assert keys == ["01JD-0", "01JD-0", "01JD-0.1"]
