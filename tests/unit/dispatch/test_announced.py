"""Nothing is sent to a messenger before it was told where to report, or could not be told in time."""

import asyncio
from collections.abc import Awaitable, Callable

from tests.unit.dispatch.stage import ScriptedGateway, take
from tests.virtual import EPOCH, run
from vestnik.dispatch.announced import Announced
from vestnik.domain.delivery import Claim
from vestnik.domain.errors import NoReply

CLAIM = Claim("01JD-0", "toy", "1", "Hello", "acme", "Acme", 1, 5, EPOCH)


class Told(ScriptedGateway):
    """A gateway that is told where to report in the way that the test says."""

    def __init__(self, telling: Callable[[int], Awaitable[None]]) -> None:
        super().__init__(take)
        self.tellings: list[float] = []
        self._telling = telling

    async def open(self) -> None:
        self.tellings.append(asyncio.get_running_loop().time())
        await self._telling(len(self.tellings))


def sent_at(toy: Told, *, wait: float = 10.0) -> list[float]:
    """When a delivery was sent that was due from the start, and when another that came later."""

    async def life() -> list[float]:
        gateway = Announced("toy", toy, wait)
        opening = asyncio.create_task(gateway.open())
        await asyncio.sleep(0)
        await gateway.send(CLAIM)
        await asyncio.sleep(100)
        await gateway.send(CLAIM)
        opening.cancel()
        return toy.times()

    return run(life())


async def after_three_seconds(_try: int) -> None:
    await asyncio.sleep(3)


async def never(_try: int) -> None:
    await asyncio.get_running_loop().create_future()


async def not_before_the_third_try(number: int) -> None:
    if number < 3:
        raise NoReply("it does not listen")


def test_what_is_due_at_the_start_is_sent_once_the_messenger_has_been_told() -> None:
    assert sent_at(Told(after_three_seconds)) == [3.0, 103.0]


def test_a_messenger_that_cannot_be_told_is_sent_to_after_the_stated_wait() -> None:
    assert sent_at(Told(never), wait=5.0)[0] == 5.0


def test_a_messenger_that_does_not_listen_is_told_again_later_and_holds_nothing_up() -> None:
    toy = Told(not_before_the_third_try)
    assert sent_at(toy) == [0.0, 100.0]
    assert toy.tellings == [0.0, 1.0, 3.0]
