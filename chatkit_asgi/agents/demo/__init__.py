"""The built-in demo: a model that needs no network, with words that show everything the protocol has."""

from chatkit_asgi.agents.demo.actions import answer_action, answer_sync_action
from chatkit_asgi.agents.demo.agent import demo_agent, is_demo
from chatkit_asgi.agents.demo.model import DemoModel
from chatkit_asgi.agents.demo.words import WORDS

__all__ = ["WORDS", "DemoModel", "answer_action", "answer_sync_action", "demo_agent", "is_demo"]
