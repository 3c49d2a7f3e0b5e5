"""What users may choose for a message: a tool that is called first, or another agent that answers."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from agents import Agent, ModelSettings
from agents.tool import Tool

from chatkit_asgi.agents.models import with_model
from chatkit_asgi.errors import InvalidRequestError
from chatkit_asgi.icons import IconName
from chatkit_asgi.locale import user_text

__all__ = ["ToolOption", "ToolOptions", "Tools", "make_tool_options", "read_tool_options"]

LONGEST_ID = 100
PARAM = "params.input.inference_options.tool_choice.id"

AnyAgent = Agent[Any]  # Any: the context is the application's own kind


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolOption:
    """An entry of the composer's tool menu, which a message names by `inference_options.tool_choice`."""

    id: str
    label: str
    use: Tool | AnyAgent | None = None
    """The tool that is called first, or the agent that answers; None: the agent's own tool of that name."""
    icon: IconName | None = None
    placeholder: str | None = None
    """What the empty composer says while this is chosen."""

    @property
    def shown(self) -> dict[str, Any]:
        """As the page's composer takes it."""
        fields = {"id": self.id, "label": self.label, "icon": self.icon}
        named = {**fields, "placeholderOverride": self.placeholder}
        return {name: value for name, value in named.items() if value is not None}


Tools = Mapping[str, Any] | Iterable[Any]
"""Tools, agents, `ToolOption`s or names of the agent's own tools; in a mapping under their ids."""


def make_tool_options(given: Tools) -> dict[str, ToolOption]:
    """The options by their ids. Raises InvalidRequestError for what is neither a tool nor an agent."""
    named = given.items() if isinstance(given, Mapping) else ((None, each) for each in given)
    options = [_option(use, option_id) for option_id, use in named]
    return {option.id: option for option in options}


def read_tool_options(
    entries: Iterable[str], load: Callable[[str], Any], *, model: str
) -> dict[str, ToolOption]:
    """The options that a setting names: ``module:attribute`` or a tool of the agent, and perhaps ``=Label``.

    `load` gives what is at an import path: a tool, an agent, or several of them in a mapping or list. Agents
    that name no model use this one.
    """
    found: dict[str, ToolOption] = {}
    for entry in entries:
        path, _, label = (part.strip() for part in entry.partition("="))
        use = load(path) if ":" in path else path
        options = make_tool_options(use if isinstance(use, Mapping | list | tuple) else [use])
        found |= {name: _read(option, label, model) for name, option in options.items()}
    return found


def _read(option: ToolOption, label: str, model: str) -> ToolOption:
    use = with_model(option.use, model) if isinstance(option.use, Agent) else option.use
    return replace(option, label=label or option.label, use=use)


class ToolOptions:
    """The choices of one server, and the agent that each of them makes."""

    def __init__(self, agent: AnyAgent, options: Mapping[str, ToolOption]) -> None:
        self.agent = agent
        self.options = dict(options)

    def require(self, chosen: str) -> None:
        """Raises InvalidRequestError, which names what there is, for an id that is not known."""
        known = self.known()
        if chosen in known:
            return
        name, names = chosen[:LONGEST_ID], ", ".join(sorted(known)) or "–"
        raise InvalidRequestError(
            user_text("There is no tool {name} to choose here. There are: {names}.", name=name, names=names),
            param=PARAM,
        )

    def known(self) -> set[str]:
        """The ids; where nobody has set any, the names of the agent's own tools."""
        return set(self.options) or {tool.name for tool in self.agent.tools}

    def agent_for(self, chosen: str | None, tools: Sequence[Tool] = (), *, forces: bool) -> AnyAgent:
        """The agent that answers, with these further tools: the chosen one, or ours.

        With `forces`, the first thing it does is to call the chosen tool. What is not known any more, or
        not to be had just now, is left to the model.
        """
        option = self.options.get(chosen or "")
        if option is not None and isinstance(option.use, Agent):
            return _with_tools(option.use, tools)
        offered = [each.use for each in self.options.values() if not isinstance(each.use, Agent | None)]
        agent = _with_tools(self.agent, [*offered, *tools])
        name = option.use.name if option and option.use else chosen
        is_there = chosen in self.known() and name in {tool.name for tool in agent.tools}
        return _forced(agent, name) if name and forces and is_there else agent


def _option(use: Any, option_id: str | None) -> ToolOption:  # Any: it is looked at here
    match use:
        case ToolOption():
            return replace(use, id=option_id or use.id)
        case str():
            return ToolOption(id=option_id or use, label=_label(option_id or use))
        case Agent():
            return ToolOption(id=option_id or _id(use.name), label=_label(option_id or use.name), use=use)
    name = getattr(use, "name", None)
    if not isinstance(name, str):
        raise InvalidRequestError(f"A {type(use).__name__} cannot be chosen: give a tool or an agent.")
    return ToolOption(id=option_id or name, label=_label(option_id or name), use=use)


def _id(name: str) -> str:
    return re.sub(r"\W+", "_", name.lower()).strip("_")


def _label(name: str) -> str:
    """``web_search``: Web search."""
    label = name.replace("_", " ").strip()
    return label[:1].upper() + label[1:]


def _with_tools(agent: AnyAgent, tools: Iterable[Tool]) -> AnyAgent:
    """The agent with the tools whose names it does not have yet; itself where there are none."""
    found = {tool.name: tool for tool in tools}
    new = [tool for name, tool in found.items() if name not in {own.name for own in agent.tools}]
    return agent.clone(tools=[*agent.tools, *new]) if new else agent


def _forced(agent: AnyAgent, name: str) -> AnyAgent:
    # of the agent and not of the run: agents that it hands over to need not have that tool
    settings = agent.model_settings.resolve(ModelSettings(tool_choice=name))
    return agent.clone(model_settings=settings, reset_tool_choice=True)
