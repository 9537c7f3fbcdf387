"""The same message never reaches the same recipient twice, unless the sender asks for it."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tests.acceptance.journal import audit, expected
from tests.acceptance.people import MESSENGERS, people, person
from tests.acceptance.service import Service

TEXT = "Once is enough"


def test_a_repeat_after_a_kill_replies_with_the_original(tmp_path: Path) -> None:
    with Service(tmp_path) as service:
        first = service.send(TEXT, people(3))
        service.wait_until_settled(first["id"])
        service.kill9()
        service.start()
        second = service.send(TEXT, people(3))
        assert second["id"] == first["id"]
        service.wait_until_settled(second["id"])
        assert audit(expected(TEXT, people(3), MESSENGERS), service.journal()).faultless


def test_a_message_for_later_blocks_its_repetition_now(tmp_path: Path) -> None:
    with Service(tmp_path) as service:
        send_at = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
        first = service.send(TEXT, [person(1)], send_at=send_at)
        second = service.send(TEXT, [person(1)])
        assert second["id"] == first["id"]
        assert second["counts"] == {"deferred": 3}
        assert service.journal() == []


def test_only_those_who_have_not_got_it_get_it(tmp_path: Path) -> None:
    with Service(tmp_path) as service:
        first = service.send(TEXT, people(2))
        second = service.send(TEXT, people(3))
        assert second["id"] != first["id"]
        assert second["counts"].keys() <= {"waiting", "sending", "sent", "delivered"}
        assert sum(second["counts"].values()) == 3
        told = {(each["pointer"], each["messenger"]) for each in second["duplicates"]}
        assert told == {(f"#/recipients/{number}/{name}", name) for number in range(2) for name in MESSENGERS}
        originals = {delivery["id"] for delivery in service.deliveries(first["id"])}
        assert {each["delivery_id"] for each in second["duplicates"]} == originals
        service.wait_until_settled(first["id"], second["id"])
        assert audit(expected(TEXT, people(3), MESSENGERS), service.journal()).faultless


def test_a_recipient_named_twice_in_one_request_gets_it_once(tmp_path: Path) -> None:
    with Service(tmp_path) as service:
        sent = service.send(TEXT, [person(1), person(2), person(1)])
        assert {each["pointer"] for each in sent["duplicates"]} == {f"#/recipients/2/{name}" for name in MESSENGERS}
        service.wait_until_settled(sent["id"])
        assert audit(expected(TEXT, [person(1), person(2)], MESSENGERS), service.journal()).faultless


def test_one_number_in_two_spellings_is_one_recipient(tmp_path: Path) -> None:
    with Service(tmp_path) as service:
        sent = service.send(TEXT, [{"whatsapp": "+79161234567"}, {"whatsapp": "+7 (916) 123-45-67"}])
        assert [each["pointer"] for each in sent["duplicates"]] == ["#/recipients/1/whatsapp"]
        service.wait_until_settled(sent["id"])
        assert len(service.journal()) == 1


def test_differences_that_no_reader_sees_make_no_new_message(tmp_path: Path) -> None:
    with Service(tmp_path) as service:
        ids = {
            service.send(text, [person(1)])["id"]
            for text in ("Caf\u00e9\nat five", "Cafe\u0301\nat five", "Caf\u00e9\r\nat five  ", "Caf\u00e9 \nat five\n")
        }
        assert len(ids) == 1
        service.wait_until_settled(*ids)
        assert len(service.journal()) == 3


def test_another_sender_may_say_the_same(tmp_path: Path) -> None:
    with Service(tmp_path) as service:
        ids = [service.send(TEXT, [person(1)], sender=sender)["id"] for sender in ("acme", "globex")]
        service.wait_until_settled(*ids)
        assert len(service.journal()) == 6


def test_a_key_decides_what_is_the_same_in_place_of_the_text(tmp_path: Path) -> None:
    with Service(tmp_path) as service:
        first = service.send("Your code is 1234", [person(1)], dedupe_key="login-1")
        repeated = service.send("Your code is 9876", [person(1)], dedupe_key="login-1")
        another = service.send("Your code is 1234", [person(1)], dedupe_key="login-2")
        assert repeated["id"] == first["id"]
        assert another["id"] != first["id"]
        service.wait_until_settled(first["id"], another["id"])
        assert [entry.arrival.text for entry in service.journal()] == ["Your code is 1234"] * 6


def test_a_duplicate_that_is_allowed_arrives_again(tmp_path: Path) -> None:
    with Service(tmp_path) as service:
        first = service.send(TEXT, [person(1)])
        again = service.send(TEXT, [person(1)], allow_duplicate=True)
        assert again["id"] != first["id"]
        assert again["duplicates"] == []
        service.wait_until_settled(first["id"], again["id"])
        assert len(service.journal()) == 6


def test_the_same_may_be_said_again_when_the_window_has_passed(tmp_path: Path) -> None:
    with Service(tmp_path, "--test-clock", dedupe_window=3600) as service:
        first = service.send(TEXT, [person(1)])
        service.wait_until_settled(first["id"])
        service.call("POST", "/api/clock", {"advance": "PT59M"}).expect(200)
        assert service.send(TEXT, [person(1)])["id"] == first["id"]
        service.call("POST", "/api/clock", {"advance": "PT2M"}).expect(200)
        second = service.send(TEXT, [person(1)])
        assert second["id"] != first["id"]
        service.wait_until_settled(second["id"])
        assert len(service.journal()) == 6


def test_twenty_clients_that_say_the_same_at_once_get_one_message(tmp_path: Path) -> None:
    with Service(tmp_path) as service, ThreadPoolExecutor(20) as pool:
        replies = list(pool.map(lambda _: service.send(TEXT, people(20)), range(20)))
        assert len({reply["id"] for reply in replies}) == 1
        service.wait_until_settled(replies[0]["id"])
        assert audit(expected(TEXT, people(20), MESSENGERS), service.journal()).faultless


def test_a_repeated_request_with_its_idempotency_key_gets_the_first_reply_again(tmp_path: Path) -> None:
    said = {"sender": "acme", "text": TEXT, "allow_duplicate": True}
    body = {**said, "messengers": ["telegram"], "recipients": [{"telegram": "1"}]}
    key = {"idempotency-key": "order-66"}
    with Service(tmp_path) as service:
        first = service.call("POST", "/api/messages", body, headers=key)
        service.kill9()
        service.start()
        again = service.call("POST", "/api/messages", body, headers=key)
        assert again.expect(202)["id"] == first.expect(202)["id"]
        assert again.body == first.body
        service.call("POST", "/api/messages", body | {"text": "Other"}, headers=key).expect(422)
        service.wait_until_settled(first.json["id"])
        assert len(service.journal()) == 1
