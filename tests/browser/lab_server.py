"""One real JupyterLab for the whole run of tests, with folders of its own."""

from __future__ import annotations

import json
import os
import secrets
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

START_LIMIT = 120.0  # seconds; a limit for what never comes, not something that is measured

# Attach every cell (the default leaves out what is not in view) and look nothing up outside.
SETTINGS: Mapping[str, Mapping[str, object]] = {
    "@jupyterlab/notebook-extension/tracker": {"windowingMode": "none", "autoSaveInterval": 0},
    "@jupyterlab/apputils-extension/notification": {
        "fetchNews": "false",
        "checkForUpdates": False,
    },
    "@jupyterlab/docmanager-extension/plugin": {"autosave": False},
}

# When two of its users are done at once, JupyterLab takes its splash screen away twice, and the
# second time is an error in the console that is not ours.
PAGE = {"disabledExtensions": {"@jupyterlab/apputils-extension:splash": True}}


@dataclass
class LabServer:
    """A JupyterLab that listens on a free port of this machine.

    Parameters
    ----------
    folder
        Everything that it writes is in here: notebooks, settings, signatures, logs.
    environment
        What it, and so every kernel, inherits.
    python
        The interpreter that it runs with.
    module
        What is started: ``jupyterlab``, or ``notebook`` for Notebook 7.
    more
        Further variables of its environment.
    """

    folder: Path
    environment: Mapping[str, str]
    python: str = sys.executable
    module: str = "jupyterlab"
    more: Mapping[str, str] = field(default_factory=dict)
    token: str = field(default_factory=lambda: secrets.token_hex(16))
    url: str = ""
    process: subprocess.Popen[bytes] | None = None

    @property
    def root(self) -> Path:
        """The folder that the file browser shows."""
        return self.folder / "notebooks"

    @property
    def log(self) -> Path:
        """What the server printed."""
        return self.folder / "server.log"

    def start(self) -> None:
        """Start it and return when it answers."""
        self.root.mkdir(parents=True)
        self._write_settings()
        command = [
            *(self.python, "-m", self.module, "--no-browser", "--expose-app-in-browser"),
            *(
                "--ServerApp.ip=127.0.0.1",
                "--ServerApp.port=0",
                f"--ServerApp.root_dir={self.root}",
            ),
            *(f"--IdentityProvider.token={self.token}", "--ServerApp.allow_root=True"),
            *("--LabApp.news_url=", "--LabApp.extension_manager=readonly"),
            "--FileContentsManager.always_delete_dir=True",
        ]
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                command,
                env=self._environment(),
                cwd=self.root,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        deadline = time.monotonic() + START_LIMIT
        while not self._answers():
            if self.process.poll() is not None or time.monotonic() > deadline:
                message = f"JupyterLab did not start:\n{self.log.read_text('utf-8', 'replace')}"
                raise RuntimeError(message)
            time.sleep(0.05)  # between two looks; what is waited for is the answer

    def stop(self) -> None:
        """Stop it with all its kernels."""
        if self.process is None:
            return
        self.process.terminate()
        try:
            self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def _environment(self) -> dict[str, str]:
        private = {
            "HOME": "home",
            "JUPYTER_CONFIG_DIR": "config",
            "JUPYTER_DATA_DIR": "data",
            "JUPYTER_RUNTIME_DIR": "runtime",
            "JUPYTERLAB_SETTINGS_DIR": "settings",
            "JUPYTERLAB_WORKSPACES_DIR": "workspaces",
            "IPYTHONDIR": "ipython",
            "MPLCONFIGDIR": "matplotlib",
        }
        others = {
            name: value
            for name, value in self.environment.items()
            if not name.startswith(("CELLTRAIL_", "JUPYTER", "JPY_", "IPYTHON", "XDG_"))
        }
        for name, place in private.items():
            path = self.folder / place
            path.mkdir(exist_ok=True)
            others[name] = str(path)
        others["PATH"] = os.pathsep.join([str(Path(self.python).parent), others.get("PATH", "")])
        return {**others, "JUPYTER_PREFER_ENV_PATH": "1", **self.more}

    def _write_settings(self) -> None:
        for plugin, values in SETTINGS.items():
            path = self.folder / "settings" / f"{plugin}.jupyterlab-settings"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(json.dumps(values), "utf-8")
        page = self.folder / "config" / "labconfig" / "page_config.json"
        page.parent.mkdir(parents=True)
        page.write_text(json.dumps(PAGE), "utf-8")

    def _answers(self) -> bool:
        # The server writes the port that it got next to its process id.
        for info in (self.folder / "runtime").glob("jpserver-*.json"):
            try:
                self.url = json.loads(info.read_text("utf-8"))["url"]
                request = urllib.request.Request(
                    f"{self.url}api/status", headers={"Authorization": f"token {self.token}"}
                )
                with urllib.request.urlopen(request, timeout=5) as answer:
                    return bool(answer.status == 200)
            except (OSError, ValueError, urllib.error.URLError):  # half written, or not yet there
                continue
        return False
