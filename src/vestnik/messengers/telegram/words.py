"""Decides in which words the server refuses an argument that is missing or of a wrong type.

It has never heard of how arguments are read. Source of each text: telegram-bot-api Client.cpp.
"""

from collections.abc import Mapping
from typing import Final

_SENT_FILES: Final = {
    "sendanimation": "animation",
    "sendaudio": "audio",
    "senddocument": "document",
    "sendphoto": "photo",
    "sendlivephoto": "live photo",
    "sendsticker": "sticker",
    "sendvideo": "video",
    "sendvideonote": "video note",
    "sendvoice": "voice",
    "setchatphoto": "photo",
}
_MESSAGE_ROLES: Final = {
    "copymessage": "message to copy",
    "forwardmessage": "message to forward",
    "pinchatmessage": "message to pin",
    "stoppoll": "message with poll to stop",
    "setmessagereaction": "message to react",
    "deletemessagereaction": "message to delete reactions",
    "editmessagechecklist": "message to edit",
}
_MISSING_IN: Final[Mapping[tuple[str, str], str]] = {
    ("deletemessage", "chat_id"): "Chat identifier is not specified",
    ("deletemessage", "message_id"): "Message identifier is not specified",
    ("sendmessage", "text"): "Message text is empty",
    ("setmyprofilephoto", "photo"): "Photo isn't specified",
    ("setbusinessaccountprofilephoto", "photo"): "Photo isn't specified",
    ("answerwebappquery", "result"): "Result isn't specified",
    ("answerguestquery", "result"): "Result isn't specified",
    ("savepreparedinlinemessage", "result"): "Result isn't specified",
    ("sendpoll", "question"): "Text must be non-empty",
    ("setchattitle", "title"): "Title must be non-empty",
    ("createforumtopic", "name"): "Title must be non-empty",
    ("setstickeremojilist", "emoji_list"): "Can't parse emoji list JSON array",
    ("setpassportdataerrors", "errors"): "Can't parse errors JSON object",
    ("uploadstickerfile", "sticker"): "Sticker is not specified",
    ("uploadstickerfile", "sticker_format"): "Invalid sticker format specified",
    ("setstickersetthumbnail", "format"): "Invalid sticker format specified",
    ("addstickertoset", "sticker"): "there is no sticker file in the request",
    ("replacestickerinset", "sticker"): "there is no sticker file in the request",
    ("createnewstickerset", "stickers"): "there is no sticker file in the request",
}
_OLD_QUERY: Final = "query is too old and response timeout expired or query ID is invalid"
_MISSING: Final[Mapping[str, str]] = {
    "chat_id": "chat_id is empty",
    "sender_chat_id": "sender_chat_id is empty",
    "user_id": "Invalid user_id specified",
    "message_ids": "Message identifiers are not specified",
    "latitude": "latitude is empty",
    "longitude": "longitude is empty",
    "action": "Wrong parameter action in request",
    "file_id": "file_id not specified",
    "sticker_set_name": "sticker_set_name is empty",
    "sticker": "Sticker is not specified",
    "old_sticker": "Sticker is not specified",
    "content": "Story content isn't specified",
    "callback_query_id": _OLD_QUERY,
    "inline_query_id": _OLD_QUERY,
    "shipping_query_id": _OLD_QUERY,
    "pre_checkout_query_id": _OLD_QUERY,
    "options": "Can't parse options JSON object",
    "accepted_gift_types": "Accepted gift types aren't specified",
    "button": "Can't parse keyboard button JSON object",
    "business_connection_id": "business connection not found",
}
_NOT_JSON_IN: Final[Mapping[tuple[str, str], str]] = {
    ("sendmediagroup", "media"): "media",
    ("sendpaidmedia", "media"): "paid media",
    ("editmessagemedia", "media"): "input media",
    ("sendpoll", "media"): "InputPollMedia",
    ("answerinlinequery", "button"): "inline query results button",
    ("savepreparedkeyboardbutton", "button"): "keyboard button",
    ("setmyprofilephoto", "photo"): "photo",
}
_NOT_JSON: Final[Mapping[str, str]] = {
    "reply_markup": "reply keyboard markup",
    "reply_parameters": "reply parameters",
    "suggested_post_parameters": "suggested post parameters",
    "shipping_options": "shipping options",
    "scope": "BotCommandScope",
    "menu_button": "menu button",
    "rights": "ChatAdministratorRights",
    "mask_position": "mask position",
    "link_preview_options": "link preview options",
    "checklist": "InputChecklist",
    "explanation_media": "InputPollMedia",
    "correct_option_ids": "correct option identifiers",
    "custom_emoji_ids": "custom emoji identifiers",
    "reaction": "reaction types",
    "areas": "story areas",
    "content": "story content",
    "accepted_gift_types": "accepted gift types",
}
_NO_OBJECT: Final[Mapping[str, str]] = {
    "ReplyParameters": "Object expected as reply parameters",
    "ReplyMarkup": "Object expected as reply markup",
    "InlineKeyboardMarkup": "Object expected as reply markup",
    "SuggestedPostParameters": "Object expected as suggested post parameters",
    "SuggestedPostPrice": "Object expected as suggested post price",
    "LinkPreviewOptions": "Object expected as link preview options",
    "ChatPermissions": "Object expected as permissions",
    "InputProfilePhoto": "Object expected as profile photo",
    "InputStoryContent": "Object expected as story content",
    "AcceptedGiftTypes": "Object expected as accepted gift types",
    "InlineKeyboardButton": "InlineKeyboardButton must be an Object",
    "KeyboardButton": "KeyboardButton must be a String or an Object",
    "BotCommandScope": "BotCommandScope must be an Object",
}
_NO_ARRAY: Final[Mapping[str, str]] = {
    "message_ids": "message identifiers",
    "added_user_ids": "user identifiers",
    "correct_option_ids": "correct option identifiers",
    "custom_emoji_ids": "custom emoji identifiers",
    "suggested_tip_amounts": "suggested tip amounts",
    "prices": "labeled prices",
    "shipping_options": "shipping options",
    "results": "inline query results",
    "commands": "BotCommand",
    "stickers": "InputSticker",
    "errors": "PassportElementError",
    "options": "String as options",
    "reaction": "ReactionType",
    "areas": "InputStoryArea",
    "country_codes": "String",
}
_WRAPPED: Final[Mapping[str, str]] = {
    "KeyboardButton": "keyboard button",
    "InlineKeyboardButton": "inline keyboard button",
    "LabeledPrice": "labeled price",
    "ShippingOption": "shipping option",
    "InlineQueryResult": "inline query result",
    "InlineQueryResultsButton": "inline query results button",
    "MenuButton": "menu button",
    "MaskPosition": "mask position",
    "ChatPermissions": "chat permissions",
    "StoryArea": "InputStoryArea",
    "InputPollMedia": "InputPollMedia",
    "Media": "InputMedia",
}
_WRAPPED_BY_NAME: Final = frozenset(
    {
        "BotCommandScope",
        "BotCommand",
        "ChatAdministratorRights",
        "InputSticker",
        "PassportElementError",
        "InputChecklist",
        "InputChecklistTask",
        "InputMedia",
        "InputPaidMedia",
        "ReactionType",
    }
)
_UNKNOWN_KIND: Final[Mapping[str, str]] = {
    "InputMedia": 'type "{kind}" is unsupported',
    "Media": 'type "{kind}" is unsupported',
    "ReactionType": "invalid reaction type specified",
    "StoryAreaType": "invalid story area type specified",
    "InputProfilePhoto": "Invalid profile photo type specified",
    "InputStoryContent": "Invalid story content type specified",
    "InputPollMedia": "invalid type specified",
}


def missing(method: str, parameter: str) -> str:
    """What the server says where a needed parameter is absent; where it would notice only later, that it is required.

    Names of methods are in lower case, here and below.
    """
    if parameter == "message_id" and method in _MESSAGE_ROLES:
        return f"{_MESSAGE_ROLES[method]} not found"
    if method in _SENT_FILES and parameter == _SENT_FILES[method].replace(" ", "_"):
        return f"There is no {_SENT_FILES[method]} in the request"
    if method == "sendlivephoto" and parameter == "photo":
        return "There is no photo in the request"
    known = _MISSING_IN.get((method, parameter)) or _MISSING.get(parameter)
    return known or f'Parameter "{parameter}" is required'


def not_json(method: str, parameter: str) -> str:
    """What the server says where JSON is expected and there is none."""
    if parameter == "emoji_list":
        return "Can't parse emoji list JSON array"
    words = _NOT_JSON_IN.get((method, parameter)) or _NOT_JSON.get(parameter, parameter)
    return f"Can't parse {words} JSON object"


def not_an_array(method: str, parameter: str) -> str:
    """What the server says where an argument is JSON and no array."""
    if parameter == "keywords":
        return 'Field "keywords" must be an Array'
    if parameter == "media":
        return f"Expected an Array of {'InputPaidMedia' if method == 'sendpaidmedia' else 'InputMedia'}"
    return f"Expected an Array of {_NO_ARRAY.get(parameter, 'String')}"


def not_an_object(type_name: str) -> str:
    """What the server says where an object of a type is expected."""
    return _NO_OBJECT.get(type_name, "expected an Object")


def wrapped(type_name: str, reason: str) -> str:
    """The reason with what could not be parsed in front of it, where the server says that."""
    words = type_name if type_name in _WRAPPED_BY_NAME else _WRAPPED.get(type_name)
    return reason if words is None else f"Can't parse {words}: {reason}"


def unknown_kind(type_name: str, kind: str) -> str:
    """What the server says where an object names a kind that does not exist."""
    if (type_name, kind) == ("Media", "animation"):
        return 'type "animation" can\'t be used in sendMediaGroup'
    return _UNKNOWN_KIND.get(type_name, "Unsupported type specified").format(kind=kind)
