"""Decides how games are sent and who is ahead in them.

It has never heard of how a game is played. Rules: td GameManager.cpp; core.telegram.org/bots/api, setGameScore.
"""

from typing import Final

from vestnik.emulation.records import Change, Records, ordered
from vestnik.messengers.telegram.emulator.calls import Call, Handlers, Json, bad
from vestnik.messengers.telegram.emulator.keyboards import read_markup
from vestnik.messengers.telegram.emulator.messages import Stored, on_wire
from vestnik.messengers.telegram.emulator.sending import Outgoing, Sender
from vestnik.messengers.telegram.emulator.state import State

KIND: Final = "score"
RANK: Final = "rank"
"""The kind of the documents whose keys sort by score: that of the score and the one who has it."""
HIGHEST: Final = 2**31 - 1
NEIGHBOURS: Final = 1
"""Players on either side of the one asked about that are shown."""
TOP: Final = 3
GAME: Final = "game_short_name"
_MOST: Final = 10_000


class Games:
    """The methods about games."""

    def __init__(self, state: State, sender: Sender) -> None:
        self._state = state
        self._sender = sender
        self._scores = Scores(state.records)

    def handlers(self) -> Handlers:
        """The methods."""
        return {
            "sendgame": self._send_game,
            "setgamescore": self._set_score,
            "getgamehighscores": self._get_high_scores,
        }

    async def _send_game(self, call: Call) -> Json:
        name = call.text(GAME)
        markup = read_markup(call.values.get("reply_markup"))
        play: Json = {"inline_keyboard": [[{"text": f"Play {name}", "callback_game": {}}]]}
        game = {"title": name, "description": name, "photo": []}
        key = self._sender.chat(call)
        shown = markup if markup.inline is not None else read_markup(play)
        return await self._sender.send(call, key, Outgoing({"game": game}, name, shown, {GAME: name}))

    async def _set_score(self, call: Call) -> Json | bool:
        """The player has this score; a lower one counts only where the bot insists."""
        place, stored = await self._game(call, "message to set game score")
        score, player = call.number("score"), call.number("user_id")
        if not 0 <= score <= HIGHEST:
            raise bad("SCORE_INVALID")
        async with self._state.lock(f"scores {place}"):
            old = await self._scores.of(place, player)
            if old is not None and (score == old or (score < old and not call.flag("force"))):
                raise bad("BOT_SCORE_NOT_MODIFIED")
            await self._scores.put(place, player, old, score)
        return True if "inline_message_id" in call.values else on_wire(stored, call.number("message_id"))

    async def _get_high_scores(self, call: Call) -> list[Json]:
        """The player asked about between its neighbours, and the best of all."""
        place, _ = await self._game(call, "message to get game high scores")
        table = await self._scores.table(place)
        at = next((at for at, (player, _) in enumerate(table) if player == call.number("user_id")), None)
        near = range(0) if at is None else range(at - NEIGHBOURS, at + NEIGHBOURS + 1)
        return [
            {"position": at + 1, "user": self._state.chats.user(player), "score": score}
            for at, (player, score) in enumerate(table)
            if at < TOP or at in near
        ]

    async def _game(self, call: Call, role: str) -> tuple[str, Stored]:
        """The game in a message: a name for its scores, and the message."""
        if not call.text("chat_id") and not call.number("chat_id") and call.number("message_id") <= 0:
            if not call.text("inline_message_id"):
                raise bad("Message identifier is not specified")
            raise bad("MESSAGE_ID_INVALID")  # Games come into chats by sendGame alone here.
        key, number = self._state.chats.find(call.values.get("chat_id", "")), call.number("message_id")
        self._sender.enter(call.bot, key)
        stored = await self._state.messages.needed(key, number, role)
        if "game" not in stored.message or stored.bot != call.bot:
            raise bad("Game score can't be set" if call.method.name == "setGameScore" else "MESSAGE_ID_INVALID")
        return f"{self._state.messages.chat_id(key)}:{number}", stored


class Scores:
    """The scores of all games, of each in order."""

    def __init__(self, records: Records) -> None:
        self._records = records

    async def of(self, place: str, player: int) -> int | None:
        """The player's score."""
        found: int | None = await self._records.get(KIND, f"{place}/{player}")
        return found

    async def put(self, place: str, player: int, old: int | None, new: int) -> None:
        """The player has this score in place of the old one."""
        gone = [] if old is None else [Change(RANK, _rank(place, player, old), None)]
        await self._records.change(
            [*gone, Change(KIND, f"{place}/{player}", new), Change(RANK, _rank(place, player, new), [player, new])]
        )

    async def table(self, place: str) -> list[tuple[int, int]]:
        """The players and their scores, the best first."""
        found = await self._records.under(RANK, f"{place}/", limit=_MOST)
        return [(player, score) for _, (player, score) in found]


def _rank(place: str, player: int, score: int) -> str:
    return f"{place}/{ordered(HIGHEST - score)}/{ordered(player)}"
