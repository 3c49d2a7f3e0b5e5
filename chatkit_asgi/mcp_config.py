"""Which MCP servers there are: the JSON that clients of MCP share, or a file of it."""

import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Literal, Self

from pydantic import AliasChoices, BaseModel, ConfigDict, Field, ValidationError, model_validator

from chatkit_asgi.errors import InvalidRequestError

__all__ = ["McpEntry", "read_mcp", "secrets_of_mcp"]

VARIABLE = re.compile(r"\$\{(\w+)(?::-([^}]*))?\}")
HTTP = ("http", "streamable-http", "streamableHttp", "streamable_http")


class McpEntry(BaseModel):
    """One server. What other clients know beside this is left alone."""

    model_config = ConfigDict(hide_input_in_errors=True)

    type: Literal["stdio", "http", "streamable-http", "streamableHttp", "streamable_http"] | None = None
    command: str | None = None
    args: tuple[str, ...] = ()
    env: dict[str, str] = {}
    cwd: str | None = None
    url: str | None = Field(default=None, validation_alias=AliasChoices("url", "httpUrl", "serverUrl"))
    headers: dict[str, str] = {}
    timeout: float = Field(default=60.0, gt=0)
    """Seconds for which the server may be silent."""
    include: tuple[str, ...] | None = Field(default=None, validation_alias="includeTools")
    exclude: tuple[str, ...] = Field(default=(), validation_alias="excludeTools")
    disabled: bool = False

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if bool(self.command) == bool(self.url):
            raise ValueError("write either a command or a url")
        if (self.type in HTTP and self.command) or (self.type == "stdio" and self.url):
            raise ValueError("the type does not go with what is written beside it")
        if self.url and not re.match(r"https?://[^/]", self.url):
            raise ValueError("the url begins with http:// or https://")
        return self

    @property
    def arguments(self) -> dict[str, Any]:
        """What the server is made of: only what belongs to its kind."""
        return self.model_dump(exclude={"type", "disabled"})


def read_mcp(text: str) -> dict[str, McpEntry]:
    """The servers by their names, with ``${VARIABLE}`` and ``${VARIABLE:-default}`` filled in.

    Raises InvalidRequestError, which repeats no value.
    """
    found = {name: _entry(name, fields) for name, fields in _servers(text).items()}
    return {name: entry for name, entry in found.items() if not entry.disabled}


def secrets_of_mcp(text: str) -> set[str]:
    """What must not be shown: values of headers and of the environment, and what variables stand for."""
    given = {
        value for entry in read_mcp(text).values() for value in (*entry.headers.values(), *entry.env.values())
    }
    return given | {os.environ.get(name, default) for name, default in VARIABLE.findall(_read(text))} - {""}


def _servers(text: str) -> Mapping[str, Any]:
    if not text:
        return {}
    try:
        document = _Document.model_validate_json(_read(text))
    except ValidationError as exc:
        raise InvalidRequestError(
            f'CHATKIT_MCP has to be {{"mcpServers": {{name: {{…}}}}}} or a file of it. {_faults(exc)}'
        ) from None
    return document.servers


def _read(text: str) -> str:
    if text.lstrip().startswith("{") or not text:
        return text
    try:
        return Path(text).read_text(encoding="utf-8")
    except (OSError, ValueError) as exc:
        reason = exc.strerror if isinstance(exc, OSError) else "it is not UTF-8"
        raise InvalidRequestError(f"CHATKIT_MCP names a file that cannot be read: {reason}.") from exc


class _Document(BaseModel):
    model_config = ConfigDict(hide_input_in_errors=True)

    servers: dict[str, dict[str, Any]] = Field(validation_alias=AliasChoices("mcpServers", "servers"))


def _entry(name: str, fields: Mapping[str, Any]) -> McpEntry:
    try:
        return McpEntry.model_validate({key: _filled(value, name) for key, value in fields.items()})
    except ValidationError as exc:
        raise InvalidRequestError(f"CHATKIT_MCP, server {name}: {_faults(exc)}") from None


def _filled(value: Any, server: str) -> Any:
    """The value with its variables filled in, wherever they stand in it."""

    def variable(found: re.Match[str]) -> str:
        name, default = found.groups()
        value = os.environ.get(name, default)
        if value is None:
            raise InvalidRequestError(
                f"CHATKIT_MCP, server {server}: {name} is not set. Set it, or write ${{{name}:-}}."
            )
        return value

    match value:
        case str():
            return VARIABLE.sub(variable, value)
        case list():
            return [_filled(each, server) for each in value]
        case dict():
            return {key: _filled(each, server) for key, each in value.items()}
    return value


def _faults(exc: ValidationError) -> str:
    return "; ".join(_fault_lines(exc))


def _fault_lines(exc: ValidationError) -> Iterator[str]:
    for fault in exc.errors(include_url=False, include_input=False, include_context=False):
        place = ".".join(str(part) for part in fault["loc"])
        message = fault["msg"].removeprefix("Value error, ")
        yield f"{place}: {message}" if place else message
