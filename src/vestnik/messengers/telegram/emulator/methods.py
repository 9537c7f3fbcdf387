"""Decides which parts do the work of the Bot API's methods and of people's deeds, and how they know each other.

It has never heard of what any of them does.
"""

from collections.abc import Sequence
from functools import partial
from typing import Final, Protocol

from vestnik.emulation.world import World
from vestnik.messengers.telegram.emulator.acquaintance import Acquaintance
from vestnik.messengers.telegram.emulator.administering import Administering
from vestnik.messengers.telegram.emulator.adornments import Adornments
from vestnik.messengers.telegram.emulator.announcing import Announcing
from vestnik.messengers.telegram.emulator.audience import Audience
from vestnik.messengers.telegram.emulator.calls import NAME, Handlers
from vestnik.messengers.telegram.emulator.copies import Copies
from vestnik.messengers.telegram.emulator.doings import Doings, Offices
from vestnik.messengers.telegram.emulator.drafts import Drafts
from vestnik.messengers.telegram.emulator.edits import Edits
from vestnik.messengers.telegram.emulator.ephemeral import Ephemeral
from vestnik.messengers.telegram.emulator.fetching import Fetching
from vestnik.messengers.telegram.emulator.games import Games
from vestnik.messengers.telegram.emulator.groups import Groups
from vestnik.messengers.telegram.emulator.hooking import Hooking
from vestnik.messengers.telegram.emulator.inline import Inline
from vestnik.messengers.telegram.emulator.invites import Invites
from vestnik.messengers.telegram.emulator.leaving import Leaving
from vestnik.messengers.telegram.emulator.media import Media
from vestnik.messengers.telegram.emulator.obeying import Execute, Obeying
from vestnik.messengers.telegram.emulator.others import Others
from vestnik.messengers.telegram.emulator.own import Own
from vestnik.messengers.telegram.emulator.payments import Payments
from vestnik.messengers.telegram.emulator.people import People
from vestnik.messengers.telegram.emulator.pins import Pins
from vestnik.messengers.telegram.emulator.places import Places
from vestnik.messengers.telegram.emulator.polling import Polling
from vestnik.messengers.telegram.emulator.polls import Polls
from vestnik.messengers.telegram.emulator.portraits import Portraits
from vestnik.messengers.telegram.emulator.pressing import Callbacks
from vestnik.messengers.telegram.emulator.rich import Rich
from vestnik.messengers.telegram.emulator.sending import Sender
from vestnik.messengers.telegram.emulator.setup import Setup
from vestnik.messengers.telegram.emulator.standings import Standings
from vestnik.messengers.telegram.emulator.stars import Stars
from vestnik.messengers.telegram.emulator.state import State
from vestnik.messengers.telegram.emulator.stickers import Stickers
from vestnik.messengers.telegram.emulator.texts import Texts
from vestnik.messengers.telegram.emulator.topics import Topics
from vestnik.messengers.telegram.emulator.webapps import WebApps
from vestnik.messengers.telegram.emulator.webhooks import Webhooks
from vestnik.messengers.telegram.emulator.writing import Writing


class Part(Protocol):
    """Does the work of some methods."""

    def handlers(self) -> Handlers:
        """The methods."""


class Methods:
    """All parts of one world; `execute` makes a call that a bot asks for in the answer to an update."""

    def __init__(self, world: World, state: State, execute: Execute) -> None:
        sender, audience, clock = Sender(state), Audience(state), world.clock
        announcing = Announcing(state, audience)
        polling = Polling(state.updates, state.hooks, clock)
        webhooks = Webhooks(state.updates, state.hooks, clock, world.transport, Obeying(execute))
        media, stars = Media(state, sender), Stars(state)
        edits = Edits(state, sender, media)
        polls, invites = Polls(state, sender, edits), Invites(state, sender, announcing)
        payments, inline = Payments(state, sender, audience, stars), Inline(state, audience)
        web_apps, portraits = WebApps(state, inline), Portraits(state)
        self.fetching: Final = Fetching(state)
        self.leaving: Final = Leaving(state)
        self.parts: Final[Sequence[Part]] = (
            polling,
            Hooking(state.updates, state.hooks, polling, webhooks, clock),
            *_of_messages(state, sender, media),
            Ephemeral(state, sender, edits),
            media,
            edits,
            polls,
            self.fetching,
            *_of_chats(state, sender, announcing),
            Own(state),
            portraits,
            invites,
            payments,
            stars,
            inline,
            web_apps,
            *_of_stickers(state),
            self.leaving,
        )
        world.works.append(partial(webhooks.run, state.load))
        world.at_reset.append(webhooks.forget)
        writing = Writing(state, audience)
        acquaintance = Acquaintance(state, writing)
        world.deeds[NAME] = {
            **People(state, audience, writing).deeds(),
            **acquaintance.deeds(),
            **portraits.deeds(),
            **web_apps.deeds(),
            **Doings(state, audience, Offices(polls, invites, payments, inline)).deeds(),
        }
        world.at_phone[NAME] = acquaintance.blocked
        world.desks[NAME] = Setup(state).answer


def _of_messages(state: State, sender: Sender, media: Media) -> Sequence[Part]:
    return (
        Texts(state, sender),
        Callbacks(state),
        Places(state, sender),
        Others(state, sender, media),
        Rich(state, sender, media),
        Games(state, sender),
        Drafts(state, sender),
        Copies(state, sender),
    )


def _of_chats(state: State, sender: Sender, announcing: Announcing) -> Sequence[Part]:
    return (
        Groups(state, sender, announcing),
        Administering(state, sender, announcing),
        Standings(state, sender, announcing),
        Pins(state, sender, announcing),
        Topics(state, sender, announcing),
    )


def _of_stickers(state: State) -> Sequence[Part]:
    stickers = Stickers(state)
    return stickers, Adornments(state, stickers)
