"""A real browser on our pages, for `premise doctor --egress`: signs in, asks, looks around, and lists what it requests.

Debian's Chromium, driven by its own protocol over loopback. Knows the pages' elements by name and nothing of what they
mean. Where no Chromium is installed, nobody visits.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
from websockets.sync.client import ClientConnection, connect

from storage.errors import ServiceError

FLAGS = (
    "--headless --no-sandbox --disable-gpu --disable-background-networking --disable-component-update --disable-sync "
    "--no-first-run --remote-debugging-port=0 --remote-debugging-address=127.0.0.1"
)
SECONDS = 120.0  # for each thing that is waited for
LOOK_SECONDS = 2.0  # on each page, for what it may load late
QUESTION_BOX = "document.querySelector('textarea')"


def chromium() -> str | None:
    """The browser of this host."""
    return shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


def visit(
    program: str, scratch: Path, address: str, *, name: str, password: str, question: str, pages: Sequence[str]
) -> list[str]:
    """Sign in, ask, open the first source, look at each of `pages`. Returns every address that was requested.

    `scratch` gets the browser's profile and its own record of the network (netlog.json). Raises: ServiceError.
    """
    with _started(program, scratch) as port, _Tab.open(port) as tab:
        tab.go(address)
        tab.until("document.querySelector('#password')")
        tab.run(f"document.querySelector('#name').value = {json.dumps(name)}")
        tab.run(f"document.querySelector('#password').value = {json.dumps(password)}")
        tab.run("document.querySelector('button[type=submit]').click()")
        tab.until("document.querySelector('.welcome')")
        tab.until(QUESTION_BOX)
        tab.run(f"{QUESTION_BOX}.focus()")
        tab.send("Input.insertText", text=question)
        for kind in ("keyDown", "keyUp"):
            tab.send(
                "Input.dispatchKeyEvent", type=kind, key="Enter", code="Enter", text="\r", windowsVirtualKeyCode=13
            )
        tab.until("document.querySelector('.answer') && !document.querySelector('.growing, .working')")
        tab.until("document.querySelector('[class*=st-key-cite_] button')")
        tab.run("document.querySelector('[class*=st-key-cite_] button').click()")
        tab.until("document.querySelector('.sourcetitle')")
        for page in pages:
            tab.look(LOOK_SECONDS)
            tab.go(f"{address}{page}")
            tab.until("document.querySelector('[data-testid=stAppViewContainer]')")
        tab.look(LOOK_SECONDS)
        return tab.asked


@contextmanager
def _started(program: str, scratch: Path) -> Iterator[int]:
    """A browser with a new profile; its port for tools."""
    profile = scratch / "browser"
    told = profile / "DevToolsActivePort"
    command = [program, *FLAGS.split(), f"--user-data-dir={profile}", f"--log-net-log={scratch / 'netlog.json'}"]
    with subprocess.Popen([*command, "about:blank"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            until = time.monotonic() + SECONDS
            while not (told.exists() and told.read_text().count("\n")):
                if process.poll() is not None or time.monotonic() > until:
                    raise ServiceError(f"{program} did not start.")
                time.sleep(0.1)
            yield int(told.read_text().splitlines()[0])
        finally:
            process.terminate()
            process.wait(30)


class _Tab:
    """One page of the browser."""

    def __init__(self, socket: ClientConnection) -> None:
        self._socket = socket
        self._number = 0
        self.asked: list[str] = []

    @classmethod
    @contextmanager
    def open(cls, port: int) -> Iterator[_Tab]:
        """The page that the browser started with."""
        listed = httpx.get(f"http://127.0.0.1:{port}/json/list", trust_env=False).json()
        place = next(item["webSocketDebuggerUrl"] for item in listed if item["type"] == "page")
        with connect(place, max_size=None, proxy=None) as socket:
            tab = cls(socket)
            tab.send("Network.enable")
            tab.send("Page.enable")
            yield tab

    def send(self, method: str, **parameters: Any) -> dict[str, Any]:
        """A command of the browser's protocol; what else it says meanwhile is noted. Raises: ServiceError."""
        self._number += 1
        self._socket.send(json.dumps({"id": self._number, "method": method, "params": parameters}))
        while True:
            try:
                said = json.loads(self._socket.recv(SECONDS))
            except TimeoutError as error:
                raise ServiceError(f"The browser does not answer to {method}.") from error
            self._note(said)
            if said.get("id") == self._number:
                if "error" in said:
                    raise ServiceError(f"The browser refuses {method}: {said['error'].get('message')}")
                return dict(said["result"])

    def go(self, address: str) -> None:
        """To another page."""
        self.send("Page.navigate", url=address)

    def run(self, script: str) -> Any:
        """A script in the page; its value."""
        return self.send("Runtime.evaluate", expression=script, returnByValue=True)["result"].get("value")

    def until(self, script: str) -> None:
        """Wait until a script is true. Raises: ServiceError."""
        until = time.monotonic() + SECONDS
        while not self.run(f"!!({script})"):
            if time.monotonic() > until:
                raise ServiceError(f"The page never came to {script}.")
            self.look(0.1)

    def look(self, seconds: float) -> None:
        """Hear what the page does for a while."""
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            try:
                self._note(json.loads(self._socket.recv(left)))
            except TimeoutError:
                return

    def _note(self, said: dict[str, Any]) -> None:
        parameters = said.get("params", {})
        if said.get("method") == "Network.requestWillBeSent":
            self.asked.append(parameters["request"]["url"])
        if said.get("method") == "Network.webSocketCreated":
            self.asked.append(parameters["url"])
