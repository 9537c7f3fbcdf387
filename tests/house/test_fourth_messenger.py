"""Decides whether a messenger that the project has never heard of is served like the others: `toy/owl`, from outside.

It has never heard of how messengers are found; it puts a package beside Vestnik that names one in its entry points.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from tests.acceptance.journal import Arrival
from tests.acceptance.service import Service
from tests.house.source import ROOT, package

TOY: Final = ROOT / "tests" / "house" / "toy"


@pytest.fixture
def service(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Service]:
    monkeypatch.setenv("PYTHONPATH", str(TOY))
    with Service(tmp_path, owl_feather="brown", retry_base=0.1) as running:
        yield running


def test_no_file_of_the_package_names_it() -> None:
    assert [source.path for source in package() if re.search(r"\bowl\b", source.text, re.IGNORECASE)] == []


def test_a_letter_to_an_account_travels_the_whole_way(service: Service) -> None:
    account = {"name": "Harry", "identifiers": {"owl": " Privet-4 "}}
    assert service.call("PUT", "/api/accounts/harry", account).expect(201)["identifiers"] == {"owl": "privet-4"}
    sent = service.send("You are late.", ["harry"], ["owl"])
    assert sent["deliveries"][0]["recipient"] == "privet-4"
    service.wait_until_settled(sent["id"])
    (letter,) = service.journal("owl")
    assert letter.arrival == Arrival("owl", "privet-4", "You are late.")
    delivery = service.call("GET", f"/api/deliveries/{sent['id']}-0").expect(200)
    assert (delivery["status"], delivery["external_id"]) == ("delivered", letter.external_id)
    assert [receipt["kind"] for receipt in delivery["history"]["receipts"]] == ["delivered"]
    again = service.send("You are late.", ["harry"], ["owl"])
    assert (again["id"], len(again["duplicates"])) == (sent["id"], 1)
    in_other_words = {"sender": "acme", "message": "Later.", "messengers_list": ["Strix"], "users_list": ["harry"]}
    assert service.call("POST", "/api/sendmsg", in_other_words).expect(202)["counts"] == {"waiting": 1}


def test_its_own_rules_refuse_what_is_no_address_or_too_long(service: Service) -> None:
    body = {"sender": "acme", "text": "x" * 501, "messengers": ["owl"], "recipients": [{"owl": "the cupboard"}]}
    faults = service.call("POST", "/api/messages", body).faults()
    assert set(faults) == {"#/text", "#/recipients/0/owl"}
    assert faults["#/recipients/0/owl"] == "an owl's address is a street and a number, such as privet-4"


def test_faults_strike_it_and_it_is_tried_again_without_doubling(service: Service) -> None:
    service.faults(
        {"messenger": "owl", "recipient": "privet-1", "fault": "throttle", "times": 1, "retry_after": 0},
        {"messenger": "owl", "recipient": "privet-2", "fault": "lose_reply", "times": 1},
        {"messenger": "owl", "recipient": "privet-3", "fault": "unknown_user"},
    )
    sent = service.send("Come.", [{"owl": f"privet-{number}"} for number in (1, 2, 3, 4)])
    service.wait_until_settled(sent["id"])
    found = {each["recipient"]: (each["status"], each["attempts"]) for each in service.deliveries(sent["id"])}
    assert found == {
        "privet-1": ("delivered", 2),
        "privet-2": ("delivered", 2),
        "privet-3": ("failed", 1),
        "privet-4": ("delivered", 1),
    }
    assert sorted(letter.arrival.recipient for letter in service.journal("owl")) == ["privet-1", "privet-2", "privet-4"]


def test_forged_reports_metrics_and_the_description_know_it(service: Service) -> None:
    forged = service.call("POST", "/api/receipts/owl", {"number": 1, "at": 1}, headers={"x-seal": "wax"})
    assert forged.status == 403
    assert 'vestnik_attempts_total{ending="taken",messenger="owl"}' in service.call("GET", "/metrics").body.decode()
    description = service.call("GET", "/api/openapi.json").body.decode()
    assert '"owl"' in description
    assert "privet-4" in description
