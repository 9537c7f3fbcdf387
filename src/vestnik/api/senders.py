"""Decides by which name a sender is known where a request gives only its id, without asking the store every time.

It has never heard of who may speak for whom.
"""

from collections import OrderedDict
from typing import Final

from vestnik.domain.account import ACCOUNT_ID
from vestnik.domain.moment import SECOND, Moment
from vestnik.ports import Clock, Store

_REMEMBERED: Final = 1_000


class SenderNames:
    """Names of accounts, at most a second old; changes made through this process are seen at once."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._names: OrderedDict[str, tuple[str, Moment]] = OrderedDict()
        self._changes = 0

    async def name_of(self, account_id: str) -> str:
        """The account's name, or its id where there is no such account yet."""
        now = self._clock.now()
        name, read_at = self._names.get(account_id, ("", 0))
        if name and abs(now - read_at) < SECOND:
            return name
        if not ACCOUNT_ID.fullmatch(account_id):
            return account_id
        changes = self._changes
        account = (await self._store.accounts([account_id])).get(account_id)
        name = account.name if account is not None else account_id
        if changes == self._changes:
            self._names[account_id] = (name, now)
            self._names.move_to_end(account_id)
            if len(self._names) > _REMEMBERED:
                self._names.popitem(last=False)
        return name

    def forget(self, account_id: str) -> None:
        """The account is about to change, or has changed."""
        self._changes += 1
        self._names.pop(account_id, None)
