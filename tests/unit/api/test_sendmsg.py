"""POST /api/sendmsg is the same as /api/messages, in the words of the original request."""

from typing import Any

import pytest

from tests.unit.api.asking import OWL, PIGEON, Answer, Asking, asking, at
from tests.virtual import EPOCH
from vestnik.api.views import ORIGINAL_WORDS
from vestnik.domain.account import Account
from vestnik.domain.delivery import Ending, Verdict
from vestnik.domain.lifecycle import Event, State

VIBER_LIKE = "EGAZ3SZRi6zW1D0uNYhQHg=="


async def sendmsg(ask: Asking, **fields: Any) -> Answer:
    """The request of the original task, with these fields changed; a field that is `...` is left out."""
    body: dict[str, Any] = {
        "sender": {"id": "01234567890A=", "name": "John McClane"},
        "message": "Hello World!",
        "messengers_list": ["Owl", "COLUMBA"],
        "users_list": [VIBER_LIKE],
        "deffered_time": "",
        "is_sended": "",
        "status": "",
    }
    body |= fields
    await ask.store.put_account(Account(VIBER_LIKE, "Holly", {OWL: "Hedwig", PIGEON: "7"}))
    return await ask.call("POST", "/api/sendmsg", {name: part for name, part in body.items() if part is not ...})


def test_the_original_request_is_understood() -> None:
    async def work(ask: Asking) -> None:
        answer = await sendmsg(ask)
        told = answer.expect(202)
        assert answer.headers["location"] == f"/api/messages/{told['id']}"
        assert (told["status"], told["is_sended"]) == ("Waiting", False)
        assert (told["state"], told["is_sent"], told["text"]) == ("waiting", False, "Hello World!")
        assert told["sender"] == {"id": "01234567890A=", "name": "John McClane"}
        assert [(each["messenger"], each["recipient"], each["account"]) for each in told["deliveries"]] == [
            (OWL, "Hedwig", VIBER_LIKE),
            (PIGEON, "7", VIBER_LIKE),
        ]
        seen = (await ask.call("GET", f"/api/messages/{told['id']}")).expect(200)
        assert seen["status"] == "waiting"
        assert {name: part for name, part in told.items() if name not in ("status", "state", "is_sended")} == {
            name: part for name, part in seen.items() if name != "status"
        }

    asking(work)


@pytest.mark.parametrize("absent", ["", None, ...])
def test_an_empty_string_and_null_mean_absent(absent: Any) -> None:
    async def work(ask: Asking) -> None:
        told = (
            await sendmsg(
                ask,
                sender={"id": "acme", "name": "" if absent is ... else absent},
                deffered_time=absent,
                expires_at=absent,
                priority=absent,
                dedupe_key=absent,
            )
        ).expect(202)
        assert (told["send_at"], told["expires_at"], told["priority"]) == (None, None, "normal")
        assert told["sender"] == {"id": "acme", "name": "acme"}
        faults = (await sendmsg(ask, sender=absent, message=absent, messengers_list=absent, users_list=absent)).faults()
        assert faults == dict.fromkeys(("#/sender", "#/message", "#/messengers_list", "#/users_list"), "is required")

    asking(work)


@pytest.mark.parametrize("words", [["owl", "pigeon"], ["OWLS", "Pigeon"], ["oWlL", "cOLUMBA"]])
def test_messengers_are_named_in_any_case_and_by_their_other_names(words: list[str]) -> None:
    async def work(ask: Asking) -> None:
        entry = {words[0].upper(): "hedwig", words[1].title(): "#9"}
        told = (await sendmsg(ask, messengers_list=words, users_list=[entry])).expect(202)
        assert [(each["messenger"], each["recipient"]) for each in told["deliveries"]] == [
            (OWL, "Hedwig"),
            (PIGEON, "9"),
        ]
        again = (await sendmsg(ask, messengers_list=words, users_list=[entry])).expect(202)
        assert [each["pointer"] for each in again["duplicates"]] == [
            f"#/users_list/0/{words[0].upper()}",
            f"#/users_list/0/{words[1].title()}",
        ]

    asking(work)


@pytest.mark.parametrize("ignored", ["", None, True, 5, "Sent", ["x"], {"": "\0"}, "\ud800"])
def test_what_is_read_only_is_ignored(ignored: Any) -> None:
    async def work(ask: Asking) -> None:
        (await sendmsg(ask, is_sended=ignored, status=ignored)).expect(202)

    asking(work)


def test_a_deferred_time_defers() -> None:
    async def work(ask: Asking) -> None:
        told = (await sendmsg(ask, deffered_time=at(hours=3))).expect(202)
        assert (told["status"], told["state"], told["is_sended"]) == ("Deffered", "deferred", False)
        assert told["counts"] == {"deferred": 2}

    asking(work)


def test_faults_point_at_the_callers_own_fields() -> None:
    async def work(ask: Asking) -> None:
        answer = await sendmsg(
            ask,
            sender={"id": "?", "avatar": 1},
            message=5,
            messengers_list=["Owl", "Eagle", "owls", 7],
            users_list=["nobody", {"OWL": "x7", "owl": "hedwig"}, 5, {"Eagle": "x"}],
            deffered_time="tomorrow",
            max_attempts=0,
            text="Hello",
        )
        assert set(answer.faults()) == {
            "#/sender/id",
            "#/sender/avatar",
            "#/message",
            "#/messengers_list/1",
            "#/messengers_list/2",
            "#/messengers_list/3",
            "#/users_list/0",
            "#/users_list/1/owl",
            "#/users_list/1/OWL",
            "#/users_list/2",
            "#/users_list/3/Eagle",
            "#/users_list/3/owl",
            "#/deffered_time",
            "#/max_attempts",
            "#/text",
        }
        assert (await ask.call("GET", "/api/messages")).expect(200)["messages"] == []

    asking(work)


@pytest.mark.parametrize(
    ("fields", "faults"),
    [
        ({"messengers_list": "Owl"}, {"#/messengers_list": "must be a list"}),
        ({"users_list": "john"}, {"#/users_list": "must be a list"}),
        ({"users_list": []}, {"#/users_list": "must not be empty"}),
        ({"message": "x" * 21}, {"#/message": "is too long: pigeon takes 20 of its 21"}),
        ({"deffered_time": at(seconds=-1)}, {"#/deffered_time": "is in the past: it is 2027-01-15T08:00:00Z"}),
        ({"deffered_time": 5}, {"#/deffered_time": "must be a string or null"}),
    ],
)
def test_a_wrong_parameter_is_named_and_nothing_else_is(fields: dict[str, Any], faults: dict[str, str]) -> None:
    async def work(ask: Asking) -> None:
        assert (await sendmsg(ask, **fields)).faults() == faults

    asking(work)


def test_a_repetition_shows_what_became_of_the_first_in_the_original_words() -> None:
    async def work(ask: Asking) -> None:
        only_owl = {"messengers_list": ["Owl"]}
        first = (await sendmsg(ask, **only_owl)).expect(202)
        await ask.store.claim(OWL, suspects=False, limit=1, lease_until=EPOCH * 2, now=EPOCH)
        assert (await sendmsg(ask, **only_owl)).expect(202)["status"] == "Sending"
        taken = Verdict(f"{first['id']}-0", 1, Event.TAKE_FOR_GOOD, Ending.TAKEN, EPOCH, external_id="1")
        assert await ask.store.record([taken], EPOCH) == [True]
        told = (await sendmsg(ask, **only_owl)).expect(202)
        assert (told["id"], told["status"], told["is_sended"]) == (first["id"], "Delivered", True)
        assert [each["pointer"] for each in told["duplicates"]] == ["#/users_list/0"]

    asking(work)


def test_a_dry_run_stores_nothing() -> None:
    async def work(ask: Asking) -> None:
        body = {"sender": "acme", "message": "x", "messengers_list": ["Owl"], "users_list": [{"owl": "hedwig"}]}
        told = (await ask.call("POST", "/api/sendmsg", body, dry_run="1")).expect(200)
        assert told["deliveries"] == [{"messenger": OWL, "recipient": "Hedwig", "account": None}]
        assert (await ask.call("GET", "/api/messages")).expect(200)["messages"] == []

    asking(work)


def test_every_state_has_one_of_the_original_words() -> None:
    assert set(ORIGINAL_WORDS) == set(State)
    assert set(ORIGINAL_WORDS.values()) == {"Deffered", "Waiting", "Sending", "Delivered", "Failed"}
