"""The first thing that anybody does: the example request, against the service with its sample accounts."""

from pathlib import Path
from typing import Any

from tests.acceptance.journal import audit, expected
from tests.acceptance.people import MESSENGERS
from tests.acceptance.service import Service

JOHN = "EGAZ3SZRi6zW1D0uNYhQHg=="
TEXT = "Now I have a machine gun. Ho-ho-ho."


def example(service: Service) -> dict[str, Any]:
    """The request in its original words, to the four sample accounts that are on every messenger."""
    accounts = service.call("GET", "/api/accounts").expect(200)["accounts"]
    everywhere = [account["id"] for account in accounts if set(account["identifiers"]) == set(MESSENGERS)]
    assert JOHN in everywhere
    users = [JOHN, *(account for account in everywhere if account != JOHN)][:4]
    assert len(users) == 4
    return {
        "sender": {"id": "john-mcclane", "name": "John McClane"},
        "message": TEXT,
        "messengers_list": ["Whatsapp", "Viber", "Telegramm"],
        "users_list": users,
        "deffered_time": "",
        "is_sended": "",
        "status": "",
    }


def identifiers(service: Service, account: str) -> dict[str, str]:
    accounts = service.call("GET", "/api/accounts").expect(200)["accounts"]
    found: dict[str, str] = next(each["identifiers"] for each in accounts if each["id"] == account)
    return found


def test_the_example_reaches_four_people_on_three_messengers_once_each(tmp_path: Path) -> None:
    with Service(tmp_path, "--demo") as service:
        request = example(service)
        reply = service.call("POST", "/api/sendmsg", request)
        sent = reply.expect(202)
        assert reply.headers["location"] == f"/api/messages/{sent['id']}"
        service.wait_until_settled(sent["id"])
        people = [identifiers(service, account) for account in request["users_list"]]
        result = audit(expected(TEXT, people, MESSENGERS), service.journal())
        assert result.faultless, result
        assert result.accepted == 12
        assert service.message(sent["id"])["counts"] == {"delivered": 12}


def test_the_reply_says_in_the_original_words_that_it_was_sent(tmp_path: Path) -> None:
    with Service(tmp_path, "--demo") as service:
        request = example(service)
        sent = service.call("POST", "/api/sendmsg", request).expect(202)
        assert sent["status"] in ("Waiting", "Sending", "Delivered")
        service.wait_until_settled(sent["id"])
        again = service.call("POST", "/api/sendmsg", request).expect(202)
        assert again["status"] == "Delivered"
        assert again["is_sended"] is True


def test_a_repeat_of_the_example_replies_with_the_original_and_nobody_gets_it_again(tmp_path: Path) -> None:
    with Service(tmp_path, "--demo") as service:
        request = example(service)
        first = service.call("POST", "/api/sendmsg", request).expect(202)
        service.wait_until_settled(first["id"])
        second = service.call("POST", "/api/sendmsg", request).expect(202)
        assert second["id"] == first["id"]
        assert len(second["duplicates"]) == 12
        service.wait_until_settled(second["id"])
        assert len(service.journal()) == 12


def test_every_wrong_parameter_is_named_in_the_callers_own_words_and_nothing_is_stored(tmp_path: Path) -> None:
    with Service(tmp_path, "--demo") as service:
        request = example(service) | {"messengers_list": ["Viber", "Icq"], "deffered_time": "tomorrow", "extra": 1}
        request["users_list"][2] = "nobody"
        faults = service.call("POST", "/api/sendmsg", request).faults()
        assert set(faults) == {"#/messengers_list/1", "#/deffered_time", "#/users_list/2", "#/extra"}
        assert service.call("GET", "/api/messages").expect(200)["messages"] == []
        assert service.journal() == []
