"""Decides which parts a relay and a worker are made of and how they are joined: the wiring of many machines.

It has never heard of what any part does; settings go in, running parts come out.
"""

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from typing import Any, Final

from celery import Celery, signals
from prometheus_client import CollectorRegistry

from vestnik import config, logs
from vestnik.clock import SystemClock
from vestnik.cluster.celery_app import celery_app
from vestnik.cluster.engine import Engine
from vestnik.cluster.feed import Feed
from vestnik.cluster.lanes import Lanes
from vestnik.cluster.metrics import RelayMetrics, WorkerMetrics
from vestnik.cluster.publisher import CeleryPublisher
from vestnik.cluster.relay import Courier, Relay, RelaySettings
from vestnik.cluster.worker import put_to_work
from vestnik.config import Settings, variable
from vestnik.dispatch.lane import SUSPECTS_SHARE, Lane
from vestnik.dispatch.metrics import DispatchMetrics
from vestnik.dispatch.pace import Pace
from vestnik.dispatch.sweep import Sweep
from vestnik.domain.errors import BadSetting
from vestnik.messengers.registry import RealPace, messengers
from vestnik.opening import open_store
from vestnik.outfit import gateway_parts, lane_settings, messenger_options, pace, policy
from vestnik.ports import Gateway, Store
from vestnik.probes import asking, probes

_NOWHERE: Final = ""
"""A relay and a worker have no address: nobody reports to them."""


@asynccontextmanager
async def relay(settings: Settings) -> AsyncIterator[Relay]:
    """A relay that stands by or leads as long as it is run."""
    known = messengers()
    app = celery_app(_broker(settings), list(known))
    async with AsyncExitStack() as stack:
        store = await _shared_store(settings, stack)
        clock = SystemClock()
        gateways = _gateways(settings, clock, stack)
        publisher = CeleryPublisher(app, known)
        stack.push_async_callback(publisher.close)
        registry = CollectorRegistry()
        metrics = RelayMetrics(registry)
        couriers = []
        for name, gateway in gateways.items():
            held = pace(settings, known[name].real_pace)
            shared = Pace(held.per_second, held.gap)
            for suspects in (False, True):
                how = RelaySettings(
                    alone=gateway.traits.one_at_a_time,
                    task_size=settings.task_size // SUSPECTS_SHARE + 1 if suspects else settings.task_size,
                    ahead=settings.relay_ahead // SUSPECTS_SHARE + 1 if suspects else settings.relay_ahead,
                    repeat_after=settings.repeat_after,
                )
                couriers.append(Courier(name, how, shared, store, publisher, clock, metrics, suspects=suspects))
        policies = {name: policy(settings, gateway) for name, gateway in gateways.items()}
        sweep = Sweep(store, clock, policies, settings.lease, settings.retention)
        built = Relay(store, couriers, sweep, metrics, clock)
        trouble = asking(store, lambda: built.trouble)
        await stack.enter_async_context(probes(settings.host, settings.probe_port, registry, trouble))
        yield built


def worker_app(settings: Settings | None = None) -> Celery:
    """The application of a Celery worker; without settings those of the environment. BadSetting says what is wrong."""
    settings = settings or config.read(messenger_options())
    known = list(messengers())
    app = celery_app(_broker(settings), known)
    engine: Engine = Engine(lambda: _lanes(settings, lambda: engine.trouble))
    put_to_work(app, engine, frozenset(known))

    @signals.setup_logging.connect(weak=False)
    def set_up_logging(**_: Any) -> None:
        """Celery writes as everything else here does."""
        logs.set_up(settings.log_format, settings.log_level)

    return app


@asynccontextmanager
async def _lanes(settings: Settings, beside: Callable[[], str | None]) -> AsyncIterator[Lanes]:
    async with AsyncExitStack() as stack:
        store = await _shared_store(settings, stack)
        clock = SystemClock()
        feed = Feed(store)
        registry = CollectorRegistry()
        metrics, own = DispatchMetrics(registry), WorkerMetrics(registry)
        own.offered(lambda: feed.open)
        lanes = {}
        for name, gateway in _gateways(settings, clock, stack).items():
            # The relay keeps the pace for all workers together.
            how = lane_settings(settings, policy(settings, gateway), RealPace())
            lane = lanes[name] = Lane(name, how, feed, gateway, clock, metrics.lane(name))
            own.held(name, partial(_held, lane))
        await stack.enter_async_context(probes(settings.host, settings.probe_port, registry, asking(store, beside)))
        yield Lanes(lanes, feed, settings.stop_grace)


def _held(lane: Lane) -> int:
    return lane.held


def _gateways(settings: Settings, clock: SystemClock, stack: AsyncExitStack) -> dict[str, Gateway]:
    return {
        name: messenger.gateway(gateway_parts(settings, name, messenger, clock, _NOWHERE, stack, {}))
        for name, messenger in messengers().items()
    }


async def _shared_store(settings: Settings, stack: AsyncExitStack) -> Store:
    store = await stack.enter_async_context(open_store(settings))
    if not store.shared:
        raise BadSetting(f"{variable('database_url')}: relay and workers share a PostgreSQL database, give its URL")
    return store


def _broker(settings: Settings) -> str:
    if not settings.broker_url:
        raise BadSetting(f"{variable('broker_url')}: give amqp://USER:PASSWORD@HOST:PORT/VHOST")
    return settings.broker_url
