"""Decides by which door Celery's own command comes in: the application, wired from the settings of the environment.

It has never heard of what it is wired from; a setting that cannot be used is one line and exit status 2.
"""

import sys
from functools import cache

from celery import Celery

from vestnik.clustering import worker_app
from vestnik.domain.errors import VestnikError


@cache
def app() -> Celery:
    """The application of this process."""
    try:
        return worker_app()
    except VestnikError as reason:
        print(f"vestnik: {reason}", file=sys.stderr)  # noqa: T201 - the one line that a person is told
        raise SystemExit(2) from None
