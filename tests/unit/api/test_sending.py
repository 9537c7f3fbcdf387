"""What POST /api/messages takes in, and what it says of it."""

from typing import Any

import pytest

from tests.unit.api.asking import OWL, PIGEON, Asking, asking, at, pass_time
from tests.virtual import EPOCH
from vestnik.api.parts import ApiSettings
from vestnik.domain.account import Account
from vestnik.domain.lifecycle import State
from vestnik.domain.moment import to_rfc3339


def test_a_message_is_accepted_and_the_reply_says_where_it_is() -> None:
    async def work(ask: Asking) -> None:
        answer = await ask.send()
        told = answer.expect(202)
        assert answer.headers["location"] == f"/api/messages/{told['id']}"
        assert told == {
            "id": told["id"],
            "status": "waiting",
            "sender": {"id": "acme", "name": "acme"},
            "text": "Hello",
            "send_at": None,
            "created_at": to_rfc3339(EPOCH),
            "is_sent": False,
            "counts": {"waiting": 1},
            "expires_at": None,
            "max_attempts": 5,
            "priority": "normal",
            "deliveries": [
                {
                    "id": f"{told['id']}-0",
                    "message_id": told["id"],
                    "messenger": OWL,
                    "recipient": "Hedwig",
                    "account": None,
                    "status": "waiting",
                    "attempts": 0,
                    "max_attempts": 5,
                    "due_at": to_rfc3339(EPOCH),
                    "external_id": None,
                    "error": None,
                }
            ],
            "next": None,
            "duplicates": [],
        }
        assert ask.rung == [EPOCH]

    asking(work)


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"recipients": ["john", {OWL: "errol", PIGEON: "12"}], "messengers": [PIGEON, OWL]},
        {"send_at": at(hours=3), "expires_at": at(hours=4), "max_attempts": 9, "priority": "high"},
        {"send_at": at(), "sender": {"id": "acme", "name": "Acme Ltd"}},
        {"recipients": [{OWL: "errol"}] * 250, "allow_duplicate": True},
        {"recipients": [{OWL: "errol"}, {OWL: "Errol"}, {OWL: "hedwig"}]},
    ],
)
def test_the_reply_says_what_the_store_then_knows(fields: dict[str, Any]) -> None:
    async def work(ask: Asking) -> None:
        await ask.store.put_account(Account("john", "John", {OWL: "Pig", PIGEON: "7"}))
        told = (await ask.send(**fields)).expect(202)
        seen = (await ask.call("GET", f"/api/messages/{told['id']}")).expect(200)
        assert told | {"duplicates": []} == seen

    asking(work)


def test_deliveries_are_in_the_order_of_recipients_and_then_of_messengers() -> None:
    async def work(ask: Asking) -> None:
        await ask.store.put_account(Account("john", "John", {OWL: "Pig", PIGEON: "7"}))
        told = (await ask.send(messengers=[PIGEON, OWL], recipients=[{OWL: "errol", PIGEON: "#12"}, "john"])).expect(
            202
        )
        assert [(each["messenger"], each["recipient"], each["account"]) for each in told["deliveries"]] == [
            (PIGEON, "12", None),
            (OWL, "Errol", None),
            (PIGEON, "7", "john"),
            (OWL, "Pig", "john"),
        ]

    asking(work)


def test_the_first_hundred_deliveries_are_shown_and_the_cursor_leads_to_the_others() -> None:
    async def work(ask: Asking) -> None:
        crowd = [{PIGEON: str(number)} for number in range(250)]
        told = (await ask.send(messengers=[PIGEON], recipients=crowd)).expect(202)
        assert told["counts"] == {"waiting": 250}
        found = told["deliveries"]
        assert len(found) == 100
        path, cursor = f"/api/messages/{told['id']}/deliveries", told["next"]
        while cursor is not None:
            page = (await ask.call("GET", path, cursor=cursor, limit=60)).expect(200)
            found += page["deliveries"]
            cursor = page["next"]
        assert [each["recipient"] for each in found] == [str(number) for number in range(250)]

    asking(work)


def test_a_message_for_later_is_deferred() -> None:
    async def work(ask: Asking) -> None:
        told = (await ask.send(send_at=at(hours=3), expires_at=at(hours=4))).expect(202)
        assert (told["status"], told["counts"]) == ("deferred", {"deferred": 1})
        assert told["send_at"] == told["deliveries"][0]["due_at"] == to_rfc3339(EPOCH + 3 * 3600 * 10**6)
        assert told["expires_at"] == to_rfc3339(EPOCH + 4 * 3600 * 10**6)

    asking(work)


def test_a_time_may_have_any_offset() -> None:
    async def work(ask: Asking) -> None:
        in_tokyo = at(hours=10).replace("+00:00", "+09:00")
        told = (await ask.send(send_at=in_tokyo)).expect(202)
        assert told["send_at"] == to_rfc3339(EPOCH + 3600 * 10**6)

    asking(work)


def test_who_got_the_same_before_is_named_with_the_first_delivery() -> None:
    async def work(ask: Asking) -> None:
        await ask.store.put_account(Account("john", "John", {OWL: "Pig"}))
        first = (await ask.send(recipients=[{OWL: "hedwig"}, "john"])).expect(202)
        second = (await ask.send(recipients=["john", {OWL: "errol"}, {OWL: "Hedwig"}])).expect(202)
        assert second["id"] != first["id"]
        assert second["counts"] == {"waiting": 1}
        assert [each["id"] for each in second["deliveries"]] == [f"{second['id']}-1"]
        assert second["duplicates"] == [
            {"pointer": "#/recipients/0", "messenger": OWL, "delivery_id": f"{first['id']}-1"},
            {"pointer": "#/recipients/2/owl", "messenger": OWL, "delivery_id": f"{first['id']}-0"},
        ]

    asking(work)


def test_where_everything_was_said_before_the_reply_is_the_message_that_said_it() -> None:
    async def work(ask: Asking) -> None:
        first = (await ask.send()).expect(202)
        again = await ask.send()
        assert again.expect(202)["id"] == first["id"]
        assert again.headers["location"] == f"/api/messages/{first['id']}"
        assert again.json["duplicates"] == [
            {"pointer": "#/recipients/0/owl", "messenger": OWL, "delivery_id": f"{first['id']}-0"}
        ]
        assert len(ask.rung) == 1

    asking(work)


def test_a_dedupe_key_stands_for_the_text() -> None:
    async def work(ask: Asking) -> None:
        first = (await ask.send(text="Your code is 1", dedupe_key="code")).expect(202)
        other = (await ask.send(text="Your code is 2", dedupe_key="code")).expect(202)
        fresh = (await ask.send(text="Your code is 2", dedupe_key="code 2")).expect(202)
        assert first["id"] == other["id"] != fresh["id"]

    asking(work)


def test_duplicates_can_be_allowed() -> None:
    async def work(ask: Asking) -> None:
        first = (await ask.send(allow_duplicate=True)).expect(202)
        again = (await ask.send(allow_duplicate=True)).expect(202)
        assert first["id"] != again["id"]
        assert again["duplicates"] == []

    asking(work)


@pytest.mark.parametrize(
    ("count", "asked", "given"),
    [(1, ..., "normal"), (1_000, ..., "normal"), (1_001, ..., "bulk"), (1_001, "high", "high"), (1, "bulk", "bulk")],
)
def test_a_crowd_is_bulk_unless_the_message_says_otherwise(count: int, asked: Any, given: str) -> None:
    async def work(ask: Asking) -> None:
        crowd = [{PIGEON: str(number)} for number in range(count)]
        told = (await ask.send(messengers=[PIGEON], recipients=crowd, priority=asked)).expect(202)
        assert told["priority"] == given

    asking(work)


def test_the_number_of_attempts_is_a_setting_that_a_message_may_change() -> None:
    async def work(ask: Asking) -> None:
        assert (await ask.send()).expect(202)["max_attempts"] == 7
        assert (await ask.send(text="Other", max_attempts=None)).expect(202)["max_attempts"] == 7
        assert (await ask.send(text="Another", max_attempts=100)).expect(202)["max_attempts"] == 100

    asking(work, settings=ApiSettings(max_attempts=7))


def test_a_sender_given_by_id_speaks_under_its_accounts_name() -> None:
    async def work(ask: Asking) -> None:
        path = "/api/accounts/acme"
        (await ask.call("PUT", path, {"name": "Acme Ltd"})).expect(201)
        assert (await ask.send()).expect(202)["sender"] == {"id": "acme", "name": "Acme Ltd"}
        (await ask.call("PUT", path, {"name": "Acme Inc"})).expect(200)
        assert (await ask.send(text="2")).expect(202)["sender"]["name"] == "Acme Inc"
        told = (await ask.send(text="3", sender={"id": "acme", "name": "Support"})).expect(202)
        assert told["sender"] == {"id": "acme", "name": "Support"}

    asking(work)


def test_a_name_that_another_process_changed_is_used_a_second_later() -> None:
    async def work(ask: Asking) -> None:
        (await ask.send(text="1")).expect(202)
        await ask.store.put_account(Account("acme", "Acme Ltd", {}))
        await pass_time(1)
        assert (await ask.send(text="2")).expect(202)["sender"]["name"] == "Acme Ltd"

    asking(work)


def test_a_dry_run_tells_what_would_be_accepted_and_stores_nothing() -> None:
    async def work(ask: Asking) -> None:
        body = {"sender": "acme", "text": "Hello", "messengers": [OWL], "recipients": [{OWL: "hedwig"}]}
        headers = {"Idempotency-Key": "once"}
        told = (await ask.call("POST", "/api/messages", body, headers=headers, dry_run="true")).expect(200)
        assert told == {
            "dry_run": True,
            "status": "waiting",
            "sender": {"id": "acme", "name": "acme"},
            "text": "Hello",
            "send_at": None,
            "expires_at": None,
            "max_attempts": 5,
            "priority": "normal",
            "counts": {"waiting": 1},
            "deliveries": [{"messenger": OWL, "recipient": "Hedwig", "account": None}],
        }
        assert (await ask.call("GET", "/api/messages")).expect(200)["messages"] == []
        assert (await ask.call("POST", "/api/messages", body, headers=headers)).expect(202)["duplicates"] == []

    asking(work)


def test_a_dry_run_names_every_fault_too() -> None:
    async def work(ask: Asking) -> None:
        answer = await ask.call("POST", "/api/messages", {"sender": "?"}, dry_run="true")
        assert set(answer.faults()) == {"#/sender", "#/text", "#/messengers", "#/recipients"}
        assert ask.rung == []

    asking(work)


def test_a_mistyped_dry_run_sends_nothing() -> None:
    async def work(ask: Asking) -> None:
        body = {"sender": "acme", "text": "", "messengers": [OWL], "recipients": [{OWL: "hedwig"}]}
        answer = await ask.call("POST", "/api/messages", body, dryrun="true", dry_run="maybe")
        assert set(answer.faults()) == {"#/query/dryrun", "#/query/dry_run", "#/text"}

    asking(work)


def test_a_message_is_shown_as_it_stands() -> None:
    async def work(ask: Asking) -> None:
        told = (await ask.send()).expect(202)
        await ask.store.claim(OWL, suspects=False, limit=1, lease_until=EPOCH * 2, now=EPOCH)
        seen = (await ask.call("GET", f"/api/messages/{told['id']}")).expect(200)
        assert (seen["status"], seen["counts"]) == (State.SENDING, {"sending": 1})
        assert seen["deliveries"][0]["attempts"] == 1

    asking(work)
