"""How calls come through the gate, and how it closes."""

import asyncio

import pytest

from vestnik.emulation.gate import Gate
from vestnik.ports import HungUp


def test_a_call_from_within_a_call_is_a_part_of_it() -> None:
    async def story() -> list[str]:
        gate, said = Gate(), []

        async def inner() -> None:
            said.append("inner")

        async def outer() -> str:
            await gate.through(inner())
            await gate.through(inner())
            return "outer"

        said.append(await gate.through(outer()))
        async with gate.closed():
            said.append("closed")
        return said

    assert asyncio.run(story()) == ["inner", "inner", "outer", "closed"]


def test_a_call_that_waits_for_one_within_ends_with_it() -> None:
    async def story() -> None:
        gate, begun = Gate(), asyncio.Event()

        async def inner() -> None:
            begun.set()
            await asyncio.Event().wait()

        async def outer() -> None:
            await gate.through(inner())

        calling = asyncio.ensure_future(gate.through(outer()))
        await begun.wait()
        async with gate.closed():
            with pytest.raises(HungUp):
                await calling

    asyncio.run(story())


def test_who_comes_while_it_is_closed_begins_when_it_opens() -> None:
    async def story() -> None:
        gate, begun = Gate(), asyncio.Event()

        async def call() -> None:
            begun.set()

        async with gate.closed():
            late = asyncio.ensure_future(gate.through(call()))
            await asyncio.sleep(0)
            assert not begun.is_set()
        await late
        assert begun.is_set()

    asyncio.run(story())


def test_a_call_that_its_caller_gave_up_is_no_call_that_was_hung_up() -> None:
    async def story() -> None:
        gate = Gate()
        calling = asyncio.ensure_future(gate.through(asyncio.Event().wait()))
        await asyncio.sleep(0)
        calling.cancel()
        with pytest.raises(asyncio.CancelledError):
            await calling
        async with gate.closed():
            pass

    asyncio.run(story())
