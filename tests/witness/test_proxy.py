"""Clients with the vendors' hosts written into them come, untouched, to `vestnik emulate` by the lines it prints."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Generator
from pathlib import Path
from typing import Final

import pytest

from tests.acceptance.process import Process
from tests.emulated import Steering
from tests.hostile.raw import dialled

VIBER_TOKEN: Final = "4453b6ac00000001-e02c5f1200000002-daec9cbb00000003"
JOHN: Final = {"telegram": "1001", "viber": "EGAZ3SZRi6zW1D0uNYhQHg==", "whatsapp": "79161234567"}

PTB: Final = """
import asyncio
from telegram import Bot

async def send():
    async with Bot("123:abc") as bot:
        sent = await bot.send_document(1001, b"a file", filename="a.txt", caption="from python-telegram-bot")
        file = await bot.get_file(sent.document.file_id)
        assert bytes(await file.download_as_bytearray()) == b"a file"

asyncio.run(send())
"""
VIBERBOT: Final = f"""
from viberbot import Api, BotConfiguration
from viberbot.api.messages import TextMessage

api = Api(BotConfiguration(auth_token={VIBER_TOKEN!r}, name="Acme", avatar=""))
api.send_messages({JOHN["viber"]!r}, [TextMessage(text="from viberbot")])
"""
PYWA: Final = """
from pywa import WhatsApp

client = WhatsApp(phone_id="100000000000001", token="EAAvestnik")
client.send_message("79161234567", "from pywa")
medium = client.upload_media(media=b"a file", mime_type="text/plain", filename="a.txt")
url = client.get_media_url(medium.id).url
assert url.startswith("https://graph.facebook.com/"), url
assert client.get_media_bytes(url) == b"a file"
"""
APPRISE: Final = f"""
from apprise import Apprise, NotifyFormat

notifier = Apprise()
assert notifier.add("tgram://123456789:abcdefg_hijklmnop/{JOHN["telegram"]}")
assert notifier.add("viber://{VIBER_TOKEN}/EGAZ3SZRi6zW1D0uNYhQHg%3D%3D/?from=Acme")
assert notifier.add("whatsapp://EAAvestnik@100000000000001/{JOHN["whatsapp"]}")
assert notifier.notify("from apprise", body_format=NotifyFormat.TEXT)
"""
REQUESTS: Final = """
import requests

with requests.Session() as session:
    for text in ("from requests", "from requests again"):
        session.post("https://api.telegram.org/bot123:abc/sendMessage", {"chat_id": 1001, "text": text}, timeout=9)
    try:
        session.get("https://example.org/", timeout=9)
    except requests.exceptions.ProxyError as error:
        assert "403" in str(error), error
    else:
        raise AssertionError("it went past the proxy")
"""
URLLIB: Final = """
from urllib.request import urlopen

urlopen("https://api.telegram.org/bot123:abc/sendMessage?chat_id=1001&text=from+urllib", timeout=9).close()
"""
AIOHTTP: Final = """
import asyncio
import aiohttp

async def send():
    async with aiohttp.ClientSession(trust_env=True) as session:
        address = "https://api.telegram.org/bot123:abc/sendMessage"
        async with session.post(address, json={"chat_id": 1001, "text": "from aiohttp"}) as answer:
            assert answer.status == 200

asyncio.run(send())
"""
NODE: Final = """
import { connect } from "node:tls";
import { request } from "node:http";
import { get } from "node:https";

const proxy = new URL(process.env.HTTPS_PROXY);
const opening = request({ host: proxy.hostname, port: proxy.port, method: "CONNECT", path: "api.telegram.org:443" });
opening.on("connect", (_answer, socket) => {
  const secured = connect({ socket, servername: "api.telegram.org" });
  const path = "/bot123:abc/sendMessage?chat_id=1001&text=from+node";
  get({ host: "api.telegram.org", path, createConnection: () => secured }, (answer) => {
    answer.resume();
    process.exitCode = answer.statusCode === 200 ? 0 : 1;
    answer.on("end", () => secured.destroy());
  });
});
opening.end();
"""


class Standing:
    """`vestnik emulate` as a proxy, and the environment that its lines make."""

    def __init__(self, data: Path, log: Path) -> None:
        self.process = Process(["emulate", "--port", "0", "--proxy-port", "0", "--data", str(data)], log, {})
        self.address = self.process.address()
        self.exported = dict(re.findall(r"^export (\w+)=(\S+)$", self.process.output(), re.MULTILINE))
        self.steering = Steering(self.address)

    def runs(self, *command: str) -> "subprocess.CompletedProcess[str]":
        environment = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}
        result = subprocess.run(
            command, env={**environment, **self.exported}, capture_output=True, text=True, timeout=60, check=False
        )
        assert result.returncode == 0, result.stdout + result.stderr
        return result

    def texts(self, messenger: str) -> list[str]:
        return [entry["text"] for entry in self.steering.journal() if entry["messenger"] == messenger]


@pytest.fixture(scope="module")
def standing(tmp_path_factory: pytest.TempPathFactory) -> Generator[Standing]:
    folder = tmp_path_factory.mktemp("proxy")
    at = Standing(folder / "data", folder / "log")
    yield at
    at.process.signal(signal.SIGTERM)
    assert at.process.wait() == 0


@pytest.mark.parametrize(
    ("script", "messenger", "text"),
    [
        (PTB, "telegram", "from python-telegram-bot"),
        (VIBERBOT, "viber", "from viberbot"),
        (PYWA, "whatsapp", "from pywa"),
        (REQUESTS, "telegram", "from requests again"),
        (URLLIB, "telegram", "from urllib"),
        (AIOHTTP, "telegram", "from aiohttp"),
    ],
    ids=["python-telegram-bot", "viberbot", "pywa", "requests", "urllib", "aiohttp"],
)
def test_a_client_works_unchanged(standing: Standing, script: str, messenger: str, text: str) -> None:
    standing.runs(sys.executable, "-c", script)
    assert text in standing.texts(messenger)


def test_one_client_of_all_three_works_unchanged(standing: Standing) -> None:
    """Apprise knows no address of the messengers but their own, and has no way to be told another."""
    standing.runs(sys.executable, "-c", APPRISE)
    for messenger in JOHN:
        assert "from apprise" in standing.texts(messenger)


@pytest.mark.needs("curl", "apt-get install curl")
def test_curl_works_unchanged_and_is_told_of_a_foreign_host(standing: Standing) -> None:
    whatsapp = json.dumps({"messaging_product": "whatsapp", "to": JOHN["whatsapp"], "text": {"body": "from curl"}})
    url = "https://graph.facebook.com/v23.0/100000000000001/messages"
    standing.runs("curl", "-sSf", url, "-H", "authorization: Bearer EAAvestnik", "--json", whatsapp)
    assert "from curl" in standing.texts("whatsapp")
    refused = standing.runs("sh", "-c", "curl -sv https://example.org/ 2>&1; test $? = 56")
    assert "CONNECT tunnel failed, response 403" in refused.stdout


@pytest.mark.needs("node", "install Node.js 20 or newer")
def test_node_works_unchanged(standing: Standing) -> None:
    standing.runs(shutil.which("node") or "", "--input-type=module", "-e", NODE)
    assert "from node" in standing.texts("telegram")


def test_the_authority_outlives_a_restart_and_an_idle_tunnel_holds_no_stop_up(tmp_path: Path) -> None:
    first = Standing(tmp_path / "data", tmp_path / "log")
    trusted = Path(first.exported["SSL_CERT_FILE"]).read_bytes()
    with dialled(first.exported["HTTPS_PROXY"]) as idle:
        idle.sendall(b"CONNECT api.telegram.org:443 HTTP/1.1\r\n\r\n")
        assert b" 200 " in idle.recv(1000)
        first.process.signal(signal.SIGTERM)
        assert first.process.wait(5.0) == 0
    second = Standing(tmp_path / "data", tmp_path / "log")
    assert Path(second.exported["SSL_CERT_FILE"]).read_bytes() == trusted
    second.runs(sys.executable, "-c", URLLIB)
    second.process.signal(signal.SIGTERM)
    assert second.process.wait() == 0
