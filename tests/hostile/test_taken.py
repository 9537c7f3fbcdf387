"""Odd input that is nothing wrong: it is taken, and comes out as it went in."""

from collections.abc import Iterator
from typing import Final

import pytest

from tests.acceptance.people import person
from tests.acceptance.service import Service
from tests.hostile.planes import PLANES

LATEST: Final = "9998-12-30T23:59:00Z"
"""To which the test clock can be set."""
END: Final = "9999-12-31T23:59:59.999999Z"


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    with Service(tmp_path_factory.mktemp("taken"), "--test-clock") as running:
        yield running


def test_a_text_of_any_plane_arrives_as_it_is(service: Service) -> None:
    """Code points that are no characters are taken too: Unicode lets them be exchanged."""
    texts = [f"{number}: {odd}." for number, odd in enumerate(PLANES)]
    ids = [service.send(text, [person(number)])["id"] for number, text in enumerate(texts)]
    service.wait_until_settled(*ids)
    assert [service.message(each)["text"] for each in ids] == texts
    arrived = {(entry.arrival.messenger, entry.arrival.text) for entry in service.journal()}
    assert arrived == {(messenger, text) for messenger in person(0) for text in texts}


def test_a_message_for_the_end_of_time_waits_for_it_and_can_be_cancelled(service: Service) -> None:
    service.call("POST", "/api/clock", {"set": LATEST}).expect(200)
    sent = service.send("the last one", [person(1)], send_at=END)
    assert service.message(sent["id"])["send_at"] == END
    assert service.message(sent["id"])["counts"] == {"deferred": 3}
    service.call("POST", f"/api/messages/{sent['id']}/cancel").expect(200)
    now = service.send("just before it", [person(2)])
    service.wait_until_settled(now["id"])
    service.call("POST", "/api/clock", {"reset": True}).expect(200)
    service.kill9()
    service.start()
    assert service.message(sent["id"])["counts"] == {"cancelled": 3}
