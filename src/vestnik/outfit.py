"""Decides how gateways and lanes are fitted out from the settings, the same for a whole service and for a worker.

It has never heard of what process they work in.
"""

from collections.abc import Mapping
from contextlib import AsyncExitStack
from typing import Final

from vestnik.clock import SystemClock
from vestnik.config import Settings, variable
from vestnik.dispatch.terms import LaneSettings
from vestnik.domain.errors import BadSetting
from vestnik.domain.judge import Policy
from vestnik.domain.retry import RetrySchedule
from vestnik.messengers.registry import GatewayParts, Messenger, Option, RealPace, messengers
from vestnik.ports import Far, Gateway
from vestnik.transport import RoutedTransport, SocketTransport

_SLOW_LIMIT: Final = 4096
"""Attempts of one messenger without a slot; each over a socket has a connection."""


def messenger_options() -> Mapping[str, tuple[Option, ...]]:
    """The declared options of every registered messenger, by its name."""
    return {name: messenger.options for name, messenger in messengers().items()}


def gateway_parts(
    settings: Settings,
    name: str,
    messenger: Messenger,
    clock: SystemClock,
    address: str,
    stack: AsyncExitStack,
    routes: Mapping[str, Far],
) -> GatewayParts:
    """What the gateway needs; each has sockets of its own, so that no messenger can use up another's.

    `address` is the service's own, `routes` are the far sides in this process by their addresses. BadSetting where
    there is nothing to send to.
    """
    options = settings.messengers[name]
    base_url = options["base_url"].rstrip("/")
    built_in = not base_url
    if built_in and (settings.no_emulators or not routes):
        raise BadSetting(f"{variable(f'{name}_base_url')}: without emulators, say where {messenger.rules.title} is")
    return GatewayParts(
        base_url=base_url or f"{address}/{name}",
        options=options,
        transport=RoutedTransport(routes, sockets(stack, connections=settings.slots + _SLOW_LIMIT)),
        clock=clock,
        callback_url=callback_url(settings, address, name),
        timeout=settings.send_timeout,
        honours_key=built_in if options["honours_key"] == "" else options["honours_key"] == "1",
    )


def policy(settings: Settings, gateway: Gateway) -> Policy:
    """How a messenger's lane goes on after an attempt."""
    return Policy(
        RetrySchedule(settings.retry_base, settings.retry_cap),
        settings.on_unclear,
        gateway.traits.honours_key,
        gateway.traits.report_wait,
    )


def pace(settings: Settings, real: RealPace) -> RealPace:
    """The pace in force: the vendor's own if it is asked for, else none."""
    return real if settings.limits == "real" else RealPace()


def lane_settings(settings: Settings, how: Policy, real: RealPace) -> LaneSettings:
    """How a messenger's lane is set."""
    held = pace(settings, real)
    return LaneSettings(
        policy=how,
        slots=settings.slots,
        patience=min(settings.patience, settings.send_timeout / 2),
        slow_limit=_SLOW_LIMIT,
        lease=settings.lease,
        grace=settings.stop_grace,
        per_second=held.per_second,
        gap=held.gap,
    )


def sockets(stack: AsyncExitStack, connections: int = 256) -> SocketTransport:
    """A transport of its own, closed with the stack."""
    transport = SocketTransport(connections=connections)
    stack.push_async_callback(transport.close)
    return transport


def callback_url(settings: Settings, address: str, messenger: str) -> str:
    """Where the messenger reports to."""
    return f"{settings.public_url.rstrip('/') or address}/api/receipts/{messenger}"
