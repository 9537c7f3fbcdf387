"""Decides whether what comes due is counted once, however many tracks of its lane look at that moment."""

import asyncio

from tests.contracts.stores import Desk, exam, message, order
from vestnik.domain.lifecycle import State


@exam
async def test_both_tracks_of_a_lane_that_look_a_moment_apart_make_a_delivery_wait_once(desk: Desk) -> None:
    await desk.store.accept(order(1, "ann", send_at=200), 100)
    shares = await asyncio.gather(
        *(
            desk.store.claim("telegram", suspects=suspects, limit=5, lease_until=500, now=now)
            for suspects, now in ((False, 200), (True, 201))
        )
    )
    assert sum(len(share.claims) for share in shares) == 1
    assert (await message(desk.store, "M0001")).counts == {State.SENDING: 1}
