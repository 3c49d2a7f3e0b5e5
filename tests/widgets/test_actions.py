"""Actions: typed by subscription, configured with `create`."""

from typing import Any, Literal

import pytest
from pydantic import BaseModel, ValidationError

from chatkit_asgi.actions import Action, ActionConfig


class Order(BaseModel):
    amount: int


class OrderAction(Action[Literal["order"], Order]):
    pass


def test_create_takes_the_type_from_the_subscription() -> None:
    made = Action[Literal["order"], Order].create(Order(amount=2), handler="client", loading_behavior="self")
    assert made == ActionConfig(
        type="order", payload=Order(amount=2), handler="client", loadingBehavior="self", streaming=True
    )
    assert OrderAction.create(Order(amount=2)).type == "order"


@pytest.mark.parametrize("generic", [Action, Action[str, Any], Action[Literal["a", "b"], Any]])
def test_create_needs_one_type(generic: type[Action[Any, Any]]) -> None:
    with pytest.raises(TypeError):
        generic.create(None)


def test_payload_is_read_as_its_type_and_may_be_missing() -> None:
    action = OrderAction.model_validate({"type": "order", "payload": {"amount": "2"}, "handler": "server"})
    assert action.payload == Order(amount=2)
    assert OrderAction(type="order").payload is None


@pytest.mark.parametrize("document", [{}, {"payload": 1}, {"type": None}])
def test_action_without_type_is_refused(document: dict[str, Any]) -> None:
    with pytest.raises(ValidationError, match="type"):
        Action[str, Any].model_validate(document)


def test_type_of_an_action_cannot_be_assigned() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        setattr(Action(type="a", payload=None), "type", "b")  # noqa: B010 - a checker would refuse it


def test_configuration_has_the_published_defaults() -> None:
    assert ActionConfig(type="t").model_dump() == {
        "type": "t",
        "payload": None,
        "handler": "server",
        "loadingBehavior": "auto",
        "streaming": True,
    }
