"""Decides how the store in memory keeps accounts, keys, requests under way and the clock's offset.

It has never heard of messages or deliveries.
"""

from collections.abc import Sequence
from dataclasses import replace

from vestnik.domain.account import Account, Key
from vestnik.domain.message import Sender
from vestnik.domain.moment import Moment
from vestnik.domain.requests import KEPT_FOR, Fresh, Known
from vestnik.store.begun import Beginning, Begun, Reply, UnderWay
from vestnik.store.remains import Remains
from vestnik.store.rows import EARLY_KEPT_FOR, FORGET_AT_ONCE, name_taken


class MemoryPeople:
    """That part of `vestnik.ports.Store` which is not about messages."""

    def __init__(self, remains: Remains) -> None:
        self.remains = remains
        remains.lives += 1
        self._requests = UnderWay(remains.lives)

    async def begin_request(self, key: str, fingerprint: str, now: Moment) -> Known:
        return await self._requests.begin(key, fingerprint, now, self._begin)

    async def _begin(self, item: Beginning) -> Known:
        row = self.remains.requests.get(item.key)
        known = Fresh() if row is None else row.known_to(item)
        if known == Fresh():
            self.remains.requests[item.key] = Begun(item.key, item.fingerprint, item.now, item.life)
        return known

    async def finish_request(self, key: str, status: int, body: bytes, location: str | None) -> None:
        await self._requests.finish(Reply(key, status, body, location), self._finish)

    async def _finish(self, reply: Reply) -> None:
        row = self.remains.requests.get(reply.key)
        if row is None:
            return
        if reply.status < 500:
            row.status, row.body, row.location = reply.status, reply.body, reply.location
        elif row.message_id is None:
            del self.remains.requests[reply.key]

    async def forget(self, now: Moment) -> None:
        requests = [key for key, request in self.remains.requests.items() if request.begun_at <= now - KEPT_FOR]
        for key in requests[:FORGET_AT_ONCE]:
            del self.remains.requests[key]
        early = [number for number, each in self.remains.early.items() if each.kept_at <= now - EARLY_KEPT_FOR]
        for number in early[:FORGET_AT_ONCE]:
            del self.remains.early[number]

    async def put_account(self, account: Account) -> bool:
        new = account.id not in self.remains.accounts
        self.remains.accounts[account.id] = replace(account, identifiers=dict(account.identifiers))
        return new

    async def accounts(self, ids: Sequence[str]) -> dict[str, Account]:
        return {each: self.remains.accounts[each] for each in ids if each in self.remains.accounts}

    async def list_accounts(self, *, limit: int, after: str | None) -> list[Account]:
        ids = sorted(each for each in self.remains.accounts if after is None or each > after)
        return [self.remains.accounts[each] for each in ids[:limit]]

    async def delete_account(self, account_id: str) -> bool:
        return self.remains.accounts.pop(account_id, None) is not None

    async def add_key(self, key: Key) -> None:
        if any(each.name == key.name and each.revoked_at is None for each in self.remains.keys):
            raise name_taken(key.name)
        self.remains.keys.append(key)

    async def keys(self) -> list[Key]:
        return list(self.remains.keys)

    async def revoke_key(self, name: str, now: Moment) -> bool:
        for place, key in enumerate(self.remains.keys):
            if key.name == name and key.revoked_at is None:
                self.remains.keys[place] = replace(key, revoked_at=now)
                return True
        return False

    async def clock_offset(self) -> Moment:
        return self.remains.clock_offset

    async def keep_clock_offset(self, offset: Moment) -> None:
        self.remains.clock_offset = offset

    async def close(self) -> None:
        """Nothing is held open."""

    def _introduce(self, sender: Sender) -> None:
        """A sender that is no account yet becomes one."""
        if sender.id not in self.remains.accounts:
            self.remains.accounts[sender.id] = Account(sender.id, sender.name or sender.id, {})
