"""Firefox without a driver: it speaks WebDriver BiDi itself, over a socket.

https://w3c.github.io/webdriver-bidi/
"""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from websocket import WebSocket, create_connection

HEARD = ["log.entryAdded", "network.beforeRequestSent"]
PREFERENCES = {
    "app.update.enabled": False, "datareporting.policy.dataSubmissionEnabled": False,
    "browser.shell.checkDefaultBrowser": False, "ui.prefersReducedMotion": 1,
    "network.captive-portal-service.enabled": False, "network.connectivity-service.enabled": False,
}  # fmt: skip


class Firefox:
    """One page of a headless Firefox: it goes where it is told, and runs what it is given."""

    def __init__(self, socket: WebSocket) -> None:
        self._socket, self._number = socket, 0
        self.errors: list[str] = []  # of scripts, since the page was opened
        self.asked: list[str] = []  # addresses, likewise
        self.send("session.new", capabilities={})
        self.send("session.subscribe", events=HEARD)
        self._page = self.send("browsingContext.create", type="tab")["context"]

    def send(self, method: str, **params: Any) -> Any:
        """Give the answer to a command; what happens meanwhile is noted."""
        self._number += 1
        self._socket.send(json.dumps({"id": self._number, "method": method, "params": params}))
        while True:
            said = json.loads(self._socket.recv())
            if said.get("id") == self._number:
                assert said["type"] == "success", said
                return said["result"]
            self._note(said["method"], said["params"])

    def _note(self, method: str, params: Any) -> None:
        if method == "network.beforeRequestSent":
            self.asked.append(params["request"]["url"])
        elif params["type"] == "javascript" and params["level"] == "error":
            self.errors.append(params["text"])

    def open(self, url: str) -> None:
        """Open a page, and wait until it is loaded."""
        self.errors, self.asked = [], []
        self.send("browsingContext.navigate", context=self._page, url=url, wait="complete")

    def evaluate(self, code: str) -> Any:
        """Run an expression, wait if it is a promise, and give its value: anything JSON has."""
        found = self.send(
            "script.evaluate", expression=f"Promise.resolve({code}).then(JSON.stringify)",
            target={"context": self._page}, awaitPromise=True,
        )  # fmt: skip
        assert found["type"] == "success", found["exceptionDetails"]["text"]
        return json.loads(found["result"].get("value", "null"))


@contextmanager
def firefox_page(program: str, home: Path, width: int = 1280) -> Iterator[Firefox]:
    """Start a Firefox that knows nobody, and end it."""
    lines = [f"user_pref({json.dumps(k)}, {json.dumps(v)});" for k, v in PREFERENCES.items()]
    (home / "user.js").write_text("\n".join(lines), encoding="utf-8")
    command = [program, "--headless", f"--width={width}", "--no-remote", "--profile", str(home)]
    firefox = subprocess.Popen([*command, "--remote-debugging-port=0", "about:blank"],
                               stderr=subprocess.DEVNULL)  # fmt: skip
    says, end = home / "WebDriverBiDiServer.json", time.monotonic() + 300
    try:
        while not says.exists() or not (told := says.read_text(encoding="utf-8")):
            assert firefox.poll() is None, "Firefox has ended"
            assert time.monotonic() < end, "Firefox does not say where it listens"
            time.sleep(0.1)
        address = "ws://{ws_host}:{ws_port}/session".format(**json.loads(told))
        socket = create_connection(address, timeout=300, suppress_origin=True)
        yield Firefox(socket)
        socket.close()
    finally:
        firefox.kill()
        firefox.wait()
