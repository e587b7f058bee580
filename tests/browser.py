"""A real Chromium without a window, driven through its debugging pipe: keys are pressed, requests are counted."""

from __future__ import annotations

import base64
import json
import os
import shutil
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
KEYS = {"Tab": 9, "Enter": 13, "ArrowRight": 39, "ArrowDown": 40, "Escape": 27, "Space": 32, "End": 35}
TIMEOUT = 60.0


class Browser:
    """One page in a Chromium of its own. `errors`: what its console said; `requests`: addresses that it asked for."""

    def __init__(self) -> None:
        self.errors: list[str] = []
        self.requests: list[str] = []
        self._profile = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        ours, theirs = os.pipe(), os.pipe()  # (they read, we write), (we read, they write)

        def as_expected() -> None:  # Chromium reads commands from 3 and writes to 4
            os.dup2(os.dup(ours[0]), 3)
            os.dup2(os.dup(theirs[1]), 4)

        self._process = subprocess.Popen(
            [
                CHROMIUM,
                "--headless",
                "--no-sandbox",
                "--disable-gpu",
                "--disable-dev-shm-usage",
                "--no-first-run",
                "--hide-scrollbars",
                "--remote-debugging-pipe",
                f"--user-data-dir={self._profile.name}",
                "about:blank",
            ],
            preexec_fn=as_expected,
            close_fds=False,
            stderr=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
        )
        os.close(ours[0]), os.close(theirs[1])
        self._write, self._read, self._come = ours[1], theirs[0], b""
        self._number, self._session = 0, None
        target = self._ask("Target.createTarget", url="about:blank")["targetId"]
        self._session = self._ask("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Network", "Log"):
            self._ask(f"{domain}.enable")

    def __enter__(self) -> Browser:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.wait()
        os.close(self._write)
        os.close(self._read)
        self._profile.cleanup()

    def _ask(self, method: str, **params: Any) -> dict[str, Any]:
        """What Chromium answers to one command; events that come before it are noted."""
        self._number += 1
        message = {"id": self._number, "method": method, "params": params}
        message |= {"sessionId": self._session} if self._session else {}
        content = json.dumps(message).encode() + b"\0"
        while content:
            content = content[os.write(self._write, content) :]
        while True:
            answer = self._next()
            if answer.get("id") == self._number:
                if "error" in answer:
                    raise RuntimeError(f"{method}: {answer['error']}")
                return answer["result"]
            self._note(answer)

    def _next(self) -> dict[str, Any]:
        """The next message; each ends with a zero byte."""
        while b"\0" not in self._come:
            if not (more := os.read(self._read, 1 << 20)):
                raise RuntimeError("Chromium went away")
            self._come += more
        message, _, self._come = self._come.partition(b"\0")
        return json.loads(message)

    def _note(self, event: dict[str, Any]) -> None:
        params = event.get("params", {})
        if event.get("method") == "Network.requestWillBeSent":
            self.requests.append(params["request"]["url"])
        elif event.get("method") == "Runtime.exceptionThrown":
            details = params["exceptionDetails"]
            self.errors.append(details.get("exception", {}).get("description") or details["text"])
        elif event.get("method") == "Log.entryAdded":
            self.errors.append(params["entry"]["text"])
        elif event.get("method") == "Runtime.consoleAPICalled" and params["type"] in ("error", "assert"):
            self.errors.append(str(params["args"]))

    def open(self, path: Path, fragment: str = "") -> float:
        """Show a file from disk; seconds until the page's script has drawn it."""
        self._ask("Page.navigate", url="about:blank")
        begin = time.monotonic()
        self._ask("Page.navigate", url=path.resolve().as_uri() + fragment)
        self.wait("document.documentElement?.dataset.ready === 'yes'")
        return time.monotonic() - begin

    def show(self, path: Path) -> None:
        """Show a page of somebody else's making, from disk, once it is loaded."""
        self._ask("Page.navigate", url=path.resolve().as_uri())
        self.wait("document.readyState === 'complete'")

    def write(self, text: str) -> None:
        """Text into what has the focus."""
        self._ask("Input.insertText", text=text)

    def go(self, fragment: str) -> None:
        """Change the fragment, as a link would."""
        self.js(f"location.hash = {json.dumps(fragment)}; new Promise((done) => setTimeout(done, 300))")

    def js(self, code: str) -> Any:
        """The value of an expression (awaited where it is a promise)."""
        answer = self._ask("Runtime.evaluate", expression=code, awaitPromise=True, returnByValue=True)
        if "exceptionDetails" in answer:
            raise RuntimeError(f"{code[:200]}: {answer['exceptionDetails']}")
        return answer["result"].get("value")

    def wait(self, condition: str) -> None:
        end = time.monotonic() + TIMEOUT
        while not self.js(f"Boolean({condition})"):
            if time.monotonic() > end:
                raise TimeoutError(f"{condition} is not so after {TIMEOUT} s; the console said {self.errors}")
            time.sleep(0.02)

    def text(self, selector: str) -> str:
        """What a reader sees of an element: hidden parts left out."""
        return self.js(f"document.querySelector({json.dumps(selector)}).innerText")

    def press(self, key: str) -> None:
        """A key, as the keyboard would send it."""
        text = {"Enter": "\r", "Space": " "}.get(key, "")
        words = {"key": " " if key == "Space" else key, "code": key, "windowsVirtualKeyCode": KEYS[key]}
        self._ask("Input.dispatchKeyEvent", type="keyDown", **words, **({"text": text} if text else {}))
        self._ask("Input.dispatchKeyEvent", type="keyUp", **words)

    def look(self, width: int = 1400, height: int = 1000, dark: bool = False, media: str = "screen") -> None:
        """The size of the window, light or dark, screen or print."""
        self._ask("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self._ask("Emulation.setEmulatedMedia", media=media, features=[scheme])

    def screenshot(self, path: Path) -> None:
        path.write_bytes(base64.b64decode(self._ask("Page.captureScreenshot", format="png")["data"]))
