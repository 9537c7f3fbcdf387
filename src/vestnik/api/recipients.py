"""Decides to which addresses a message goes, and which of its recipients are wrong.

It has never heard of JSON or of any messenger but through its rules; crowds are checked in slices, so that other
requests get their turn.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

from vestnik.api.faults import Faults
from vestnik.api.parts import SLICE
from vestnik.domain.account import ACCOUNT_ID, Account
from vestnik.domain.errors import InvalidIdentifier
from vestnik.domain.message import Address
from vestnik.domain.rules import MessengerRules
from vestnik.ports import Store

LONGEST_IDENTIFIER: Final = 256
NOT_AN_ID: Final = "is not an account's id: 1 to 64 letters, digits and . _ ~ = + @ / -"
NO_MESSENGER: Final = "there is no messenger of this name"
MOST_NAMES: Final = 100
"""How many messengers one list or object may name; far more than there can be."""

FindMessenger: TypeAlias = Callable[[str], MessengerRules | None]


def canonical(rules: MessengerRules, identifier: str) -> str:
    """The identifier as the messenger uses it; InvalidIdentifier says why it is none."""
    if len(identifier) > LONGEST_IDENTIFIER:
        raise InvalidIdentifier(f"has more than {LONGEST_IDENTIFIER} characters")
    return rules.canonical(identifier)


@dataclass(frozen=True, slots=True)
class Recipients:
    """The recipients of one request, account ids and objects of identifiers, and the messengers chosen for them."""

    recipients: Sequence[str | Mapping[str, str | None]]
    chosen: Sequence[MessengerRules]
    find: FindMessenger
    """Finds a messenger by a key of such an object."""

    async def addresses(self, store: Store, faults: Faults) -> list[Address]:
        """Ordered by recipient, then by messenger as chosen; complete only if no fault was added."""
        ids = dict.fromkeys(one for one in self.recipients if isinstance(one, str) and ACCOUNT_ID.fullmatch(one))
        accounts = await store.accounts(list(ids)) if ids else {}
        found: list[Address] = []
        width = max(1, SLICE // max(1, len(self.chosen)))
        for index, recipient in enumerate(self.recipients):
            if isinstance(recipient, str):
                found += self._of_account(index, recipient, accounts.get(recipient), faults)
            else:
                found += self._of_identifiers(index, recipient, faults)
            if index % width == width - 1:
                await asyncio.sleep(0)
        return found

    def _of_account(self, index: int, account_id: str, account: Account | None, faults: Faults) -> list[Address]:
        if account is None:
            known = ACCOUNT_ID.fullmatch(account_id)
            faults.add(f"there is no account {account_id}" if known else NOT_AN_ID, "recipients", index)
            return []
        found = []
        for rules in self.chosen:
            identifier = account.identifiers.get(rules.name)
            if identifier is None:
                faults.add(f"account {account_id} has no identifier on {rules.name}", "recipients", index)
            else:
                found.append(Address(rules.name, identifier, account_id))
        return found

    def _of_identifiers(self, index: int, given: Mapping[str, str | None], faults: Faults) -> list[Address]:
        keys: dict[str, str] = {}
        if len(given) > MOST_NAMES:
            faults.add(f"must have at most {MOST_NAMES} fields", "recipients", index)
            return []
        for key in given:
            rules = self.find(key)
            if rules is None:
                faults.add(NO_MESSENGER, "recipients", index, key)
            elif keys.setdefault(rules.name, key) != key:
                faults.add(f"names {rules.name} a second time", "recipients", index, key)
        found = []
        for rules in self.chosen:
            key = keys.get(rules.name, rules.name)
            identifier = given.get(key)
            if not identifier:
                faults.add(f"is needed to reach this recipient on {rules.name}", "recipients", index, key)
                continue
            try:
                found.append(Address(rules.name, canonical(rules, identifier), None))
            except InvalidIdentifier as error:
                faults.add(str(error), "recipients", index, key)
        return found
