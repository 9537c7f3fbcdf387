"""Decides what the emulated Cloud API tells of business numbers and their profiles.

It has never heard of messages. Every number of the world belongs to one account.
"""

from collections.abc import Mapping
from typing import Any, Final

from vestnik.emulation.world import World
from vestnik.messengers.whatsapp import wire
from vestnik.messengers.whatsapp.emulator.refusals import Refused
from vestnik.messengers.whatsapp.rules import LIST, Broken, Rule, demand

NAME: Final = "whatsapp"
KIND: Final = "profile"
ACCOUNT: Final = "100000000000003"
"""The id of the WhatsApp Business Account; every other id of an account leads to it too."""

FIELDS: Final = ("about", "address", "description", "email", "profile_picture_url", "websites", "vertical")
_RULES: Final = (
    Rule("about", most=139),
    Rule("address", most=256),
    Rule("description", most=512),
    Rule("email", most=128),
    Rule("vertical", most=64),
    Rule("profile_picture_handle"),
    Rule("websites", LIST, most=2),
    Rule("websites[]", most=256, address=True),
)


class Numbers:
    """The business numbers of one world."""

    def __init__(self, world: World) -> None:
        self._records = world.records(NAME)
        self._bots = world.bots

    def shown(self, bot: str, query: Mapping[str, str]) -> dict[str, Any]:
        """What is told of a number: all, or the fields that are asked for."""
        known: dict[str, Any] = {
            "id": bot,
            "verified_name": f"Business {bot[-4:]}",
            "display_phone_number": f"+{display_number(bot)}",
            "code_verification_status": "VERIFIED",
            "name_status": "APPROVED",
            "quality_rating": "GREEN",
            "platform_type": "CLOUD_API",
            "throughput": {"level": "STANDARD"},
            "account_mode": "LIVE",
            "is_official_business_account": False,
            "messaging_limit_tier": "TIER_1K",
            "status": "CONNECTED",
        }
        wanted = [name.strip() for name in query.get("fields", "").split(",") if name.strip()]
        return {name: value for name, value in known.items() if not wanted or name in wanted or name == "id"}

    def listed(self, query: Mapping[str, str]) -> dict[str, Any]:
        """The numbers that somebody registered or the settings name."""
        bots = [bot for messenger, bot in self._bots.listed() if messenger == NAME]
        cursors = {"before": "0", "after": str(len(bots))}
        return {"data": [self.shown(bot, query) for bot in bots], "paging": {"cursors": cursors}}

    async def profile(self, bot: str, query: Mapping[str, str]) -> dict[str, Any]:
        """The profile that people see: the fields that are asked for and set."""
        known = {"vertical": "OTHER", **(await self._records.get(KIND, bot) or {})}
        wanted = [name.strip() for name in query.get("fields", "").split(",") if name.strip()] or FIELDS
        shown = {name: known[name] for name in FIELDS if name in known and name in wanted}
        return {"data": [{**shown, "messaging_product": wire.PRODUCT}]}

    async def change(self, bot: str, asked: Mapping[str, Any]) -> None:
        """Changes the fields of the profile that are given."""
        if asked.get("messaging_product") != wire.PRODUCT:
            raise Refused(100, "The parameter messaging_product is required.")
        try:
            demand(asked, _RULES)
        except Broken as broken:
            raise Refused(broken.code, broken.details) from None
        known = await self._records.get(KIND, bot) or {}
        given = {name: asked[name] for name in FIELDS if asked.get(name) is not None}
        await self._records.put(KIND, bot, {**known, **given}, lasting=True)


def display_number(bot: str) -> str:
    """The digits of a business number, made from its id."""
    return f"1555{bot[-7:]:0>7}"
