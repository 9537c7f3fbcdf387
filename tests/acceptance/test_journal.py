"""The count of what was lost and doubled, on which all other tests here lean."""

from datetime import UTC, datetime

from tests.acceptance.journal import Arrival, Entry, audit, expected
from tests.acceptance.people import people

ONE, TWO = expected("Hello", people(2), ["whatsapp"])
OTHER = Arrival("telegram", "1", "Never sent")


def entries(*arrivals: Arrival) -> list[Entry]:
    return [
        Entry(seq, arrival, datetime(2027, 1, 1, tzinfo=UTC), str(seq), None) for seq, arrival in enumerate(arrivals)
    ]


def test_what_arrived_once_each_is_faultless() -> None:
    result = audit([ONE, TWO], entries(TWO, ONE))
    assert result.faultless
    assert str(result) == "accepted = 2, lost = 0, doubled = 0"


def test_what_never_arrived_is_lost() -> None:
    result = audit([ONE, TWO], entries(TWO))
    assert result.lost == [ONE]
    assert not result.faultless


def test_what_arrived_more_than_once_is_doubled_as_often_as_it_was_too_many() -> None:
    result = audit([ONE, TWO], entries(ONE, TWO, ONE, ONE))
    assert result.doubled == [ONE, ONE]
    assert str(result) == "accepted = 2, lost = 0, doubled = 2"


def test_what_was_accepted_twice_on_purpose_has_to_arrive_twice() -> None:
    assert audit([ONE, ONE], entries(ONE, ONE)).faultless
    assert audit([ONE, ONE], entries(ONE)).lost == [ONE]


def test_what_nobody_accepted_is_unasked() -> None:
    result = audit([ONE], entries(ONE, OTHER))
    assert result.unasked == [OTHER]
    assert not result.faultless
