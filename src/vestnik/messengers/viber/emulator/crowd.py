"""Decides what the emulated Viber knows of people: who has subscribed to which bot, and what a bot may see of them.

It has never heard of messages. By default everybody is subscribed and has a device of the newest API version.
"""

from collections.abc import Sequence
from hashlib import sha256
from typing import Any, Final

import msgspec

from vestnik.emulation.phones import Phone
from vestnik.emulation.records import Records
from vestnik.emulation.world import World

API_VERSION: Final = 10
"""What the devices of people can do who were told nothing else."""
PROFILE: Final = "profile"
LAST_ONLINE: Final = "last_online"
SUBSCRIPTION: Final = "subscription"


class Profile(msgspec.Struct, frozen=True):
    """What a person shows."""

    name: str = ""
    avatar: str | None = None
    country: str = "FI"
    language: str = "en"
    api_version: int = API_VERSION
    primary_device_os: str = "android 14"
    viber_version: str = "23.0.0"
    mcc: int = 244
    mnc: int = 5
    device_type: str = "Pixel 8"
    discloses: bool = True
    """Whether bots may learn that the person is online."""


_USUAL: Final = Profile()


class Crowd:
    """The people of one world. Few differ from what is usual, so those are kept in memory too."""

    def __init__(self, world: World, records: Records) -> None:
        self._records = records
        self._clock = world.clock
        self._profiles: dict[str, Profile] = {}
        self._subscriptions: dict[tuple[str, str], bool] = {}
        self._loaded = False
        world.loads.append(self.load)
        world.at_reset.append(self._forget)

    async def load(self) -> None:
        """Reads what is on disk, once."""
        if self._loaded:
            return
        profiles, subscriptions = await self._records.all(PROFILE), await self._records.all(SUBSCRIPTION)
        for person, value in profiles:
            self._profiles.setdefault(person, msgspec.convert(value, Profile))
        for key, value in subscriptions:
            bot, person = key.split(" ")
            self._subscriptions.setdefault((bot, person), value)
        self._loaded = True

    def profile(self, person: str) -> Profile:
        """What the person shows."""
        known = self._profiles.get(person, _USUAL)
        return known if known.name else msgspec.structs.replace(known, name=f"Person {person[:6]}")

    def api_version(self, person: str) -> int:
        """What the person's device can do."""
        return self._profiles.get(person, _USUAL).api_version

    async def show(self, person: str, changes: dict[str, Any]) -> None:
        """The person shows something else from now on; msgspec.ValidationError names what cannot be shown."""
        known = msgspec.to_builtins(self._profiles.get(person, _USUAL))
        profile = msgspec.convert({**known, **changes}, Profile)
        await self._records.put(PROFILE, person, profile)
        self._profiles[person] = profile

    def seen(self, person: str) -> dict[str, Any]:
        """The person as callbacks show them."""
        profile = self.profile(person)
        shown = {"id": person, "name": profile.name, "avatar": profile.avatar, "language": profile.language}
        return {
            **{name: value for name, value in shown.items() if value is not None},
            "country": profile.country,
            "api_version": profile.api_version,
        }

    def details(self, person: str) -> dict[str, Any]:
        """The person as get_user_details shows them."""
        shown = msgspec.to_builtins(self.profile(person))
        del shown["discloses"]
        return {"id": person, **shown}

    async def left(self, person: str, before: Phone, after: Phone) -> None:
        """Remembers when the phone went offline."""
        if before.online and not after.online:
            await self._records.put(LAST_ONLINE, person, self._clock.now() // 1000)

    async def last_online(self, people: Sequence[str]) -> dict[str, int]:
        """When those of them who ever went offline did so, in milliseconds since 1970."""
        return await self._records.some(LAST_ONLINE, people)

    def number(self, person: str) -> str:
        """A phone number of the person's own, which bots learn only from the person."""
        return f"+35845{int.from_bytes(sha256(person.encode()).digest()[:4]) % 10**7:07}"

    def subscribed(self, bot: str, person: str, *, usual: bool = True) -> bool:
        """Whether the bot may write to the person; `usual` for somebody who never said."""
        return self._subscriptions.get((bot, person), usual)

    def subscribers(self, bot: str) -> int:
        """How many people are known to have subscribed."""
        return sum(1 for (name, _), subscribed in self._subscriptions.items() if subscribed and name == bot)

    async def subscribe(self, bot: str, person: str, *, subscribed: bool) -> None:
        """The person has subscribed, or no longer is."""
        if self._subscriptions.get((bot, person)) is not subscribed:
            await self._records.put(SUBSCRIPTION, f"{bot} {person}", subscribed)
            self._subscriptions[bot, person] = subscribed

    def _forget(self) -> None:
        self._profiles.clear()
        self._subscriptions.clear()
