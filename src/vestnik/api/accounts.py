"""Decides what may be asked about accounts: keep one, look at them, delete one.

It has never heard of messengers but through their rules; identifiers are kept in canonical form.
"""

from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import Response

from vestnik.api.endpoint import empty
from vestnik.api.faults import Faults
from vestnik.api.parts import Parts
from vestnik.api.queries import Query, cursor_for
from vestnik.api.recipients import NO_MESSENGER, NOT_AN_ID, canonical
from vestnik.api.replies import told
from vestnik.api.schemas import AccountBody, Identifiers
from vestnik.api.senders import SenderNames
from vestnik.api.shapes import Shape
from vestnik.api.views import AccountsPage, account_of
from vestnik.domain.account import ACCOUNT_ID, Account
from vestnik.domain.errors import InvalidIdentifier, NotFound


class Accounts:
    """The routes under /api/accounts."""

    def __init__(self, parts: Parts, names: SenderNames) -> None:
        self._parts = parts
        self._names = names
        self._body = Shape(AccountBody)

    async def put(self, request: Request) -> Response:
        """PUT /api/accounts/{id}."""
        query = Query(request, ())
        account_id: str = request.path_params["id"]
        body, of_shape, _ = await self._body.read(request, self._parts)
        faults = Faults([*query.faults, *of_shape])
        if not ACCOUNT_ID.fullmatch(account_id):
            faults.add(NOT_AN_ID, "path", "id")
        if body.id is not None and body.id != account_id:
            faults.add("is not the id in the path", "id")
        identifiers = self._canonical(body.identifiers, faults)
        faults.settle()
        account = Account(account_id, body.name or account_id, identifiers)
        self._names.forget(account_id)
        is_new = await self._parts.store.put_account(account)
        self._names.forget(account_id)
        location = {"Location": f"/api/accounts/{quote(account_id, safe='')}"} if is_new else None
        return told(account_of(account), 201 if is_new else 200, headers=location)

    async def show(self, request: Request) -> Response:
        """GET /api/accounts/{id}."""
        Query(request, ()).settle()
        account_id = self._id(request)
        account = (await self._parts.store.accounts([account_id])).get(account_id)
        if account is None:
            raise _nobody(account_id)
        return told(account_of(account))

    async def listed(self, request: Request) -> Response:
        """GET /api/accounts."""
        query = Query(request, ("limit", "cursor"))
        limit, after = query.limit(), query.cursor()
        query.settle()
        found = await self._parts.store.list_accounts(limit=limit + 1, after=after)
        page = [account_of(account) for account in found[:limit]]
        return told(AccountsPage(page, cursor_for(page[-1].id) if len(found) > limit else None))

    async def delete(self, request: Request) -> Response:
        """DELETE /api/accounts/{id}."""
        Query(request, ()).settle()
        account_id = self._id(request)
        self._names.forget(account_id)
        deleted = await self._parts.store.delete_account(account_id)
        self._names.forget(account_id)
        if not deleted:
            raise _nobody(account_id)
        return empty()

    def _id(self, request: Request) -> str:
        account_id: str = request.path_params["id"]
        if not ACCOUNT_ID.fullmatch(account_id):
            raise _nobody(account_id)
        return account_id

    def _canonical(self, given: Identifiers, faults: Faults) -> dict[str, str]:
        found = {}
        for name, identifier in given.items():
            rules = self._parts.messengers.get(name)
            if rules is None:
                faults.add(NO_MESSENGER, "identifiers", name)
            elif identifier is not None:
                try:
                    found[name] = canonical(rules, identifier)
                except InvalidIdentifier as error:
                    faults.add(str(error), "identifiers", name)
        return found


def _nobody(account_id: str) -> NotFound:
    return NotFound(f"no account has the id {account_id[:64]!r}")
