"""Decides whether every gateway understands its emulator, in process and over a real socket: one exam for all of them.

It has never heard of what is on the wire between the two.
"""

import asyncio
from collections.abc import AsyncGenerator, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import pytest

from tests.contracts.places import Opened, Place, in_process, over_a_socket
from vestnik.domain.delivery import Claim
from vestnik.domain.outcomes import Outcome, PutOff, Receipt, ReceiptKind, Refused, Taken, Unclear
from vestnik.messengers import telegram, viber, whatsapp
from vestnik.messengers.registry import Messenger
from vestnik.ports import Gateway


@dataclass(frozen=True)
class Candidate:
    """A messenger, two people on it, and what is its own."""

    messenger: Messenger
    recipient: str
    other: str
    reports: tuple[ReceiptKind, ...]
    """The reports of a message that is read, in order."""
    refuses_later: bool = False
    """A message to somebody who blocks the bot, or whom nobody knows, is taken and fails later."""
    transient: int = 500
    permanent: int = 400
    """Codes of the messenger's own."""

    @property
    def name(self) -> str:
        return self.messenger.rules.name


CANDIDATES = [
    Candidate(telegram.MESSENGER, "1001", "1002", ()),
    Candidate(
        viber.MESSENGER,
        "EGAZ3SZRi6zW1D0uNYhQHg==",
        "AAAAAAAAAAAAAAAAAAAAAA==",
        (ReceiptKind.DELIVERED, ReceiptKind.READ),
        transient=999,
        permanent=3,
    ),
    Candidate(
        whatsapp.MESSENGER,
        "79161234567",
        "79161234568",
        (ReceiptKind.SENT, ReceiptKind.DELIVERED, ReceiptKind.READ),
        refuses_later=True,
        transient=131000,
        permanent=131009,
    ),
]

Exam: TypeAlias = Callable[[Place, Candidate], Coroutine[Any, Any, None]]
TEXT = "Grüße aus Turku 🎉\nДо встречи"  # noqa: RUF001 - real people write so


@pytest.fixture(params=CANDIDATES, ids=lambda candidate: candidate.name)
def candidate(request: pytest.FixtureRequest) -> Candidate:
    chosen: Candidate = request.param
    return chosen


@pytest.fixture(params=[in_process, over_a_socket], ids=lambda opened: opened.__name__)
def sit(request: pytest.FixtureRequest, tmp_path: Path, candidate: Candidate) -> Callable[[Exam], None]:
    opened: Opened = request.param

    async def run(exam: Exam) -> None:
        async with opened(tmp_path) as place:
            await exam(place, candidate)

    return lambda exam: asyncio.run(run(exam))


def claim(candidate: Candidate, ordinal: int = 0, recipient: str = "", attempt: int = 1) -> Claim:
    return Claim(
        f"01JD-{ordinal}", candidate.name, recipient or candidate.recipient, TEXT, "acme", "Acme", attempt, 5, 0
    )


@asynccontextmanager
async def told_where(place: Place, candidate: Candidate) -> AsyncGenerator[Gateway]:
    """The gateway, once the messenger knows where to report."""
    gateway = place.gateway(candidate.messenger)
    await gateway.open()
    yield gateway


def test_a_message_arrives_as_it_was_sent_and_once(sit: Callable[[Exam], None]) -> None:
    async def exam(place: Place, candidate: Candidate) -> None:
        outcome = await place.gateway(candidate.messenger).send(claim(candidate))
        assert isinstance(outcome, Taken)
        [entry] = await place.journal()
        assert (entry["messenger"], entry["recipient"], entry["text"]) == (candidate.name, candidate.recipient, TEXT)
        assert (entry["idempotency_key"], entry["external_id"]) == ("01JD-0", outcome.external_id)
        assert outcome.for_good is (candidate.reports == ())

    sit(exam)


def test_a_repeated_attempt_gets_the_first_answer_and_adds_nothing(sit: Callable[[Exam], None]) -> None:
    async def exam(place: Place, candidate: Candidate) -> None:
        gateway = place.gateway(candidate.messenger)
        outcomes = [await gateway.send(claim(candidate, attempt=attempt)) for attempt in (1, 2, 3)]
        assert isinstance(outcomes[0], Taken)
        assert outcomes == [outcomes[0]] * 3
        assert len(await place.journal()) == 1

    sit(exam)


def test_many_at_once_are_told_apart(sit: Callable[[Exam], None]) -> None:
    async def exam(place: Place, candidate: Candidate) -> None:
        gateway = place.gateway(candidate.messenger)
        outcomes = await asyncio.gather(*(gateway.send(claim(candidate, ordinal)) for ordinal in range(50)))
        names = [outcome.external_id for outcome in outcomes if isinstance(outcome, Taken)]
        known = {entry["idempotency_key"]: entry["external_id"] for entry in await place.journal()}
        assert known == {f"01JD-{ordinal}": name for ordinal, name in enumerate(names)}
        assert len(known) == 50

    sit(exam)


def test_a_throttled_attempt_is_put_off_for_as_long_as_asked(sit: Callable[[Exam], None]) -> None:
    async def exam(place: Place, candidate: Candidate) -> None:
        gateway = place.gateway(candidate.messenger)
        await place.faults({"messenger": candidate.name, "fault": "throttle", "retry_after": 7, "times": 1})
        outcome = await gateway.send(claim(candidate))
        assert isinstance(outcome, PutOff)
        assert outcome.retry_after == 7
        assert await place.journal() == []
        assert isinstance(await gateway.send(claim(candidate, attempt=2)), Taken)

    sit(exam)


def test_an_error_is_put_off_or_refused_as_the_messengers_table_says(sit: Callable[[Exam], None]) -> None:
    async def exam(place: Place, candidate: Candidate) -> None:
        gateway = place.gateway(candidate.messenger)
        kinds: list[type[Outcome]] = []
        for status in (None, candidate.transient, candidate.permanent):
            await place.faults({"messenger": candidate.name, "fault": "error", "status": status})
            kinds.append(type(await gateway.send(claim(candidate))))
        assert kinds == [PutOff, PutOff, Refused]
        assert await place.journal() == []

    sit(exam)


def test_an_error_by_its_http_status_is_put_off_or_refused(sit: Callable[[Exam], None]) -> None:
    async def exam(place: Place, candidate: Candidate) -> None:
        gateway = place.gateway(candidate.messenger)
        kinds: list[type[Outcome]] = []
        for status in (400, 403, 500, 503):
            await place.faults({"messenger": candidate.name, "fault": "error", "status": status})
            kinds.append(type(await gateway.send(claim(candidate))))
        assert kinds == [Refused, Refused, PutOff, PutOff]

    sit(exam)


def test_somebody_who_blocks_us_or_whom_nobody_knows_is_refused(sit: Callable[[Exam], None]) -> None:
    async def exam(place: Place, candidate: Candidate) -> None:
        async with told_where(place, candidate) as gateway:
            await place.phone(candidate.name, candidate.recipient, blocked=True)
            await place.faults({"messenger": candidate.name, "recipient": candidate.other, "fault": "unknown_user"})
            outcomes = [
                await gateway.send(claim(candidate, 0)),
                await gateway.send(claim(candidate, 1, candidate.other)),
            ]
            if not candidate.refuses_later:
                assert [type(outcome) for outcome in outcomes] == [Refused, Refused]
                assert await place.journal() == []
                return
            assert [type(outcome) for outcome in outcomes] == [Taken, Taken]
            receipts = await reports(place, 2)
            assert [receipt.kind for receipt in receipts] == [ReceiptKind.FAILED] * 2
            assert all(receipt.code and receipt.detail for receipt in receipts)

    sit(exam)


def test_an_attempt_that_hangs_is_unclear_when_its_time_is_up(sit: Callable[[Exam], None]) -> None:
    async def exam(place: Place, candidate: Candidate) -> None:
        gateway = place.gateway(candidate.messenger, timeout=0.3)
        await place.faults({"messenger": candidate.name, "recipient": candidate.recipient, "fault": "hang"})
        assert isinstance(await gateway.send(claim(candidate)), Unclear)
        assert isinstance(await gateway.send(claim(candidate, 1, candidate.other)), Taken)
        assert [entry["recipient"] for entry in await place.journal()] == [candidate.other]

    sit(exam)


@pytest.mark.parametrize(("fault", "taken"), [("disconnect_before", 0), ("lose_reply", 1), ("late_reply", 1)])
def test_after_a_lost_answer_the_same_key_settles_what_happened(
    sit: Callable[[Exam], None], fault: str, taken: int
) -> None:
    async def exam(place: Place, candidate: Candidate) -> None:
        await place.faults({"messenger": candidate.name, "fault": fault, "times": 1, "delay": 60})
        first = await place.gateway(candidate.messenger, timeout=0.3).send(claim(candidate))
        assert isinstance(first, Unclear)
        assert len(await place.journal()) == taken
        second = await place.gateway(candidate.messenger).send(claim(candidate, attempt=2))
        [entry] = await place.journal()
        assert isinstance(second, Taken)
        assert second.external_id == entry["external_id"]

    sit(exam)


def test_a_slow_answer_is_an_answer(sit: Callable[[Exam], None]) -> None:
    async def exam(place: Place, candidate: Candidate) -> None:
        await place.faults({"messenger": candidate.name, "fault": "slow", "delay": 0.2})
        assert isinstance(await place.gateway(candidate.messenger).send(claim(candidate)), Taken)

    sit(exam)


def test_every_report_arrives_signed_and_names_its_delivery(sit: Callable[[Exam], None]) -> None:
    async def exam(place: Place, candidate: Candidate) -> None:
        async with told_where(place, candidate) as gateway:
            await place.phone(candidate.name, candidate.recipient, reads_after=0)
            outcome = await gateway.send(claim(candidate))
            assert isinstance(outcome, Taken)
            receipts = await reports(place, len(candidate.reports))
            assert [receipt.kind for receipt in receipts] == list(candidate.reports)
            for receipt in receipts:
                assert (receipt.messenger, receipt.external_id) == (candidate.name, outcome.external_id)
                assert receipt.reference in (None, "01JD-0")
                assert receipt.recipient == candidate.recipient
                assert abs(receipt.at - place.service.clock.now()) < 10_000_000

    sit(exam)


def test_a_message_that_is_taken_and_not_delivered_is_reported_as_failed(sit: Callable[[Exam], None]) -> None:
    async def exam(place: Place, candidate: Candidate) -> None:
        if not candidate.reports:
            return
        async with told_where(place, candidate) as gateway:
            await place.faults({"messenger": candidate.name, "fault": "not_delivered"})
            assert isinstance(await gateway.send(claim(candidate)), Taken)
            [receipt] = await reports(place, 1)
            assert (receipt.kind, bool(receipt.code), bool(receipt.detail)) == (ReceiptKind.FAILED, True, True)

    sit(exam)


def test_a_wrong_token_is_refused(sit: Callable[[Exam], None]) -> None:
    async def exam(place: Place, candidate: Candidate) -> None:
        gateway = place.gateway(candidate.messenger, options={"token": " "})
        assert isinstance(await gateway.send(claim(candidate)), Refused)
        assert await place.journal() == []

    sit(exam)


async def reports(place: Place, number: int) -> list[Receipt]:
    """What was reported, once it was that much; every call was answered 200."""
    heard = await place.heard(number)
    assert {inbound.response.status for inbound in heard} <= {200}
    receipts = [receipt for inbound in heard for receipt in inbound.receipts]
    assert len(receipts) == number
    return receipts
