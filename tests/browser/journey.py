"""What a reader does, in a real browser: open a lesson in JupyterLab, run all of it, look.

Every server and every browser is thrown away afterwards, with its settings and its notebooks.
"""

from __future__ import annotations

import json
import os
import re
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from urllib.request import ProxyHandler, Request, build_opener

from conftest import need
from playwright.sync_api import Locator, Page, expect, sync_playwright

FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-sync", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-dev-shm-usage",
    "--no-default-browser-check",
]  # fmt: skip
SETTINGS = {
    "@jupyterlab/apputils-extension:notification": {
        "checkForUpdates": False, "doNotDisturbMode": True, "fetchNews": "false",
    },
    "@jupyterlab/docmanager-extension:plugin": {"autosave": False},
    "@jupyterlab/notebook-extension:tracker": {"windowingMode": "none"},  # draws every cell
}  # fmt: skip

IDLE = """() => {
  const kernel = window.jupyterapp?.shell?.currentWidget?.sessionContext?.session?.kernel;
  return kernel?.status === 'idle' && kernel.connectionStatus === 'connected';
}"""
POLLING = 100  # milliseconds: to ask at each frame would have the page drawn at each
JUPYTER = "Failed to initialize model|Canceled future"  # not ours: it comes late; a kernel ended
WRONG = '[data-mime-type$="jupyter.error"], [data-mime-type$="jupyter.stderr"]'
ALL_RAN = """wrong => {
  const cells = window.jupyterapp.shell.currentWidget.content.widgets;
  const codes = cells.filter(cell => cell.model.type === 'code');
  return document.querySelector(wrong) !== null || codes.length > 0 && codes.every(
    cell => cell.model.executionCount !== null && cell.model.executionState !== 'running');
}"""  # after an error the cells that follow are not run
COMMAND = """async ([name, options]) => {
  await window.jupyterapp.commands.execute(name, options);
}"""  # gives nothing back: what commands give cannot leave the page
SCROLLER = ".jp-NotebookPanel .jp-WindowedPanel-outer"


def free_port() -> int:
    """Give a port of this machine that nobody listens on."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


@contextmanager
def jupyter_lab(notebooks: Path, home: Path, timeout: float = 60) -> Iterator[tuple[str, str]]:
    """Serve a folder of notebooks in a JupyterLab with settings of its own; give address, token."""
    base, token = f"http://127.0.0.1:{free_port()}", secrets.token_hex(16)
    overrides = home / "config" / "labconfig" / "default_setting_overrides.json"
    overrides.parent.mkdir(parents=True)
    overrides.write_text(json.dumps(SETTINGS), encoding="utf-8")
    folders = {
        "JUPYTER_CONFIG_DIR": "config", "JUPYTER_DATA_DIR": "data",
        "JUPYTER_RUNTIME_DIR": "runtime", "JUPYTERLAB_SETTINGS_DIR": "settings",
        "JUPYTERLAB_WORKSPACES_DIR": "workspaces", "IPYTHONDIR": "ipython",
    }  # fmt: skip
    own = {name: str(home / folder) for name, folder in folders.items()}
    command = [
        sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root",
        "--ServerApp.ip=127.0.0.1", f"--ServerApp.port={base.rpartition(':')[2]}",
        "--ServerApp.port_retries=0", f"--ServerApp.root_dir={notebooks}",
        "--LabApp.expose_app_in_browser=True", "--LabApp.news_url=None",
        "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
        "--LabApp.extension_manager=readonly",
    ]  # fmt: skip
    opener = build_opener(ProxyHandler({}))

    def api(path: str, method: str = "GET") -> None:
        headers = {"Authorization": f"token {token}"}
        with opener.open(Request(base + path, method=method, headers=headers), timeout=5):
            pass

    log = home / "server.log"
    with log.open("wb") as printed:
        server = subprocess.Popen(command, stdout=printed, stderr=subprocess.STDOUT,
                                  env={**os.environ, **own, "JUPYTER_TOKEN": token},
                                  start_new_session=True)  # fmt: skip
    try:
        end = time.monotonic() + timeout
        while True:
            with suppress(OSError):  # it does not listen yet
                api("/api/status")
                break
            if server.poll() is not None or time.monotonic() > end:
                raise RuntimeError(f"JupyterLab did not start:\n{log.read_text()}")
            time.sleep(0.1)
        yield base, token
    finally:
        with suppress(OSError):  # it may have ended
            api("/api/shutdown", "POST")
        try:
            server.wait(15)
        except subprocess.TimeoutExpired:
            os.killpg(server.pid, signal.SIGKILL)
            server.wait()


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """Serve a folder of pages; give the address."""
    handler = partial(Quiet, directory=folder)
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


class Quiet(SimpleHTTPRequestHandler):
    """Serves files and tells nobody."""

    def log_message(self, *_: object) -> None: ...


@contextmanager
def browser_page(chromium: str, home: Path, *flags: str) -> Iterator[Page]:
    """Give a page of a headless Chromium; an error in the page fails the journey at its end."""
    errors: list[str] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch_persistent_context(
            home, executable_path=chromium, headless=True, args=[*FLAGS, *flags],
            viewport={"width": 1280, "height": 800},
        )  # fmt: skip
        browser.set_default_timeout(60_000)
        expect.set_options(timeout=60_000)
        page = browser.new_page()
        page.on("pageerror", lambda error: errors.append(str(error)))
        yield page
        browser.close()
    assert not [error for error in errors if not re.search(JUPYTER, error)], errors


class Lesson:
    """One lesson, open in a page; without a `kernel` none is waited for."""

    def __init__(self, page: Page, server: tuple[str, str], name: str, kernel: bool = True) -> None:
        base, token = server
        where = f"lab/tree/{name}.ipynb?reset&token={token}"
        if not token:  # JupyterLite: no server knows anybody
            where = f"lab/index.html?path={name}.ipynb"
        self.page, self.name = page, name
        page.goto(f"{base}/{where}", wait_until="commit")
        page.wait_for_function("() => !!window.jupyterapp", polling=POLLING)
        page.evaluate("async () => { await window.jupyterapp.restored; }")
        page.locator(".jp-NotebookPanel .jp-Cell").first.wait_for()
        if kernel:
            page.wait_for_function(IDLE, polling=POLLING)

    def command(self, name: str, **options: str) -> None:
        """Choose a command of JupyterLab's menus."""
        self.page.evaluate(COMMAND, [name, options])

    def run_all(self) -> list[str]:
        """Run all cells, queued at once as a reader does it; give the errors that are shown."""
        self.command("notebook:run-all-cells")
        self.page.wait_for_function(ALL_RAN, arg=WRONG, polling=POLLING)
        self.page.wait_for_function(IDLE, polling=POLLING)
        return self.page.locator(WRONG).all_inner_texts()

    def output(self, cell: str) -> Locator:
        """Give what the code cell with this id shows."""
        at = self.page.evaluate(
            """id => window.jupyterapp.shell.currentWidget.content.widgets.findIndex(
                 cell => cell.model.id === id)""",
            cell,
        )
        return self.page.locator(".jp-Notebook .jp-Cell").nth(at).locator(".jp-OutputArea-output")

    def theme(self, name: str) -> None:
        """Choose a theme and wait until the page has it."""
        self.command("apputils:change-theme", theme=name)
        expect(self.page.locator("body")).to_have_attribute("data-jp-theme-name", name)

    def violations(self, shown: str) -> list[str]:
        """Have axe-core look at all that a selector finds; give what breaks its rules."""
        if not self.page.evaluate("() => 'axe' in window"):
            how = "npm install axe-core, then AXE=<folder>/node_modules/axe-core/axe.min.js"
            self.page.add_script_tag(path=need("axe-core", how, os.environ.get("AXE", "")))
        found = self.page.evaluate(
            "async all => (await axe.run([...document.querySelectorAll(all)])).violations", shown
        )
        return [f"{rule['id']}: {at['html'][:200]}" for rule in found for at in rule["nodes"]]

    def photograph(self, folder: Path, theme: str) -> int:
        """Keep pictures of all that there is to scroll through; give how many."""
        self.theme(theme)
        folder.mkdir(exist_ok=True)
        scroller = self.page.locator(SCROLLER)
        whole, seen = scroller.evaluate("e => [e.scrollHeight, e.clientHeight]")
        for number, top in enumerate(range(0, whole, seen - 40)):
            scroller.evaluate("(e, top) => { e.scrollTop = top; }", top)
            short = theme.rpartition(" ")[2].lower()
            self.page.screenshot(path=folder / f"{self.name}-{short}-{number:02}.png")
        return number + 1


def copied(notebooks: Path, to: Path) -> Path:
    """Copy the notebooks, so that no journey changes one."""
    return shutil.copytree(notebooks, to, ignore=shutil.ignore_patterns(".ipynb_checkpoints"))
