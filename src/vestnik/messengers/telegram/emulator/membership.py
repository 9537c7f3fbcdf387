"""Decides how somebody's standing in a chat looks on the wire, who may do what there, and who is told of a change.

It has never heard of why somebody's standing changes.
"""

from typing import Any, Final

from vestnik.messengers.telegram.emulator.calls import Json, bad, forbidden
from vestnik.messengers.telegram.emulator.chats import ADMINISTRATORS, GONE, kind_in_words
from vestnik.messengers.telegram.emulator.state import State
from vestnik.messengers.telegram.facts import Named, fields

RIGHTS: Final = tuple(
    field.name
    for field in fields("ChatMemberAdministrator")
    if field.shape == Named("boolean") and field.name.startswith("can_") and field.name != "can_be_edited"
)
"""What administrators may be allowed to do."""
PERMISSIONS: Final = tuple(field.name for field in fields("ChatPermissions"))
"""What members may be allowed to do."""
_NEEDED: Final = frozenset(field.name for field in fields("ChatMemberAdministrator") if field.required)
_OF_GROUPS: Final = frozenset({"can_pin_messages", "can_manage_topics", "can_manage_tags"})
_OF_CHANNELS: Final = frozenset({"can_post_messages", "can_edit_messages", "can_manage_direct_messages"})


def member_on_wire(state: State, key: str, user_id: int, member: Json, *, viewer: str = "") -> Json:
    """The ChatMember object; whether an administrator can be edited depends on the bot that is shown it."""
    user = user_of(state, user_id, member)
    status = member["status"]
    match status:
        case "creator":
            shown: Json = {"user": user, "status": status, "is_anonymous": bool(member.get("is_anonymous"))}
        case "administrator":
            kind = state.chats.on_wire(key)["type"]
            own = _NEEDED | (_OF_CHANNELS if kind == "channel" else _OF_GROUPS)
            rights = {name: member.get(name, True) is True for name in RIGHTS if name in own}
            anonymous, edited = bool(member.get("is_anonymous")), may_edit(state, viewer, key, member)
            shown = {"user": user, "status": status, "can_be_edited": edited, **rights, "is_anonymous": anonymous}
        case "restricted":
            allowed = {name: member.get(name, False) is True for name in PERMISSIONS}
            until = {"is_member": member.get("is_member", True), "until_date": member.get("until_date", 0)}
            shown = {"user": user, "status": status, **until, **allowed}
        case "kicked":
            shown = {"user": user, "status": status, "until_date": member.get("until_date", 0)}
        case _:
            shown = {"user": user, "status": status}
    if member.get("custom_title") and status in ADMINISTRATORS:
        shown["custom_title"] = member["custom_title"]
    if status == "member" and member.get("until_date"):
        shown["until_date"] = member["until_date"]
    if member.get("tag") and status in ("member", "restricted"):
        shown["tag"] = member["tag"]
    return shown


def may_edit(state: State, bot: str, key: str, member: Json) -> bool:
    """Whether the bot may change what an administrator may do: its owner may, and who made it one and may do that."""
    if not bot:
        return False
    own = state.chats.member(key, int(bot)) if state.chats.has_members(key) else {"status": "administrator"}
    if own["status"] == "creator":
        return True
    may = own["status"] == "administrator" and own.get("can_promote_members", True) is True
    return may and member.get("promoted_by") == bot


def user_of(state: State, user_id: int, member: Json) -> Json:
    """The member's User object: a bot's where the chat was set up with one of that number."""
    if member.get("user", {}).get("is_bot"):
        return state.profiles.user(str(user_id))
    return state.chats.user(user_id)


def standing(state: State, key: str, user_id: int) -> Json:
    """The member's document, in which what has run out no longer holds."""
    member = state.chats.member(key, user_id)
    until = member.get("until_date", 0)
    if member["status"] in ("member", "restricted", "kicked") and 0 < until <= state.now():
        return {"status": "member" if member["status"] == "restricted" else "left"}
    return member


def is_present(state: State, key: str, user_id: int) -> bool:
    """Whether somebody is in the chat; where nobody knows who is, everybody is."""
    return not state.chats.has_members(key) or standing(state, key, user_id)["status"] not in GONE


def permissions_of(value: Any) -> Json:
    """What a ChatPermissions object allows; what it does not name is forbidden."""
    given = value if isinstance(value, dict) else {}
    return {name: given.get(name) is True for name in PERMISSIONS}


def forum(state: State, key: str) -> None:
    """Failed where the chat is no forum; in the open world every supergroup is one."""
    chat = state.chats.document(key)
    if chat["type"] != "supergroup" or (chat.get("set_up") and not chat.get("is_forum")):
        raise bad("the chat is not a forum")


def need(state: State, bot: str, key: str, right: str, doing: str) -> None:
    """Failed where the bot may not do that in the chat; where nobody knows who is in the chat, it may.

    Without words for what it does the server says only that its rights do not suffice.
    """
    if may(state, bot, key, right):
        return
    status = state.chats.member(key, int(bot))["status"]
    if status in GONE:
        words = "bot was kicked from" if status == "kicked" else "bot is not a member of"
        raise forbidden(f"{words} the {kind_in_words(state.chats.on_wire(key))}")
    raise bad(f"not enough rights to {doing}" if doing else "Not enough rights")


def may(state: State, bot: str, key: str, right: str) -> bool:
    """Whether the bot may do what the right is for: as an administrator, or as a member where all members may."""
    if not state.chats.has_members(key):
        return True
    member = state.chats.member(key, int(bot))
    match member["status"]:
        case "creator":
            return True
        case "administrator":
            return member.get(right, True) is True
        case "left" | "kicked":
            return False
    everybody = state.chats.document(key).get("permissions", {}).get(right) is True
    return everybody and (member["status"] != "restricted" or member.get(right) is True)


async def change_member(
    state: State, key: str, user_id: int, member: Json, *, by: Json, told: Json | None = None
) -> None:
    """The user's standing in the chat is so from now on; bots are told, with what else is `told` of the change."""
    async with state.lock(f"chat {key}"):
        chat = state.chats.document(key)
        old = standing(state, key, user_id)
        if "user" in old:
            member = {"user": old["user"], **member}
        book = chat.setdefault("members" if "members" in chat else "special", {})
        if member["status"] == "left" and "user" not in member:
            book.pop(str(user_id), None)
        else:
            book[str(user_id)] = member
        await state.chats.keep(chat)
    await tell_of_change(state, key, user_id, (old, member), by=by, told=told)


async def tell_of_change(
    state: State, key: str, user_id: int, change: tuple[Json, Json], *, by: Json, told: Json | None = None
) -> None:
    """Tells the bots that may know that somebody's standing is no longer the old but the new one."""
    bots = [member["user"] for member in change if member.get("user", {}).get("is_bot")]
    known = {"user": bots[0]} if bots else {}  # Of somebody who was never there nobody wrote down what he is.
    old, new = (member_on_wire(state, key, user_id, {**member, **known}) for member in change)
    if old == new:
        return
    chat = state.chats.on_wire(key)
    value = {
        "chat": chat,
        "from": by,
        "date": state.now(),
        "old_chat_member": old,
        "new_chat_member": new,
        **(told or {}),
    }
    if new["user"]["is_bot"]:
        await state.updates.tell(str(user_id), "my_chat_member", value, chat["id"])
    for bot, member in state.chats.document(key).get("members", {}).items():
        is_told = member.get("user", {}).get("is_bot") and member["status"] in ADMINISTRATORS
        if is_told and bot != str(user_id):
            await state.updates.tell(bot, "chat_member", value, chat["id"])
