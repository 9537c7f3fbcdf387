"""How a bot is told at its webhook: in order for each chat, again until it takes it, and what it may answer."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from tests.contracts.world import WEBHOOK
from tests.wire.telegram_emulator.asking import Api, told
from vestnik.ports import NotSent, Request, Response

ACTIVE = "Conflict: can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first"


async def settled(api: Api, count: int) -> list[dict[str, Any]]:
    """What the webhook was told once it was told all that has come due, which is that much."""
    await api.world.quiet()
    assert len(api.world.bots.told) == count
    return [json.loads(request.body) for request in api.world.bots.told]


async def emptied(api: Api) -> None:
    """Returns when the webhook was told all that has come due, which must leave nothing."""
    await api.world.quiet()
    assert (await api.get("getWebhookInfo"))["pending_update_count"] == 0


def failing(status: int, times: int, **headers: str) -> Any:
    left = [times]

    def behave(_request: Request) -> Response:
        left[0] -= 1
        return Response(status, headers) if left[0] >= 0 else Response(200)

    return behave


def test_an_update_is_posted_with_the_secret_and_is_done_when_it_is_taken(tmp_path: Path) -> None:
    async def story(api: Api) -> None:
        answer = await api.ask("setWebhook", url="http://user:word@bot.test/hook", secret_token="Shh-1")
        assert answer == {"ok": True, "result": True, "description": "Webhook was set"}
        await api.person(1001, "messages", text="Hello")
        [update] = await settled(api, 1)
        assert update["message"]["text"] == "Hello"
        [request] = api.world.bots.told
        assert (request.method, request.url) == ("POST", "http://bot.test/hook")
        assert request.headers["content-type"] == "application/json"
        assert request.headers["x-telegram-bot-api-secret-token"] == "Shh-1"
        assert request.headers["authorization"] == "Basic dXNlcjp3b3Jk"
        assert request.headers["accept-encoding"] == "gzip, deflate"
        await emptied(api)

    told(tmp_path, story)


def test_what_waited_is_told_when_the_webhook_is_set_and_after_a_restart(tmp_path: Path) -> None:
    async def first(api: Api) -> None:
        await api.person(1001, "messages", text="before")
        api.world.bots.behave = lambda _request: Response(500)
        await api.get("setWebhook", url=WEBHOOK)
        await settled(api, 2)  # The second try follows at once.

    async def second(api: Api) -> None:
        [update] = await settled(api, 1)
        assert update["message"]["text"] == "before"

    told(tmp_path, first)
    told(tmp_path, second)


def test_a_failure_is_tried_again_at_once_and_then_ever_later(tmp_path: Path) -> None:
    async def story(api: Api) -> None:
        api.world.bots.behave = failing(500, 4)
        await api.get("setWebhook", url=WEBHOOK)
        await api.person(1001, "messages", text="x")
        await settled(api, 2)
        for pause, count in ((2, 3), (4, 4), (8, 5)):
            api.world.clock.move(pause - 0.1)
            await settled(api, count - 1)
            api.world.clock.move(0.1)
            await settled(api, count)
        await emptied(api)
        info = await api.get("getWebhookInfo")
        assert info["last_error_message"] == "Wrong response from the webhook: 500 Internal Server Error"
        assert info["last_error_date"] == 1_800_000_006

    told(tmp_path, story)


def test_a_webhook_that_asks_for_a_pause_gets_it(tmp_path: Path) -> None:
    async def story(api: Api) -> None:
        api.world.bots.behave = failing(429, 1, **{"retry-after": "30"})
        await api.get("setWebhook", url=WEBHOOK)
        await api.person(1001, "messages", text="x")
        await settled(api, 1)
        api.world.clock.move(29)
        await settled(api, 1)
        api.world.clock.move(1)
        await settled(api, 2)

    told(tmp_path, story)


def test_one_chat_is_told_in_order_and_another_does_not_wait_for_it(tmp_path: Path) -> None:
    async def story(api: Api) -> None:
        def behave(request: Request) -> Response:
            update = json.loads(request.body)
            blocked = update["message"]["chat"]["id"] == 1001 and api.world.clock.now() < 1_800_000_010_000_000
            return Response(500 if blocked else 200)

        api.world.bots.behave = behave
        await api.get("setWebhook", url=WEBHOOK)
        for text in "123":
            await api.person(1001, "messages", text=text)
        await api.person(1002, "messages", text="other")
        await api.world.until(lambda: len(api.world.bots.told) >= 3)
        for _ in range(20):
            api.world.clock.move(1)
            await api.world.quiet()
        await emptied(api)
        told_of = [json.loads(request.body)["message"]["text"] for request in api.world.bots.told]
        taken = list(dict.fromkeys(told_of))
        assert taken == ["1", "other", "2", "3"]
        assert told_of[-2:] == ["2", "3"]

    told(tmp_path, story)


def test_an_update_that_is_not_taken_for_a_day_is_given_up(tmp_path: Path) -> None:
    async def story(api: Api) -> None:
        api.world.bots.behave = lambda _request: Response(500)
        await api.get("setWebhook", url=WEBHOOK)
        await api.person(1001, "messages", text="x")
        await settled(api, 2)
        assert (await api.get("getWebhookInfo"))["pending_update_count"] == 1
        api.world.clock.move(24 * 3600 - 1)
        await settled(api, 3)
        await emptied(api)  # Another try would come too late.
        api.world.bots.behave = lambda _request: Response(200)
        await api.person(1001, "messages", text="y")
        await api.world.until(lambda: json.loads(api.world.bots.told[-1].body)["message"]["text"] == "y")

    told(tmp_path, story)


def test_a_webhook_that_is_gone_for_most_of_a_day_is_removed(tmp_path: Path) -> None:
    async def story(api: Api) -> None:
        api.world.bots.behave = lambda _request: Response(410)
        await api.get("setWebhook", url=WEBHOOK)
        await api.person(1001, "messages", text="x")
        await settled(api, 2)
        api.world.clock.move(23 * 3600)
        await settled(api, 3)
        assert (await api.get("getWebhookInfo"))["url"] == ""

    told(tmp_path, story)


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (NotSent("no"), "Connection refused"),
        (TimeoutError("no answer within 60 s"), "Read timeout expired"),
        (ConnectionResetError(), "Webhook connection closed"),
    ],
)
def test_a_webhook_that_cannot_be_reached_is_told_of_as_the_server_tells(
    tmp_path: Path, error: Exception, words: str
) -> None:
    async def story(api: Api) -> None:
        def behave(_request: Request) -> Response:
            raise error

        api.world.bots.behave = behave
        await api.get("setWebhook", url=WEBHOOK)
        await api.person(1001, "messages", text="x")
        await api.world.quiet()
        assert (await api.get("getWebhookInfo"))["last_error_message"] == words

    told(tmp_path, story)


@pytest.mark.parametrize(
    ("method", "arguments", "done"),
    [
        ("sendMessage", {"chat_id": 1001, "text": "at once"}, True),
        ("SENDMESSAGE", {"chat_id": 1001, "text": "at once"}, True),
        ("sendMessage", {"chat_id": 1001}, False),
        ("deleteWebhook", {}, False),
        ("getMe", {}, False),
    ],
)
def test_a_bot_may_answer_with_a_call(tmp_path: Path, method: str, arguments: dict[str, Any], done: bool) -> None:
    async def story(api: Api) -> None:
        body = json.dumps({"method": method, **arguments}).encode()
        api.world.bots.behave = lambda _request: Response(200, {"content-type": "application/json"}, body)
        await api.get("setWebhook", url=WEBHOOK)
        await api.person(1001, "messages", text="x")
        await settled(api, 1)
        await emptied(api)
        assert await api.world.texts() == (["at once"] if done else [])
        assert (await api.get("getWebhookInfo"))["url"] == WEBHOOK

    told(tmp_path, story)


def test_a_webhook_and_polling_exclude_each_other(tmp_path: Path) -> None:
    async def story(api: Api) -> None:
        poll = asyncio.create_task(api.refusal("getUpdates", timeout=30))
        await api.world.quiet()
        await api.get("setWebhook", url=WEBHOOK)
        assert await poll == "Conflict: terminated by setWebhook request"
        api.world.clock.move(10)
        assert await api.refusal("getUpdates") == ACTIVE
        assert (await api.ask("deleteWebhook"))["description"] == "Webhook was deleted"
        assert await api.updates() == []

    told(tmp_path, story)


def test_setting_a_webhook_again_says_what_became_of_it(tmp_path: Path) -> None:
    async def story(api: Api) -> None:
        assert (await api.ask("deleteWebhook"))["description"] == "Webhook is already deleted"
        assert await api.get("getWebhookInfo") == {
            "url": "",
            "has_custom_certificate": False,
            "pending_update_count": 0,
        }
        await api.person(1001, "messages", text="x")
        api.world.bots.behave = lambda _request: Response(500)
        await api.get("setWebhook", url=WEBHOOK, max_connections=7, allowed_updates=["message"])
        hasty = await api.ask("setWebhook", url=WEBHOOK, max_connections=7)
        assert (hasty["error_code"], hasty["parameters"]) == (429, {"retry_after": 1})
        api.world.clock.move(1)
        again = await api.ask("setWebhook", url=WEBHOOK, max_connections=7)
        assert again["description"] == "Webhook is already set"
        api.world.clock.move(1)
        other = await api.ask("setWebhook", url=WEBHOOK, max_connections=500)
        assert other["description"] == "Webhook was set"
        info = await api.get("getWebhookInfo")
        assert (info["url"], info["max_connections"], info["allowed_updates"]) == (WEBHOOK, 100, ["message"])
        assert await api.get("setWebhook", url="", drop_pending_updates=True)
        assert (await api.get("getWebhookInfo"))["pending_update_count"] == 0
        again = await api.ask("deleteWebhook", drop_pending_updates=True)
        assert again["description"] == "Webhook is already deleted"

    told(tmp_path, story)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"url": "http://example.com/"}, "bad webhook: An HTTPS URL must be provided for webhook"),
        ({"url": "https://example.com:8080/"}, "bad webhook: Webhook can be set up only on ports 80, 88, 443 or 8443"),
        ({"url": "ftp://a.test/"}, "invalid webhook URL specified"),
        ({"url": "http://[::1/"}, "invalid webhook URL specified"),
        ({"url": "http://a b/"}, "invalid webhook URL specified"),
        ({"url": WEBHOOK, "secret_token": "a b"}, "secret token contains unallowed characters"),
        ({"url": WEBHOOK, "secret_token": "a" * 257}, "secret token is too long"),
        ({"url": "http://bot.test:99999/"}, "invalid webhook URL specified"),
    ],
)
def test_a_webhook_that_cannot_be_is_refused(tmp_path: Path, arguments: dict[str, Any], words: str) -> None:
    async def story(api: Api) -> None:
        assert await api.get("setWebhook", url="https://example.com:8443/x")
        api.world.clock.move(1)
        assert await api.refusal("setWebhook", **arguments) == f"Bad Request: {words}"
        assert (await api.get("getWebhookInfo"))["url"] == ""  # The old one goes before the new one is looked at.
        api.world.clock.move(1)
        assert await api.get("setWebhook", url="http://127.0.0.1:9999/x")

    told(tmp_path, story)


def test_a_webhook_is_left_alone_for_an_hour_at_most_and_the_pauses_do_not_grow_by_that(tmp_path: Path) -> None:
    async def story(api: Api) -> None:
        api.world.bots.behave = failing(503, 3, **{"retry-after": "99999"})
        await api.get("setWebhook", url=WEBHOOK)
        await api.person(1001, "messages", text="x")
        for tried in (1, 2, 3):
            await settled(api, tried)
            api.world.clock.move(3599)
            await settled(api, tried)
            api.world.clock.move(1)
        await settled(api, 4)

    told(tmp_path, story)


def test_pauses_grow_up_to_one_or_two_minutes(tmp_path: Path) -> None:
    async def story(api: Api) -> None:
        api.world.bots.behave = lambda _request: Response(500)
        await api.get("setWebhook", url=WEBHOOK)
        await api.person(1001, "messages", text="x")
        await settled(api, 2)
        for tried, pause in enumerate((2, 4, 8, 16, 32, 60), 3):
            api.world.clock.move(pause - 1)
            await settled(api, tried - 1)
            api.world.clock.move(61 if pause == 60 else 1)
            await settled(api, tried)

    told(tmp_path, story)
