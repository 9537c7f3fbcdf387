"""Every route of every emulator and of the control API answers whatever is asked, and never with a fault of its own."""

import asyncio
import json
import re
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote, urlencode

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.contracts.world import JOHN, NUMBER, TELEGRAM_TOKEN, VIBER_TOKEN, WHATSAPP_TOKEN, Life, life
from tests.hostile.length import EXAMPLES, PATIENCE
from vestnik.emulation.deeds import Deed

METHODS: Final[dict[str, dict[str, Any]]] = json.loads(
    files("vestnik.messengers.telegram").joinpath("facts.json").read_text("utf-8")
)["methods"]
VIBER: Final = (
    *("set_webhook", "get_account_info", "get_user_details", "get_online", "post", "send_message"),
    *("broadcast_message", "nothing", ""),
)
VIBER_FIELDS: Final = (
    *("receiver", "type", "text", "sender", "name", "min_api_version", "tracking_data", "keyboard", "rich_media"),
    *("Buttons", "media", "thumbnail", "size", "duration", "file_name", "contact", "phone_number", "location", "lat"),
    *("lon", "sticker_id", "url", "event_types", "send_name", "broadcast_list", "ids", "id", "from", "auth_token"),
)
WHATSAPP: Final = (
    *(f"{NUMBER}/messages", f"{NUMBER}/media", f"{NUMBER}/register", f"{NUMBER}", "100000000000002/subscriptions"),
    *(f"{NUMBER}/whatsapp_business_profile", "1/message_templates", "1/phone_numbers", "1/subscribed_apps", "media"),
)
WHATSAPP_FIELDS: Final = (
    *("messaging_product", "recipient_type", "to", "type", "text", "body", "preview_url", "context", "message_id"),
    *("template", "name", "language", "code", "components", "parameters", "interactive", "action", "header", "footer"),
    *("image", "id", "link", "caption", "location", "latitude", "longitude", "contacts", "reaction", "emoji", "status"),
    *("biz_opaque_callback_data", "object", "callback_url", "verify_token", "fields"),
)
CONTROL: Final = (
    *("journal", "stats", "reset", "faults", "bots", "phones", "phones/telegram/1", "phones/viber/x", "phones/no/1"),
    *("phones/telegram/1/messages", "phones/whatsapp/79161234567/messages", "bots/telegram/7", "bots/whatsapp/7", ""),
    *("state", "messengers/telegram/chats", "messengers/telegram/chats/-1001", "messengers/telegram/bots/7"),
    *("messengers/telegram/drafts/7", "messengers/telegram/queries/7", "messengers/whatsapp/templates"),
    *("messengers/whatsapp/templates/code/en", "messengers/viber/x", "expect"),
)
CONTROL_FIELDS: Final = (
    *("messenger", "recipient", "fault", "times", "probability", "seed", "status", "retry_after", "delay", "online"),
    *("blocked", "reads_after", "text", "bot", "token", "code", "failure", "type", "title", "username", "members"),
    *("permissions", "user", "first_name", "reason", "since", "until", "after", "count"),
)
LIKELY: Final = (
    *(1, 0, -1, 2**63, 2**64, 1e308, True, None, "", "1001", "@nobody", "79161234567", "EGAZ3SZRi6zW1D0uNYhQHg=="),
    *(
        "\x00",
        "\U0010ffff",
        "\ud800",
        "text",
        "http://x",
        "https://x:99999",
        "telegram",
        "viber",
        "hang up",
        "*",
        "[" * 20,
    ),
)

Call = tuple[str, str, dict[str, str], Any]


def told(fields: tuple[str, ...]) -> st.SearchStrategy[Any]:
    """JSON in which the route's own names occur, with values that were trouble elsewhere."""
    return st.recursive(
        st.sampled_from(LIKELY) | st.integers() | st.text(max_size=9),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(fields), inner, max_size=6),
        max_leaves=15,
    )


def of_telegram() -> st.SearchStrategy[Call]:
    def call(method: str) -> st.SearchStrategy[Call]:
        names = tuple(name.rstrip("?") for name in METHODS[method]["takes"]) or ("nothing",)
        body = st.dictionaries(st.sampled_from(names), told(names), max_size=8)
        return body.map(lambda body: ("POST", f"/telegram/bot{TELEGRAM_TOKEN}/{method}", {}, body))

    return st.sampled_from(sorted(METHODS)).flatmap(call)


def of_viber() -> st.SearchStrategy[Call]:
    headers = {"x-viber-auth-token": VIBER_TOKEN}
    body = told(VIBER_FIELDS)
    return st.tuples(st.sampled_from(VIBER), body).map(lambda call: ("POST", f"/viber/pa/{call[0]}", headers, call[1]))


def of_whatsapp() -> st.SearchStrategy[Call]:
    headers = {"authorization": f"Bearer {WHATSAPP_TOKEN}"}
    verbs = st.sampled_from(["GET", "POST", "DELETE"])
    return st.tuples(verbs, st.sampled_from(WHATSAPP), told(WHATSAPP_FIELDS)).map(
        lambda call: (call[0], f"/whatsapp/v23.0/{call[1]}", headers, call[2])
    )


def of_control() -> st.SearchStrategy[Call]:
    verbs = st.sampled_from(["GET", "POST", "PUT", "PATCH", "DELETE"])
    # A fault that hangs or waits does what it is told, so none is put in force for everybody.
    return st.tuples(verbs, st.sampled_from(CONTROL), told(CONTROL_FIELDS)).map(
        lambda call: (call[0], f"/emulator/{call[1]}", {}, call[2])
    )


CALLS: Final = {
    "telegram": of_telegram(),
    "viber": of_viber(),
    "whatsapp": of_whatsapp(),
    "control": of_control(),
}


def of_people(deeds: Mapping[str, Deed], messenger: str) -> st.SearchStrategy[Call]:
    """Whatever people can do on the messenger, with its own fields."""

    def call(name: str) -> st.SearchStrategy[Call]:
        fields = (*deeds[name].fields, "bot")
        path = f"/emulator/phones/{messenger}/{quote(JOHN[messenger], safe='')}/{name}"
        likely = st.dictionaries(st.sampled_from(fields), st.sampled_from((1, 2, 1.5, True, *LIKELY)) | told(fields))
        return likely.map(lambda body: ("POST", path, {}, body))

    return st.sampled_from(sorted(deeds)).flatmap(call)


async def put(world: Life, call: Call, as_query: bool) -> None:
    """Asks, with the fields in the body or in the query."""
    method, path, headers, body = call
    if as_query and isinstance(body, dict):
        fields = {name: value if isinstance(value, str) else json.dumps(value) for name, value in body.items()}
        path, body = f"{path}?{urlencode(fields, errors='surrogatepass', quote_via=quote)}", None
    answer = await world.ask(method, path, body, headers)
    assert answer.status < 500, (call, answer)
    if answer.headers.get("content-type", "").startswith("application/json"):
        json.loads(answer.body)


@pytest.mark.parametrize("far_side", CALLS)
@pytest.mark.timeout(PATIENCE)
@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_no_call_breaks_an_emulator(
    tmp_path_factory: pytest.TempPathFactory, far_side: str, data: st.DataObject
) -> None:
    calls = data.draw(st.lists(st.tuples(CALLS[far_side], st.booleans()), min_size=10, max_size=10))

    async def story() -> None:
        async with life(tmp_path_factory.mktemp("world")) as world:
            for call, as_query in calls:
                await put(world, call, as_query)
            await world.control("GET", "/journal")

    asyncio.run(story())


@pytest.mark.parametrize("messenger", JOHN)
@pytest.mark.timeout(PATIENCE)
@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_nothing_that_people_do_breaks_an_emulator(
    tmp_path_factory: pytest.TempPathFactory, messenger: str, data: st.DataObject
) -> None:
    async def story() -> None:
        async with life(tmp_path_factory.mktemp("world")) as world:
            for _ in range(2):
                assert (await world.send(messenger)).status == 200
            deeds = world.emulation.world.deeds[messenger]
            for call in data.draw(st.lists(of_people(deeds, messenger), min_size=10, max_size=10)):
                await put(world, call, as_query=False)

    asyncio.run(story())


def test_every_route_of_the_control_api_that_is_documented_is_asked() -> None:
    documented = set(re.findall(r"/emulator/([a-z]+)", Path("docs/http-api.md").read_text("utf-8")))
    assert documented == {path.partition("/")[0] for path in CONTROL if path}
