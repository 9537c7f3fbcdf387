"""What the relay holds to be out: nothing twice, nothing forgotten, and never more than it may."""

from vestnik.cluster.window import Window


def test_what_is_no_longer_waiting_has_been_taken() -> None:
    window = Window(10)
    window.published([("a", "ann"), ("b", "bob")], 100)
    window.keep({"b", "c"})
    assert (window.ids, window.recipients, window.room) == (["b"], {"bob"}, 9)


def test_only_what_has_waited_since_its_last_publishing_is_overdue_the_longest_waiting_first() -> None:
    window = Window(10)
    window.published([("a", "ann")], 200)
    window.published([("b", "bob"), ("c", "cid")], 100)
    assert window.overdue(99) == []
    assert window.overdue(200) == [("b", "bob"), ("c", "cid"), ("a", "ann")]
    window.published([("b", "bob")], 300)
    assert window.overdue(200) == [("c", "cid"), ("a", "ann")]
    assert len(window) == 3


def test_there_is_no_room_beyond_its_size() -> None:
    window = Window(2)
    window.published([("a", "ann"), ("b", "bob"), ("c", "cid")], 100)
    assert window.room == 0
