"""Decides what a list of MessageEntity objects that a bot sends along with a text says.

It has never heard of markup. Rules: telegram-bot-api Client.cpp, get_text_entity, td JsonBuilder.cpp and
MessageEntity.cpp, get_message_entities.
"""

from collections.abc import Mapping
from typing import Any

from vestnik.messengers.telegram.markup.cleaning import cleaned
from vestnik.messengers.telegram.markup.dates import date_entity, entity_form
from vestnik.messengers.telegram.markup.draft import has_surrogates
from vestnik.messengers.telegram.markup.entity import FOUND, Entity, Kind, MarkupError
from vestnik.messengers.telegram.markup.links import LARGEST_USER_ID, InvalidLink, checked, mentioned_user
from vestnik.messengers.telegram.numerals import LARGEST_INT32, LARGEST_INT64, NotJson, decode, exact_integer


class _Field(Exception):
    """A field that is missing or of a wrong type."""


def read_entities(source: object) -> list[Entity]:
    """The entities in a JSON text, or in a list that was decoded from one; MarkupError where one cannot be taken.

    As on the real server, what is no JSON or no array counts as no entities, and kinds that are found in a text
    anyhow, such as `url`, are passed over.
    """
    objects = _decoded(source) if isinstance(source, str | bytes) else source
    if not isinstance(objects, list):
        return []
    try:
        read = [_read(item) for item in objects]
    except _Field as fault:
        raise MarkupError(f"Can't parse MessageEntity: {fault}") from fault
    return [taken(entity) for entity in read if entity is not None]


def _decoded(source: str | bytes) -> object:
    try:
        return decode(source)
    except NotJson:
        return None


def _read(item: object) -> Entity | None:
    if not isinstance(item, Mapping):
        raise _Field("expected an Object")
    offset, length = _integer(item, "offset", LARGEST_INT32), _integer(item, "length", LARGEST_INT32)
    name = _string(item, "type", required=True)
    if not name:
        raise _Field("Type is not specified")
    try:
        kind = Kind(name)
    except ValueError as error:
        raise _Field("Unsupported type specified") from error
    match kind:
        case Kind.PRE:
            return Entity(offset, length, kind, language=_string(item, "language") or None)
        case Kind.TEXT_LINK:
            return Entity(offset, length, kind, url=_string(item, "url", required=True))
        case Kind.TEXT_MENTION:
            return Entity(offset, length, kind, user_id=_user_id(item))
        case Kind.CUSTOM_EMOJI:
            emoji = _integer(item, "custom_emoji_id", LARGEST_INT64)
            return Entity(offset, length, kind, custom_emoji_id=str(emoji))
        case Kind.DATE_TIME:
            return _date(item, offset, length)
    return None if kind in FOUND else Entity(offset, length, kind)


def _date(item: Mapping[str, Any], offset: int, length: int) -> Entity:
    unix_time = _integer(item, "unix_time", LARGEST_INT32)
    form = entity_form(_string(item, "date_time_format"))
    if form is None:
        raise _Field("Invalid date-time format specified")
    return date_entity(offset, length, unix_time, form)


def _user_id(item: Mapping[str, Any]) -> int:
    if "user" not in item:
        raise _Field('Can\'t find field "user"')
    if not isinstance(item["user"], Mapping):
        raise _Field('Field "user" must be of type Object')
    return _integer(item["user"], "id", LARGEST_INT64)


def taken(entity: Entity) -> Entity:
    """The entity as the server takes it once it has been read; MarkupError where what it carries is not valid."""
    for value, name in ((entity.language, "PreCode.language"), (entity.url, "TextUrl.url")):
        if value is not None and has_surrogates(value):
            raise MarkupError(f"MessageEntity{name} must be encoded in UTF-8")
    match entity.type:
        case Kind.PRE if entity.language is not None:
            return Entity(entity.offset, entity.length, entity.type, language=cleaned(entity.language))
        case Kind.TEXT_LINK:
            return _link(entity, cleaned(entity.url or ""))
        case Kind.TEXT_MENTION if not 0 < (entity.user_id or 0) <= LARGEST_USER_ID:
            raise MarkupError("User not found")
        case Kind.CUSTOM_EMOJI if entity.custom_emoji_id == "0":
            raise MarkupError("Invalid custom emoji identifier specified")
        case Kind.DATE_TIME if (entity.unix_time or 0) <= 0:
            raise MarkupError("Invalid date specified")
    return entity


def _link(entity: Entity, url: str) -> Entity:
    user_id = mentioned_user(url)
    if user_id is not None:
        return Entity(entity.offset, entity.length, Kind.TEXT_MENTION, user_id=user_id)
    try:
        return Entity(entity.offset, entity.length, Kind.TEXT_LINK, url=checked(url))
    except InvalidLink as error:
        raise MarkupError(f"Entity URL '{url}' is invalid: {error}") from error


def _integer(item: Mapping[str, Any], name: str, largest: int) -> int:
    if name not in item:
        raise _Field(f'Can\'t find field "{name}"')
    value = item[name]
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise _Field(f'Field "{name}" must be a Number')
    number = exact_integer(str(value), largest)
    if number is None:
        raise _Field(f'Field "{name}" must be a valid Number')
    return number


def _string(item: Mapping[str, Any], name: str, *, required: bool = False) -> str:
    if name not in item:
        if required:
            raise _Field(f'Can\'t find field "{name}"')
        return ""
    value = item[name]
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise _Field(f'Field "{name}" must be of type String')
    return str(value)
