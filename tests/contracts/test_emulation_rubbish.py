"""Whatever comes to an emulator or the control API, it is answered, and never with a fault of the server."""

import asyncio
import json
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.contracts.world import NUMBER, TELEGRAM_TOKEN, life

BOT = f"/telegram/bot{TELEGRAM_TOKEN}"
FORM = "application/x-www-form-urlencoded"
FIELDS = (
    *("chat_id", "text", "method", "receiver", "type", "sender", "name", "to", "messaging_product", "status"),
    *("auth_token", "url", "event_types", "fault", "messenger", "online", "message_id", "body"),
)

rubbish = st.one_of(
    st.binary(max_size=64),
    st.recursive(
        st.none()
        | st.booleans()
        | st.integers()
        | st.floats(allow_nan=False, allow_infinity=False)
        | st.text(max_size=9),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(FIELDS),
                inner,
                max_size=6,
            )
        ),
        max_leaves=12,
    ),
)
PATHS = [
    f"{BOT}/sendMessage",
    f"{BOT}/",
    "/viber/pa/send_message",
    "/viber/pa/set_webhook",
    f"/whatsapp/v23.0/{NUMBER}/messages",
    "/whatsapp/v23.0/1/subscriptions",
    "/emulator/faults",
    "/emulator/phones/telegram/1",
    "/emulator/phones/telegram/1/messages",
    "/emulator/bots/whatsapp/7",
]


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["GET", "POST", "PUT", "PATCH", "DELETE"]),
            st.sampled_from(PATHS),
            rubbish,
            st.sampled_from(["application/json", FORM, "multipart/form-data; boundary=x", "", "x/\x00"]),
            st.text(max_size=20),
        ),
        min_size=5,
        max_size=5,
    )
)
def test_no_rubbish_breaks_an_emulator(tmp_path_factory: pytest.TempPathFactory, calls: list[Any]) -> None:
    async def story() -> None:
        async with life(tmp_path_factory.mktemp("world")) as world:
            for method, path, body, content_type, query in calls:
                headers = {"content-type": content_type, "x-viber-auth-token": "t", "authorization": "Bearer t"}
                url = f"{path}?{quote(query, safe='&=%')}" if query else path
                answer = await world.ask(method, url, body, headers)
                assert answer.status < 500, (method, url, body, answer)
                if answer.body:
                    json.loads(answer.body)

    asyncio.run(story())
