"""Decides what people see of the description: pages that work without the network and load nothing from elsewhere.

It has never heard of what is described.
"""

import re
from collections.abc import Callable, Mapping
from html import escape
from importlib.resources import files
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response

from vestnik.api.keys import KeyRing
from vestnik.api.problems import KINDS
from vestnik.api.replies import Reply, encode
from vestnik.domain.errors import NotFound

_HTML: Final = "text/html; charset=utf-8"
_CSS: Final = "text/css; charset=utf-8"
_SCRIPT: Final = "text/javascript; charset=utf-8"
_ASSETS: Final = {
    "swagger-ui.css": ("swagger-ui/swagger-ui.css", _CSS),
    "swagger-ui-bundle.js": ("swagger-ui/swagger-ui-bundle.js", _SCRIPT),
    "description.css": ("description.css", _CSS),
    "start.js": ("start.js", _SCRIPT),
    "page.css": ("page.css", _CSS),
}
"""What the pages need: where it lies, and its media type."""
_CONFINED: Final = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
}
"""Nothing from elsewhere, no script in the page itself; Swagger UI sets styles of elements, which must be allowed."""

_PAGE: Final = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Vestnik API</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="/docs/swagger-ui.css">
<link rel="stylesheet" href="/docs/description.css">
</head>
<body>
<div id="description"></div>
<noscript>The description is at <a href="/docs/openapi.json">/docs/openapi.json</a>.</noscript>
<script src="/docs/swagger-ui-bundle.js"></script>
<script src="/docs/start.js"></script>
</body>
</html>
"""

_PROBLEMS: Final = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Vestnik: types of problems</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="/docs/page.css">
</head>
<body>
<h1>Types of problems</h1>
<p>Every refusal is <code>application/problem+json</code> after RFC 9457; its <code>type</code> leads here.</p>
<table>
<thead><tr><th>Type</th><th>Status</th><th>Title</th><th>What to do</th></tr></thead>
<tbody>
{rows}
</tbody>
</table>
</body>
</html>
"""


class Docs:
    """The routes /, /api/openapi.json and /docs."""

    def __init__(self, keys: KeyRing) -> None:
        self._keys = keys
        self._describe: Callable[[bool], Mapping[str, Any]] = lambda _: {}
        self._descriptions: dict[bool, bytes] = {}
        self._problems = _PROBLEMS.format(rows="\n".join(_rows())).encode()
        folder = files("vestnik.api") / "assets"
        self._assets = {name: (folder.joinpath(path).read_bytes(), kind) for name, (path, kind) in _ASSETS.items()}

    def take(self, describe: Callable[[bool], Mapping[str, Any]]) -> None:
        """Takes what makes the description, out of the routes that show it; it is made when it is first asked for.

        There are two: where keys are in force, and where they are not.
        """
        self._describe = describe

    async def description(self, _: Request) -> Response:
        """GET /api/openapi.json and /docs/openapi.json."""
        guarded = await self._keys.are_needed()
        if guarded not in self._descriptions:
            self._descriptions[guarded] = encode(self._describe(guarded))
        return Reply(self._descriptions[guarded])

    async def door(self, _: Request) -> Response:
        """GET /."""
        return Reply(b"", 307, media_type=_HTML, headers={"Location": "/docs"})

    async def page(self, _: Request) -> Response:
        """GET /docs."""
        return Reply(_PAGE.encode(), media_type=_HTML, headers=_CONFINED)

    async def problems(self, _: Request) -> Response:
        """GET /docs/problems."""
        return Reply(self._problems, media_type=_HTML, headers=_CONFINED)

    async def asset(self, request: Request) -> Response:
        """GET /docs/{asset}."""
        found = self._assets.get(request.path_params["asset"])
        if found is None:
            raise NotFound("this page has no such file")
        content, media_type = found
        return Reply(content, media_type=media_type, headers=_CONFINED)


def _rows() -> list[str]:
    return [
        f'<tr id="{kind.slug}"><td><code>{kind.uri}</code></td><td>{kind.status}</td>'
        f"<td>{_marked_up(kind.title)}</td><td>{_marked_up(kind.meaning)}</td></tr>"
        for kind in KINDS
    ]


def _marked_up(sentence: str) -> str:
    return re.sub("`(.+?)`", r"<code>\1</code>", escape(sentence))
