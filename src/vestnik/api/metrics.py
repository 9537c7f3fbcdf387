"""Decides what is counted of requests: how many of each route, method and status, and how long they took.

It has never heard of the prometheus server or of what else the registry holds.
"""

from typing import Final

from prometheus_client import CollectorRegistry, Counter, Histogram

_BUCKETS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)


class RequestMetrics:
    """Counts requests; a combination of labels is looked up once."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._requests = Counter(
            "vestnik_http_requests_total",
            "Requests answered, by method, route and status.",
            ["method", "route", "status"],
            registry=registry,
        )
        self._seconds = Histogram(
            "vestnik_http_request_seconds",
            "Time from the request's start to its answer, in seconds.",
            ["route"],
            buckets=_BUCKETS,
            registry=registry,
        )
        self._children: dict[tuple[str, str, int], tuple[Counter, Histogram]] = {}

    def count(self, method: str, route: str, status: int, seconds: float) -> None:
        known = self._children.get((method, route, status))
        if known is None:
            known = self._requests.labels(method, route, str(status)), self._seconds.labels(route)
            self._children[method, route, status] = known
        requests, durations = known
        requests.inc()
        durations.observe(seconds)
