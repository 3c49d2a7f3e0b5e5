"""Arrows point down: which part may import which, and which library lives where."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent / "chatkit_asgi"

VALUES = ("types", "widgets", "icons", "actions", "errors", "ids", "clock", "context", "locale", "usage")
INTERFACES = ("store", "attachments", "streams")
ENGINE = ("server", "agents")
EDGE = (
    "web",
    "auth",
    "settings",
    "mcp_config",
    "logs",
    "version",
    "logger",
    "signals",
    "lifetime",
    "loading",
    "servers",
    "agent_settings",
    "application",
    "checks",
    "cli",
    "__main__",
    "__init__",
)

MAY_IMPORT: dict[str, tuple[str, ...]] = {
    "locale": (),
    "errors": ("locale",),
    "ids": (),
    "clock": (),
    "context": (),
    "usage": (),
    "icons": (),
    "actions": (),
    "widgets": ("icons", "actions"),
    "types": ("widgets", "icons", "actions", "errors", "ids", "clock"),
    "store": VALUES,
    "attachments": (*VALUES, "store"),
    "streams": VALUES,
    "server": (*VALUES, "store"),
    "agents": (*VALUES, "store", "attachments", "server"),
    "settings": (*VALUES, "mcp_config"),
    "mcp_config": VALUES,
    "logs": ("settings", "context"),
    "version": (),
    "logger": (),
    "auth": (*VALUES, "settings"),
    "web": (*VALUES, *INTERFACES, "server", "auth"),
    "signals": (),
    "lifetime": (*VALUES, "signals"),
    "loading": VALUES,
    "agent_settings": (*VALUES, *INTERFACES, "agents", "lifetime", "loading", "mcp_config", "settings"),
    "servers": (*VALUES, *INTERFACES, "server", "agent_settings", "lifetime", "loading", "settings"),
    "checks": (*VALUES, *INTERFACES, *ENGINE, *EDGE),
    "application": (*VALUES, *INTERFACES, *ENGINE, *EDGE),
    "cli": (*VALUES, *INTERFACES, *ENGINE, *EDGE),
    "__main__": ("cli",),
    "__init__": (*VALUES, *INTERFACES, *ENGINE, *EDGE),
}

HOMES = {
    "starlette": ("web/", "auth/", "lifetime", "application", "__init__"),
    "sqlalchemy": ("store/sql/", "streams/sql/"),
    "aiosqlite": ("store/sql/",),
    "asyncpg": ("store/sql/", "streams/sql/"),
    "alembic": ("store/sql/",),
    "agents": ("agents/",),
    "openai": ("agents/",),
    "mcp": ("agents/",),
    "httpx2": ("agents/",),
    "obstore": ("attachments/",),
    "PIL": ("attachments/",),
    "markitdown": ("attachments/",),
    "jinja2": ("widgets/",),
    "babel": ("locale/",),
    "limits": ("web/",),
    "redis": ("web/",),
    "jwt": ("auth/",),
    "itsdangerous": ("attachments/", "auth/"),
    "pydantic_settings": ("settings",),
    "prometheus_client": ("web/",),
    "uvicorn": ("cli", "__main__", "application", "web/"),
}

BESIDE = {"streams/sql/": "store"}
"""Files that may also import a part that the rest of theirs may not: a backend that shares its database."""

BACKENDS = (
    "store.memory",
    "store.sql",
    "attachments.objects",
    "streams.memory",
    "streams.sql",
    "agents.demo",
)
"""Not loaded by their package's face, so they are imported by their own name."""

WIRING = ("application", "checks", "cli")
"""May name the modules of `web` one by one: that package has no face, as nobody else imports it."""

EXCEPTIONS = {("server/__init__.py", "chatkit_asgi.agents.user_agent")}
"""One published name lives in `server` and needs the floor above; the face hands it on lazily."""

FILES = [path.relative_to(ROOT).as_posix() for path in sorted(ROOT.rglob("*.py"))]


def imports_of(name: str) -> Iterator[str]:
    """The modules that a file imports, wherever in it."""
    for node in ast.walk(ast.parse((ROOT / name).read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{name} imports relatively"
            assert node.module is not None
            yield node.module


def part_of(module: str) -> str:
    """The part of ours that a module belongs to."""
    names = module.split(".")
    return names[1] if len(names) > 1 else "__init__"


def part_of_file(name: str) -> str:
    return name.split("/")[0].removesuffix(".py")


@pytest.mark.parametrize("name", FILES)
def test_imports_point_down(name: str) -> None:
    part = part_of_file(name)
    ours = {module for module in imports_of(name) if module.split(".")[0] == "chatkit_asgi"}
    allowed = {part, *MAY_IMPORT[part], *(other for place, other in BESIDE.items() if name.startswith(place))}
    # the package itself gives its version to anyone
    upward = {module for module in ours - {"chatkit_asgi"} if part_of(module) not in allowed}
    upward -= {module for file, module in EXCEPTIONS if file == name}
    assert not upward


@pytest.mark.parametrize("name", FILES)
def test_each_library_has_one_home(name: str) -> None:
    libraries = {module.split(".")[0] for module in imports_of(name)} & HOMES.keys()
    strays = {library for library in libraries if not name.startswith(HOMES[library])}
    assert not strays


@pytest.mark.parametrize("name", FILES)
def test_other_packages_are_imported_from_their_faces(name: str) -> None:
    part = part_of_file(name)
    inner = {
        module
        for module in imports_of(name)
        if module.startswith("chatkit_asgi.") and module.count(".") > 1 and part_of(module) != part
    }
    backends = tuple(f"chatkit_asgi.{backend}" for backend in BACKENDS)
    past_the_face = {module for module in inner if not module.startswith(backends)}
    past_the_face -= {module for file, module in EXCEPTIONS if file == name}
    if part in WIRING:
        past_the_face = {module for module in past_the_face if part_of(module) != "web"}
    assert not past_the_face
