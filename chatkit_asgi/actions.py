"""Actions: what a widget's control does when it is used, and what arrives at the server then."""

from typing import Any, Generic, Literal, TypeVar, get_args, get_origin

from pydantic import BaseModel, ConfigDict, Field

__all__ = [
    "DEFAULT_HANDLER",
    "DEFAULT_LOADING_BEHAVIOR",
    "Action",
    "ActionConfig",
    "Handler",
    "LoadingBehavior",
    "TPayload",
    "TType",
]

Handler = Literal["client", "server"]
LoadingBehavior = Literal["auto", "none", "self", "container"]

DEFAULT_HANDLER: Handler = "server"
DEFAULT_LOADING_BEHAVIOR: LoadingBehavior = "auto"


def without_additional(schema: dict[str, Any]) -> None:
    """Keep `additionalProperties` out of a JSON schema: unknown keys are kept, but not advertised."""
    schema.pop("additionalProperties", None)


class ActionConfig(BaseModel):
    """What a control is told to do: the action, who handles it and what shows that it runs."""

    model_config = ConfigDict(extra="allow", json_schema_extra=without_additional)

    type: str
    payload: Any = None
    handler: Handler = DEFAULT_HANDLER
    loadingBehavior: LoadingBehavior = DEFAULT_LOADING_BEHAVIOR
    streaming: bool = True


TType = TypeVar("TType", bound=str)
TPayload = TypeVar("TPayload")


class Action(BaseModel, Generic[TType, TPayload]):
    """An action as it arrives; subscript it as ``Action[Literal["name"], Payload]`` to type its payload."""

    type: TType = Field(frozen=True)
    payload: TPayload = None  # type: ignore[assignment]  # a payload may be missing whatever its type

    @classmethod
    def create(
        cls,
        payload: TPayload,
        handler: Handler = DEFAULT_HANDLER,
        loading_behavior: LoadingBehavior = DEFAULT_LOADING_BEHAVIOR,
        streaming: bool = True,
    ) -> ActionConfig:
        """The configuration that triggers this action.

        Raises TypeError unless the class was given its type as a `Literal` of one name.
        """
        return ActionConfig(
            type=cls._only_type(),
            payload=payload,
            handler=handler,
            loadingBehavior=loading_behavior,
            streaming=streaming,
        )

    @classmethod
    def _only_type(cls) -> str:
        annotation = cls.model_fields["type"].annotation
        names = get_args(annotation) if get_origin(annotation) is Literal else ()
        if len(names) != 1:
            raise TypeError(f"{cls.__name__} does not tell its type: use Action[Literal['...'], ...]")
        return str(names[0])
