"""Every wrong parameter is named, all of them in one reply, and nothing is stored."""

from typing import Any

import pytest

from tests.unit.api.asking import OWL, PIGEON, Asking, asking, at
from vestnik.domain.account import Account

LAST_MOMENT = "9999-12-31T23:59:59"


def wrong(fields: dict[str, Any]) -> dict[str, str]:
    """The faults of a message with these fields, of which nothing may be stored."""

    async def work(ask: Asking) -> dict[str, str]:
        await ask.store.put_account(Account("john", "John", {OWL: "Pig"}))
        faults = (await ask.send(**fields)).faults()
        assert (await ask.call("GET", "/api/messages")).expect(200)["messages"] == []
        assert ask.rung == []
        return faults

    return asking(work)


@pytest.mark.parametrize(
    ("fields", "pointers"),
    [
        ({"sender": ...}, {"#/sender": "is required"}),
        ({"sender": None}, {"#/sender": "must be a string or an object"}),
        ({"sender": 5}, {"#/sender": "must be a string or an object"}),
        ({"sender": ""}, {"#/sender": "must not be empty"}),
        ({"sender": "a b"}, {"#/sender": "is not an account's id"}),
        ({"sender": "x" * 65}, {"#/sender": "is not an account's id"}),
        ({"sender": {}}, {"#/sender/id": "is required"}),
        ({"sender": {"id": 5}}, {"#/sender/id": "must be a string"}),
        ({"sender": {"id": "?"}}, {"#/sender/id": "is not an account's id"}),
        ({"sender": {"id": "acme", "name": "x" * 201}}, {"#/sender/name": "must have at most 200 characters"}),
        ({"sender": {"id": "acme", "avatar": ""}}, {"#/sender/avatar": "there is no such field"}),
        ({"text": ...}, {"#/text": "is required"}),
        ({"text": None}, {"#/text": "must be a string"}),
        ({"text": 5}, {"#/text": "must be a string"}),
        ({"text": ""}, {"#/text": "must not be empty"}),
        ({"text": " \n\t "}, {"#/text": "must not be empty"}),
        ({"text": "x" * 41}, {"#/text": "is too long: owl takes 40 of its 41"}),
        ({"text": "nul\0"}, {"#/text": "holds a NUL"}),
        ({"text": "\ud83d"}, {"#/text": "half a character"}),
        ({"text": "\udc00\ud83d"}, {"#/text": "half a character"}),
        ({"messengers": ...}, {"#/messengers": "is required"}),
        ({"messengers": []}, {"#/messengers": "must not be empty"}),
        ({"messengers": OWL}, {"#/messengers": "must be a list"}),
        ({"messengers": [OWL, "eagle"]}, {"#/messengers/1": "there is no messenger of this name"}),
        ({"messengers": ["OWL"]}, {"#/messengers/0": "there is no messenger of this name"}),
        ({"messengers": [OWL, OWL]}, {"#/messengers/1": "names owl a second time"}),
        ({"messengers": [OWL, 1, None]}, {"#/messengers/1": "must be a string", "#/messengers/2": "must be a string"}),
        ({"messengers": [OWL] * 101}, {"#/messengers": "must have at most 100 items"}),
        ({"messengers": [1] * 101}, {"#/messengers": "must have at most 100 items"}),
        ({"recipients": ...}, {"#/recipients": "is required"}),
        ({"recipients": []}, {"#/recipients": "must not be empty"}),
        ({"recipients": {OWL: "hedwig"}}, {"#/recipients": "must be a list"}),
        ({"recipients": ["nobody"]}, {"#/recipients/0": "there is no account nobody"}),
        ({"recipients": ["john", "a b"]}, {"#/recipients/1": "is not an account's id"}),
        ({"recipients": [""]}, {"#/recipients/0": "is not an account's id"}),
        ({"recipients": [1, None, []]}, {f"#/recipients/{n}": "must be a string or an object" for n in range(3)}),
        ({"recipients": [{}]}, {"#/recipients/0/owl": "is needed to reach this recipient on owl"}),
        ({"recipients": [{OWL: None}]}, {"#/recipients/0/owl": "is needed"}),
        ({"recipients": [{OWL: ""}]}, {"#/recipients/0/owl": "is needed"}),
        ({"recipients": [{OWL: 7}]}, {"#/recipients/0/owl": "must be a string or null"}),
        ({"recipients": [{OWL: "x7"}]}, {"#/recipients/0/owl": "an owl is known by its name"}),
        ({"recipients": [{OWL: "x" * 257}]}, {"#/recipients/0/owl": "has more than 256 characters"}),
        ({"recipients": [{OWL: "a\0"}]}, {"#/recipients/0/owl": "holds a NUL"}),
        ({"recipients": [{OWL: "hedwig", "Owl": "x"}]}, {"#/recipients/0/Owl": "there is no messenger"}),
        ({"recipients": [{OWL: "hedwig", "a/b~c d": "x"}]}, {"#/recipients/0/a~1b~0c%20d": "there is no messenger"}),
        ({"recipients": [{str(n): "" for n in range(101)}]}, {"#/recipients/0": "must have at most 100 fields"}),
        (
            {"messengers": [OWL, PIGEON], "recipients": ["john"]},
            {"#/recipients/0": "account john has no identifier on pigeon"},
        ),
        ({"send_at": 5}, {"#/send_at": "must be a string or null"}),
        ({"send_at": "tomorrow"}, {"#/send_at": "is not a time after RFC 3339"}),
        ({"send_at": "2030-01-01"}, {"#/send_at": "is not a time after RFC 3339"}),
        ({"send_at": "9" * 10_000}, {"#/send_at": "is not a time after RFC 3339"}),
        ({"send_at": "2030-01-01T12:00:00"}, {"#/send_at": "has no offset from UTC"}),
        ({"send_at": at(microseconds=-1)}, {"#/send_at": "is in the past: it is 2027-01-15T08:00:00Z"}),
        ({"send_at": "0001-01-01T00:00:00+23:59"}, {"#/send_at": "is beyond the years 1 to 9999 in UTC"}),
        ({"send_at": f"{LAST_MOMENT}-23:59"}, {"#/send_at": "is beyond the years 1 to 9999 in UTC"}),
        ({"expires_at": at(seconds=-1)}, {"#/expires_at": "is in the past"}),
        ({"expires_at": at(hours=1), "send_at": at(hours=1)}, {"#/expires_at": "is not after the time of sending"}),
        ({"max_attempts": 0}, {"#/max_attempts": "must be at least 1"}),
        ({"max_attempts": 101}, {"#/max_attempts": "must be at most 100"}),
        ({"max_attempts": 10**400}, {"#/max_attempts": "must be at most 100"}),
        ({"max_attempts": -(10**400)}, {"#/max_attempts": "must be at least 1"}),
        ({"max_attempts": 5.0}, {"#/max_attempts": "must be a whole number"}),
        ({"max_attempts": 5.5}, {"#/max_attempts": "must be a whole number or null"}),
        ({"max_attempts": "5"}, {"#/max_attempts": "must be a whole number or null"}),
        ({"max_attempts": True}, {"#/max_attempts": "must be a whole number or null"}),
        ({"priority": "low"}, {"#/priority": "must be one of bulk, high, normal"}),
        ({"priority": 1}, {"#/priority": "must be one of bulk, high, normal"}),
        ({"dedupe_key": ""}, {"#/dedupe_key": "must not be empty"}),
        ({"send_at": ""}, {"#/send_at": "is not a time after RFC 3339, such as 2030-11-23T12:30:00+03:00"}),
        ({"expires_at": ""}, {"#/expires_at": "is not a time after RFC 3339, such as 2030-11-23T12:30:00+03:00"}),
        ({"dedupe_key": "x" * 256}, {"#/dedupe_key": "must have at most 255 characters"}),
        ({"allow_duplicate": "yes"}, {"#/allow_duplicate": "must be true or false"}),
        ({"allow_duplicate": None}, {"#/allow_duplicate": "must be true or false"}),
        ({"txt": 1}, {"#/txt": "there is no such field"}),
        ({"": 1}, {"#/": "there is no such field"}),
        ({"sender": {"id": "acme", "": 1}}, {"#/sender/": "there is no such field"}),
        ({"recipients": [{OWL: "hedwig", "": 1}]}, {"#/recipients/0/": "there is no such field"}),
    ],
)
def test_a_wrong_parameter_is_named_and_nothing_else_is(fields: dict[str, Any], pointers: dict[str, str]) -> None:
    faults = wrong(fields)
    assert set(faults) == set(pointers)
    for pointer, words in pointers.items():
        assert words in faults[pointer]


def test_faults_of_shape_and_of_meaning_are_told_in_one_reply() -> None:
    faults = wrong(
        {
            "sender": {"id": 5, "nme": "x"},
            "text": "x" * 41,
            "messengers": [OWL, "eagle", 3],
            "recipients": ["nobody", {OWL: "x7"}, {OWL: 5, "eagle": "x"}, 7, {}],
            "send_at": "yesterday",
            "expires_at": 1,
            "max_attempts": 1_000,
            "extra": None,
        }
    )
    assert set(faults) == {
        "#/sender/id",
        "#/sender/nme",
        "#/text",
        "#/messengers/1",
        "#/messengers/2",
        "#/recipients/0",
        "#/recipients/1/owl",
        "#/recipients/2/owl",
        "#/recipients/2/eagle",
        "#/recipients/3",
        "#/recipients/4/owl",
        "#/send_at",
        "#/expires_at",
        "#/max_attempts",
        "#/extra",
    }


def test_an_account_that_lacks_two_messengers_has_two_faults() -> None:
    async def work(ask: Asking) -> None:
        await ask.store.put_account(Account("jane", "Jane", {}))
        answer = await ask.send(messengers=[OWL, PIGEON], recipients=["jane"])
        details = [(fault["pointer"], fault["detail"]) for fault in answer.expect(422)["errors"]]
        assert details == [
            ("#/recipients/0", "account jane has no identifier on owl"),
            ("#/recipients/0", "account jane has no identifier on pigeon"),
        ]

    asking(work)


def test_the_strictest_limit_counts_and_each_messenger_counts_in_its_own_way() -> None:
    async def work(ask: Asking) -> None:
        both = {"messengers": [OWL, PIGEON], "recipients": [{OWL: "hedwig", PIGEON: "1"}]}
        (await ask.send(**both, text="x" * 20)).expect(202)
        assert (await ask.send(**both, text="ы" * 11)).faults() == {"#/text": "is too long: pigeon takes 20 of its 22"}
        assert (await ask.send(**both, text="x" * 41)).faults() == {
            "#/text": "is too long: owl takes 40 of its 41, pigeon takes 20 of its 41"
        }

    asking(work)


def test_identifiers_for_messengers_that_were_not_chosen_are_left_alone() -> None:
    async def work(ask: Asking) -> None:
        told = (await ask.send(recipients=[{OWL: "hedwig", PIGEON: "no number"}])).expect(202)
        assert told["counts"] == {"waiting": 1}

    asking(work)


def test_ten_thousand_recipients_are_taken_and_one_more_is_not() -> None:
    async def work(ask: Asking) -> None:
        crowd = [{PIGEON: str(number)} for number in range(10_001)]
        answer = await ask.send(messengers=[PIGEON], recipients=crowd)
        assert answer.faults() == {"#/recipients": "must have at most 10000 recipients"}
        mixed = await ask.send(messengers=[PIGEON], recipients=[7, *crowd, 7])
        assert set(mixed.faults()) == {"#/recipients", "#/recipients/0"}
        told = (await ask.send(messengers=[PIGEON], recipients=crowd[:-1])).expect(202)
        assert told["counts"] == {"waiting": 10_000}

    asking(work)


def test_each_of_thirty_thousand_wrong_parameters_is_named() -> None:
    async def work(ask: Asking) -> None:
        crowd = [{OWL: "7", PIGEON: "x", "eagle": "y"} for _ in range(10_000)]
        faults = (await ask.send(messengers=[OWL, PIGEON], recipients=crowd)).faults()
        assert len(faults) == 30_000
        assert faults["#/recipients/9999/pigeon"] == "a pigeon is known by the number on its ring"

    asking(work)


@pytest.mark.parametrize("body", [[], 5, None, "text", True, 1e308])
def test_a_body_that_is_no_object_is_told_so(body: Any) -> None:
    async def work(ask: Asking) -> None:
        content = str(body).encode() if isinstance(body, float) else None
        for path in ("/api/messages", "/api/sendmsg"):
            sent = content if content is not None else body if body is not None else b"null"
            assert (await ask.call("POST", path, sent)).faults() == {"#": "must be an object"}

    asking(work)


def test_a_body_of_too_many_fields_is_told_so_once() -> None:
    async def work(ask: Asking) -> None:
        answer = await ask.send(**{f"field{number}": 1 for number in range(200)})
        assert answer.faults() == {"#": "must have at most 100 fields"}

    asking(work)


def test_an_escaped_backslash_before_u0000_is_no_nul() -> None:
    async def work(ask: Asking) -> None:
        assert (await ask.send(text="\\u0000 is code")).expect(202)["text"] == "\\u0000 is code"

    asking(work)


def test_text_is_kept_as_it_came() -> None:
    async def work(ask: Asking) -> None:
        for text in ("  x  ", "\u0001\u007f", "é e\u0301", "👩\u200d👩\u200d👧", "\r\n|"):
            assert (await ask.send(text=text, allow_duplicate=True)).expect(202)["text"] == text

    asking(work)
