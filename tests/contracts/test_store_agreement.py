"""The stores live the same random life, and every answer of one is compared with the other's."""

from typing import Any, TypeAlias

import hypothesis.strategies as st
import pytest
from hypothesis.stateful import invariant, precondition, rule

from tests.contracts.two_stores import (
    MESSENGERS,
    PEOPLE,
    Call,
    TwoStores,
    lives,
    messengers,
    names,
    numbers,
    orders,
    people,
)
from vestnik.domain.account import Account, Key
from vestnik.domain.delivery import Claim, Ending, Verdict
from vestnik.domain.lifecycle import Event, State
from vestnik.domain.moment import SECOND
from vestnik.domain.outcomes import Receipt, ReceiptKind
from vestnik.domain.summary import message_status

endings = st.sampled_from(
    [
        (Event.TAKE, Ending.TAKEN),
        (Event.TAKE, Ending.TAKEN),
        (Event.TAKE_FOR_GOOD, Ending.TAKEN),
        (Event.PUT_OFF, Ending.PUT_OFF),
        (Event.PUT_OFF, Ending.UNCLEAR),
        (Event.PUT_OFF, Ending.UNCLEAR),
        (Event.FAIL, Ending.REFUSED),
        (Event.DOUBT, Ending.UNCLEAR),
    ]
)
kinds = st.sampled_from(ReceiptKind)
external_ids = st.sampled_from([f"x{n}" for n in range(6)])
waits = st.integers(0, 3)

Ended: TypeAlias = tuple[tuple[Event, Ending], str]
endings_with_ids = st.tuples(endings, external_ids)

Reported: TypeAlias = tuple[ReceiptKind, str, bool, bool]
reports = st.tuples(kinds, external_ids, st.booleans(), st.booleans())
"""Of a kind, with an external id, perhaps with a reference, perhaps with the recipient."""


class Deliveries(TwoStores):
    """Lanes, messengers' reports and people's decisions."""

    def __init__(self) -> None:
        super().__init__()
        self.claims: list[Claim] = []

    @rule(limit=st.integers(0, 4), lease=st.integers(1, 20), alone=st.booleans())
    def claim(self, limit: int, lease: int, alone: bool = False) -> None:
        options = {"limit": limit, "lease_until": self.now + lease * SECOND, "now": self.now, "alone": alone}
        lanes = [(messenger, suspects) for messenger in MESSENGERS for suspects in (False, True)]
        calls: list[Call] = [((name,), {"suspects": suspects, **options}) for name, suspects in [*lanes, lanes[0]]]
        for claimed in self.at_once("claim", *calls):
            self.claims += claimed.claims

    @rule(
        given=st.lists(orders, min_size=1, max_size=2),
        ended=st.lists(endings_with_ids, min_size=3, max_size=3),
        wait=waits,
        suspect=st.booleans(),
        heard=st.lists(reports, max_size=6),
    )
    def attempt(
        self, given: list[dict[str, Any]], ended: list[Ended], wait: int, suspect: bool, heard: list[Reported]
    ) -> None:
        """What is new and due is attempted; of its reports the first three come before it is recorded."""
        self.accept(given)
        before = len(self.claims)
        self.claim(3, 20)
        begun = self.claims[before:]
        early = [self._receipt(claim, reported, 0) for claim, reported in zip(begun, heard[:3], strict=False)]
        self.both("apply", early, self.now)
        verdicts = [self._verdict(claim, ended[place % 3], wait, suspect) for place, claim in enumerate(begun)]
        self.both("record", verdicts, self.now)
        receipts = [self._receipt(claim, reported, 0) for claim, reported in zip(begun, heard[3:], strict=False)]
        self.both("apply", receipts, self.now)

    @precondition(lambda self: self.claims)
    @rule(
        which=st.lists(st.tuples(numbers, endings_with_ids), min_size=1, max_size=3), wait=waits, suspect=st.booleans()
    )
    def record(self, which: list[tuple[int, Ended]], wait: int, suspect: bool) -> None:
        """Of any claim there ever was, so that many come too late."""
        verdicts = [self._verdict(self._any_claim(number), ended, wait, suspect) for number, ended in which]
        self.both("record", verdicts, self.now)

    def _verdict(self, claim: Claim, ended: Ended, wait: int, suspect: bool) -> Verdict:
        (event, ending), external_id = ended
        took = ending is Ending.TAKEN
        return Verdict(
            claim.delivery_id,
            claim.attempt,
            event,
            ending,
            claim.claimed_at,
            due_at=self.now + wait * SECOND if event is Event.PUT_OFF else None,
            external_id=external_id if took else None,
            code=None if took else "500",
            detail=None if took else "why",
            doubt=claim.doubt or ending is Ending.UNCLEAR,
            suspect=suspect,
        )

    @precondition(lambda self: self.claims)
    @rule(number=numbers, wait=waits, suspect=st.booleans())
    def give_back(self, number: int, wait: int, suspect: bool) -> None:
        claim = self._any_claim(number)
        self.both("give_back", [claim.back(self.now + wait * SECOND, suspect=suspect)], self.now)

    @precondition(lambda self: self.claims)
    @rule(heard=st.lists(st.tuples(numbers, reports), min_size=1, max_size=4), age=waits)
    def hear(self, heard: list[tuple[int, Reported]], age: int) -> None:
        """Of any claim there ever was."""
        receipts = [self._receipt(self._any_claim(number), reported, age) for number, reported in heard]
        self.both("apply", receipts, self.now)

    def _receipt(self, claim: Claim, reported: Reported, age: int) -> Receipt:
        kind, external_id, named, known = reported
        return Receipt(
            claim.messenger,
            kind,
            external_id,
            self.now - age * SECOND,
            claim.delivery_id if named else None,
            claim.recipient if known else None,
            "code",
            "detail",
        )

    @rule(heard=st.lists(st.tuples(messengers, kinds, external_ids), min_size=2, max_size=6))
    def hear_of_many(self, heard: list[tuple[str, ReceiptKind, str]]) -> None:
        self.both("apply", [Receipt(*each, self.now) for each in heard], self.now)

    @rule(limit=st.integers(0, 3), everything=st.booleans())
    def look_for_orphans(self, limit: int, everything: bool) -> None:
        self.both("orphans", limit, self.now, everything=everything)

    @rule(limit=st.integers(0, 3))
    def expire(self, limit: int) -> None:
        self.both("expire", limit, self.now)

    @rule(number=numbers, wait=st.none() | waits)
    def cancel_or_reschedule(self, number: int, wait: int | None) -> None:
        if wait is None:
            self.both("cancel", self.pick(self.messages, number), self.now)
        else:
            self.both("reschedule", self.pick(self.messages, number), self.now + wait * SECOND, self.now)

    @rule(number=numbers, event=st.sampled_from([None, Event.RESOLVE_DELIVERED, Event.RESOLVE_FAILED]))
    def retry_or_resolve(self, number: int, event: Event | None) -> None:
        which = self.pick(self.deliveries, number)
        if event is None:
            self.both("retry", which, self.now)
        else:
            self.both("resolve", which, event, self.now)

    @rule(status=st.none() | st.sampled_from(State), sender=st.none() | people, before=numbers)
    def list_messages(self, status: State | None, sender: str | None, before: int) -> None:
        end = self.pick(self.messages, before)
        found = self.both("messages", status=status, sender=sender, limit=3, before=end)
        assert all(status in (None, message_status(message.counts)) for message in found)

    def _any_claim(self, number: int) -> Claim:
        return self.claims[-1 - number % min(len(self.claims), 12)]


class Papers(TwoStores):
    """Requests under keys, accounts, bearer keys and the clock."""

    @rule(key=names, fingerprint=st.sampled_from(["print", "print", "other"]))
    def begin_request(self, key: str, fingerprint: str) -> None:
        self.both("begin_request", key, fingerprint, self.now)

    @rule(key=names, status=st.sampled_from([202, 422, 503]), body=st.binary(max_size=5))
    def finish_request(self, key: str, status: int, body: bytes) -> None:
        self.both("finish_request", key, status, body, None)

    @rule(account_id=people, name=names, identifiers=st.dictionaries(messengers, names))
    def put_account(self, account_id: str, name: str, identifiers: dict[str, str]) -> None:
        self.both("put_account", Account(account_id, name, identifiers))

    @rule(account_id=people)
    def delete_account(self, account_id: str) -> None:
        self.both("delete_account", account_id)

    @rule(name=names)
    def add_key(self, name: str) -> None:
        self.both("add_key", Key(name, f"digest {self.now}", (name,), self.now))

    @rule(name=names)
    def revoke_key(self, name: str) -> None:
        self.both("revoke_key", name, self.now)

    @rule(offset=st.integers(-(2**62), 2**62))
    def move_the_clock(self, offset: int) -> None:
        self.both("keep_clock_offset", offset)

    @invariant()
    def the_papers_are_the_same(self) -> None:
        if self.stores:
            self.both("accounts", list(PEOPLE))
            self.both("list_accounts", limit=2, after="ann")
            self.both("keys")
            self.both("clock_offset")


class DeliveriesOnAServer(Deliveries):
    kind = "postgres"


class PapersOnAServer(Papers):
    kind = "postgres"


# A life that goes wrong is cut down to its essence, which takes minutes; one on a server takes longer than in a file.
TestDeliveries = pytest.mark.timeout(900)(Deliveries.TestCase)
TestDeliveries.settings = lives(35)
TestPapers = pytest.mark.timeout(900)(Papers.TestCase)
TestPapers.settings = lives(12)
TestDeliveriesOnAServer = pytest.mark.timeout(900)(DeliveriesOnAServer.TestCase)
TestDeliveriesOnAServer.settings = lives(8)
TestPapersOnAServer = pytest.mark.timeout(900)(PapersOnAServer.TestCase)
TestPapersOnAServer.settings = lives(3)
