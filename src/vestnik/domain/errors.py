"""Decides what can go wrong in words that every room shares: surprises are raised, expected outcomes are returned.

    VestnikError
    ├── BadSetting            a setting that cannot be used; one line for the person who set it
    ├── IllegalStep           a delivery cannot take that step from where it stands
    ├── NotFound              no message, delivery or account has that id
    ├── Conflict              the request does not fit the state of what it names
    ├── InvalidIdentifier     a messenger's own rule refuses an identifier
    ├── StoreUnavailable      the store cannot take the work now and nothing of it was stored
    │   └── StoreFull         because the disk is full
    ├── SchemaTooNew          the database was written by a newer version
    ├── NotSent               the request surely did not reach the far side
    └── NoReply               the request may have reached the far side, and no answer came

It has never heard of HTTP status codes or vendors' error codes.
"""


class VestnikError(Exception):
    """The root: everything that Vestnik itself raises."""


class BadSetting(VestnikError):
    """A setting or command line option cannot be used; the text names it and says why."""


class IllegalStep(VestnikError):
    """A delivery cannot take that step from the state it is in."""

    def __init__(self, state: str, event: str) -> None:
        super().__init__(f"a delivery that is {state} cannot {event.replace('_', ' ')}")
        self.state = state
        self.event = event


class NotFound(VestnikError):
    """Nothing has that id; the text names the thing and the id."""


class Conflict(VestnikError):
    """The request does not fit the present state of what it names; the text says why."""


class InvalidIdentifier(VestnikError):
    """A messenger's rule refuses an identifier; the text says what the rule is."""


class StoreUnavailable(VestnikError):
    """The store cannot take the work now; nothing of it was stored and it may be tried again."""


class StoreFull(StoreUnavailable):
    """The disk is full."""


class SchemaTooNew(VestnikError):
    """The database was written by a newer version of Vestnik."""


class NotSent(VestnikError):
    """The request surely did not reach the far side: no connection was made."""


class NoReply(VestnikError):
    """The request may have reached the far side, and no answer came in time or the connection broke."""
