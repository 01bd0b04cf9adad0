"""Front ends that the tests do not bring along, in an environment made for them."""

from __future__ import annotations

import subprocess
import sys
import time
import urllib.error
import urllib.request
import venv
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from socket import socket

START_LIMIT = 120.0  # seconds
PACKAGES = ("marimo>=0.25", "notebook>=7.4")


def make_python(folder: Path, environment: Mapping[str, str]) -> str:
    """Make an environment that has all of this one's packages, and the front ends beside them."""
    venv.create(folder, with_pip=True, symlinks=sys.platform != "win32")
    python = folder / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
    purelib = "import sysconfig; print(sysconfig.get_path('purelib'))"
    done = subprocess.run([python, "-c", purelib], capture_output=True, text=True, check=True)
    ours = [path for path in sys.path if Path(path).name == "site-packages"]
    sources = [path for path in sys.path if Path(path).name == "src"]
    lines = [f"import site; site.addsitedir({path!r})" for path in ours] + sources
    (Path(done.stdout.strip()) / "beside.pth").write_text("\n".join(lines) + "\n")
    install = [python, "-m", "pip", "install", "--quiet", *PACKAGES]
    subprocess.run(install, env=dict(environment), check=True)
    return str(python)


@contextmanager
def marimo_app(python: str, notebook: Path, environment: Mapping[str, str]) -> Iterator[str]:
    """Run a notebook of marimo's as an app, and give its address."""
    with socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [python, "-m", "marimo", "run", "--headless", "--host", "127.0.0.1"]
    log = notebook.with_suffix(".log")
    with log.open("wb") as out:
        server = subprocess.Popen(
            [*command, "--port", str(port), str(notebook)],
            cwd=notebook.parent,
            env=dict(environment),
            stdout=out,
            stderr=subprocess.STDOUT,
        )
    address = f"http://127.0.0.1:{port}"
    deadline = time.monotonic() + START_LIMIT
    try:
        while not _answers(f"{address}/health"):
            if server.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"marimo did not start:\n{log.read_text()}")
            time.sleep(0.1)
        yield address
    finally:
        server.terminate()
        try:
            server.wait(30)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()


def _answers(address: str) -> bool:
    try:
        with urllib.request.urlopen(address, timeout=5) as answer:
            return bool(answer.status == 200)
    except (OSError, urllib.error.URLError):
        return False
