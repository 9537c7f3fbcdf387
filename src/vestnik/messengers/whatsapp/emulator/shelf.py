"""Decides which templates the emulated account has, who may use them, and how they come to be approved.

It has never heard of messages beyond the template that they name.

A world in which nobody has made a template takes any name; as soon as there is one, or where only the registered
exists, every other name is unknown, but for the one that every account is born with.
"""

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlencode

import msgspec

from vestnik.emulation.asked import JSON, Asked
from vestnik.emulation.problems import Problem, Refusal, Wrong, pointer
from vestnik.emulation.world import World
from vestnik.messengers.whatsapp import templates
from vestnik.messengers.whatsapp.emulator.decisions import Decisions
from vestnik.messengers.whatsapp.emulator.refusals import Refused
from vestnik.messengers.whatsapp.emulator.statuses import again_after
from vestnik.messengers.whatsapp.emulator.wamid import thing_id
from vestnik.messengers.whatsapp.rules import Broken
from vestnik.messengers.whatsapp.templates import HELLO_WORLD, Template
from vestnik.ports import Response

NAME: Final = "whatsapp"
KIND: Final = "template"
PAGE: Final = 25
MOST: Final = 1_000
ACCOUNT_LIMIT: Final = 250
"""Templates of an account whose business is not verified, as summaries name it; more are taken."""
ALREADY: Final = 2388024
"""The subcode of a template that exists in its language."""
_REVIEW: Final = {"status": str, "reason": str}


class Shelf:
    """The templates of one world: there is one account in it."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._records = world.records(NAME)
        self._templates: dict[tuple[str, str], Template] = {}
        self._loaded = False
        world.loads.append(self.load)
        self._decisions = Decisions(world, again_after)
        world.desks[NAME] = self._desk

    async def load(self) -> None:
        """Reads what is on disk, once."""
        if not self._loaded:
            for _, value in await self._records.all(KIND):
                template = msgspec.convert(value, Template)
                self._templates.setdefault((template.name, template.language), template)
            self._loaded = True

    def used(self, asked: Mapping[str, Any]) -> Template | None:
        """The template that a message names; None where any name will do. Refused where it cannot be used so."""
        name, language = asked["name"], asked["language"]["code"]
        found = self._templates.get((name, language))
        if found is None and (name, language) == (HELLO_WORLD.name, HELLO_WORLD.language):
            found = HELLO_WORLD
        if found is None and not self._templates and not self._world.settings.strict:
            return None
        if found is None or found.status in (templates.PENDING, "REJECTED"):
            raise Refused(templates.UNKNOWN, f"template name ({name}) does not exist in {language}")
        if found.status == "PAUSED":
            raise Refused(templates.PAUSED, f"template name ({name}) is paused")
        if found.status == "DISABLED":
            raise Refused(templates.DISABLED, f"template name ({name}) is disabled")
        try:
            templates.check_use(found, asked.get("components") or ())
        except Broken as broken:
            raise Refused(broken.code, broken.details) from None
        return found

    def category(self, name: str, language: str) -> str:
        """The category of a template in the words of statuses; one that nobody made serves."""
        found = self._templates.get((name, language), HELLO_WORLD)
        return found.category.lower()

    def by_id(self, node: str) -> Template | None:
        """The template that has this id."""
        return next((one for one in (*self._templates.values(), HELLO_WORLD) if one.id == node), None)

    async def create(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        """A new template, which waits for its approval."""
        try:
            templates.check_new(asked)
        except Broken as broken:
            raise Refused(broken.code, broken.details) from None
        name, language = asked["name"], asked["language"]
        if (name, language) in self._templates:
            raise Refused(100, f"Content in this language already exists: {name}, {language}", subcode=ALREADY)
        template = Template(
            id=thing_id(self._world.unique()),
            name=name,
            language=language,
            category=asked["category"].upper(),
            status=templates.PENDING,
            components=asked["components"],
            parameter_format=(asked.get("parameter_format") or "POSITIONAL").upper(),
        )
        await self._keep(template)
        return {"id": template.id, "status": template.status, "category": template.category}

    async def edit(self, template: Template, asked: Mapping[str, Any]) -> None:
        """Other components or another category, which wait for their approval."""
        changed = {name: asked[name] for name in ("components", "category") if asked.get(name)}
        whole = {"name": template.name, "language": template.language, **_plain(template), **changed}
        try:
            templates.check_new(whole)
        except Broken as broken:
            raise Refused(broken.code, broken.details) from None
        category = str(whole["category"]).upper()
        edited = msgspec.structs.replace(
            template, components=whole["components"], category=category, status=templates.PENDING
        )
        await self._keep(edited)

    async def delete(self, query: Mapping[str, str]) -> None:
        """Removes a template in all its languages, or with `hsm_id` in one."""
        name, one = query.get("name"), query.get("hsm_id")
        if not name and not one:
            raise Refused(100, "The parameter name is required.")
        gone = [
            key
            for key, template in self._templates.items()
            if (not name or template.name == name) and (not one or template.id == one)
        ]
        if not gone:
            raise Refused(100, f"There is no message template {name or one}", subcode=2593002)
        await self._records.drop(KIND, [" ".join(key) for key in gone])
        for key in gone:
            del self._templates[key]

    def listed(self, query: Mapping[str, str], here: str) -> dict[str, Any]:
        """A page of the templates that fit the query, which leads on from `here`, and a summary if it asks for one."""
        known = {(HELLO_WORLD.name, HELLO_WORLD.language): HELLO_WORLD, **self._templates}
        found = [
            template
            for _, template in sorted(known.items())
            if all(
                query.get(name, "").lower() in ("", str(getattr(template, name)).lower())
                for name in ("name", "status", "language", "category")
            )
            and query.get("name_or_content", "").lower() in _words(template)
        ]
        limit, after = _number(query.get("limit"), PAGE, MOST), _number(query.get("after"), 0, len(found))
        page = found[after : after + limit]
        paging: dict[str, Any] = {"cursors": {"before": str(after), "after": str(after + len(page))}}
        if after + len(page) < len(found):
            paging["next"] = f"{here}?{urlencode({**query, 'after': after + len(page)})}"
        summary = {
            "total_count": len(found),
            "message_template_count": len(known),
            "message_template_limit": ACCOUNT_LIMIT,
            "are_translations_complete": True,
        }
        wanted = {name: value for name, value in summary.items() if name in query.get("summary", "").split(",")}
        shown = {"data": [_plain(template) for template in page], "paging": paging}
        return {**shown, "summary": wanted} if wanted else shown

    async def _keep(self, template: Template) -> None:
        key = (template.name, template.language)
        await self._records.put(KIND, " ".join(key), template, lasting=True)
        self._templates[key] = template

    async def _desk(self, asked: Asked) -> Response:
        """`templates` lists them; POST to `templates/{name}/{language}` decides over one."""
        await self.load()
        asked.only()
        match asked.method, asked.name.split("/"):
            case "GET", ["templates"]:
                shown = [_plain(template) for template in self._templates.values()]
                return Response(200, JSON, msgspec.json.encode({"templates": shown}))
            case "POST", ["templates", name, language]:
                template = self._templates.get((name, language))
                if template is None:
                    raise Problem(404, f"there is no template {name} in {language}")
                decided = _decided(template, asked.fields(_REVIEW))
                await self._keep(decided)
                await self._decisions.tell(_plain(decided))
                return Response(200, JSON, msgspec.json.encode(_plain(decided)))
            case _:
                raise Problem(404, f"the control API has no {asked.method} of {asked.name}")


def _decided(template: Template, fields: Mapping[str, Any]) -> Template:
    status = str(fields.get("status") or "").upper()
    if status not in templates.STATUSES:
        raise Refusal([Wrong(pointer("status"), f"must be one of {', '.join(templates.STATUSES)}")])
    reason = str(fields.get("reason") or "INVALID_FORMAT") if status == "REJECTED" else "NONE"
    return msgspec.structs.replace(template, status=status, rejected_reason=reason)


def _words(template: Template) -> str:
    return " ".join((template.name, *(str(one.get("text") or "") for one in template.components))).lower()


def _plain(template: Template) -> dict[str, Any]:
    plain: dict[str, Any] = msgspec.to_builtins(template)
    return plain


def _number(text: str | None, usual: int, most: int) -> int:
    return min(int(text), most) if text and text.isascii() and text.isdigit() and len(text) < 10 else usual
