"""The public surface of the published SDK, found by introspection, is here under the same names.

Shapes are compared in `types/test_parity.py`; here names, kinds, signatures, class trees and texts.
"""

import ast
import inspect
import re
from collections.abc import Callable, Iterator
from enum import Enum
from functools import cache
from pathlib import Path
from types import CodeType, FunctionType, ModuleType, UnionType, new_class
from typing import Annotated, Any, Literal, NotRequired, TypeVar, Union, get_origin

import pytest
from pydantic import BaseModel
from typing_extensions import get_type_hints, is_typeddict

import chatkit_asgi
from chatkit_asgi import actions, agents, errors, icons, server, store, types, widgets
from chatkit_asgi.logger import logger
from chatkit_asgi.version import __version__
from tests import peer

# Any in this module: a public name may be anything.

DIFFERENCES = {
    ("Attachment", "kind"): "a class that stands for the union, so that it can be called, as the guides do",
    ("WidgetRoot", "kind"): "a class that stands for the union, so that it can read JSON, as the guides do",
    ("DEFAULT_ERROR_MESSAGE", "value"): "a text of ours",
    ("Action", "fields"): "an action without a type cannot be carried out, so it has no default",
    ("simple_to_agent_input", "call"): "a coroutine function, instead of a function that makes a coroutine",
    ("serialize", "call"): "pydantic calls it; ours wants to know what is left out",
    ("T", "name"): "type variables that only their own module needs have no public name",
    ("T1", "name"): "type variables that only their own module needs have no public name",
    ("T2", "name"): "type variables that only their own module needs have no public name",
}
"""Where we differ, in what, and why."""

MODULES = [
    (peer.errors, errors),
    (peer.icons, icons),
    (peer.actions, actions),
    (peer.widgets, widgets),
    (peer.types, types),
    (peer.store, store),
    (peer.server, server),
    (peer.agents, agents),
]
"""From the lowest to the highest: an alias is defined in the first module that has it."""

OF_OTHERS = {
    "annotations",
    "Literal",
    "NotRequired",
    "TypedDict",
    "TypeIs",
    "AsyncGenerator",
    "AsyncIterable",
    "Callable",
    "Sequence",
    "StreamEvent",
    "TResponseInputItem",
    "ResponseInputContentParam",
    "ResponseInputMessageContentListParam",
    "Content",
    "ResponsesAnnotation",
    "chat_completions_headers_override",
    "responses_headers_override",
    "logger",
}
"""Aliases and objects of other libraries that the published modules import."""

PLAIN_BASES = {
    "ABC",
    "AsyncIterable",
    "BaseException",
    "BaseModel",
    "Enum",
    "Exception",
    "dict",
    "str",
}
"""Bases from elsewhere that users rely on, for example to catch by them. What is generic is told apart."""


def _public(module: ModuleType) -> Iterator[tuple[str, Any]]:
    for name, value in vars(module).items():
        if not name.startswith("_") and name not in OF_OTHERS and not isinstance(value, ModuleType):
            yield name, value


def _home(value: Any) -> str:
    return str(getattr(value, "__module__", ""))


def _surface() -> Iterator[tuple[str, Any, ModuleType, bool]]:
    """Name, value, our module, and whether the published module defines it or hands it on."""
    seen: dict[str, Any] = {}
    for theirs, ours in MODULES:
        for name, value in _public(theirs):
            if isinstance(value, type | FunctionType):
                if _home(value).startswith("chatkit."):
                    yield name, value, ours, _home(value) == theirs.__name__
            else:
                yield name, value, ours, name not in seen or seen[name] is not value
                seen.setdefault(name, value)


SURFACE = list(_surface())
DEFINED = [
    pytest.param(name, value, ours, id=f"{ours.__name__.partition('.')[2]}.{name}")
    for name, value, ours, is_defined in SURFACE
    if is_defined and not isinstance(value, TypeVar)
]
CLASSES = [case for case in DEFINED if isinstance(case.values[1], type)]
METHODS = [
    pytest.param(value, getattr(ours, name, None), method, id=f"{name}.{method}")
    for name, value, ours, is_defined in SURFACE
    if is_defined and isinstance(value, type)
    for method, made in vars(value).items()
    if (not method.startswith("_") or method == "__init__")
    and isinstance(made, FunctionType | classmethod | staticmethod | property)
    and method != "model_post_init"  # pydantic's, where a model has private attributes
]


def _kind(value: Any) -> str:
    if is_typeddict(value):
        return "typed dict"
    if isinstance(value, type):
        return "class"
    if get_origin(value) in (Annotated, Literal, Union, UnionType):
        return "alias"
    return type(value).__name__


def _differs(name: str, what: str) -> bool:
    return (name, what) in DIFFERENCES


@pytest.mark.parametrize(
    ("name", "ours"),
    [pytest.param(name, ours, id=f"{ours.__name__}.{name}") for name, _, ours, _ in SURFACE],
)
def test_name_is_reachable_in_the_module_of_the_same_name(name: str, ours: ModuleType) -> None:
    """Also what a published module only hands on: users import it from there."""
    assert hasattr(ours, name) is not _differs(name, "name")


@pytest.mark.parametrize(("name", "theirs", "ours"), DEFINED)
def test_name_is_on_the_face(name: str, theirs: Any, ours: ModuleType) -> None:
    assert name in ours.__all__


@pytest.mark.parametrize("name", sorted({name for name, _, _, is_defined in SURFACE if not is_defined}))
def test_name_means_the_same_in_every_module(name: str) -> None:
    found = [getattr(ours, name) for each, _, ours, _ in SURFACE if each == name]
    assert all(value is found[0] for value in found)


@pytest.mark.parametrize(("name", "theirs", "ours"), DEFINED)
def test_name_is_of_the_same_kind(name: str, theirs: Any, ours: ModuleType) -> None:
    assert (_kind(getattr(ours, name)) == _kind(theirs)) is not _differs(name, "kind")


CONSTANTS = [case for case in DEFINED if _kind(case.values[1]) in ("str", "int", "dict")]


@pytest.mark.parametrize(("name", "theirs", "ours"), CONSTANTS)
def test_constant_has_the_same_value(name: str, theirs: Any, ours: ModuleType) -> None:
    assert (_plain(getattr(ours, name)) == _plain(theirs)) is not _differs(name, "value")


def _plain(value: Any) -> Any:
    """With the members of enumerations as what they stand for."""
    if isinstance(value, dict):
        return {_plain(key): _plain(each) for key, each in value.items()}
    return value.value if isinstance(value, Enum) else value


FUNCTIONS = [case for case in DEFINED if isinstance(case.values[1], FunctionType)]


@pytest.mark.parametrize(("name", "theirs", "ours"), FUNCTIONS)
def test_function_is_called_in_the_same_way(name: str, theirs: Any, ours: ModuleType) -> None:
    assert _is_same_call(theirs, getattr(ours, name)) is not _differs(name, "call")


@pytest.mark.parametrize(("theirs", "ours", "method"), METHODS)
def test_method_is_called_in_the_same_way(theirs: type, ours: type, method: str) -> None:
    made, made_here = inspect.getattr_static(theirs, method), inspect.getattr_static(ours, method)
    assert type(made_here) is type(made)
    if not isinstance(made, property):
        is_same = _is_same_call(getattr(theirs, method), getattr(ours, method))
        assert is_same is not _differs(method, "call")


def _is_same_call(theirs: Callable[..., Any], ours: Callable[..., Any]) -> bool:
    """Whether what can be written for `theirs` means the same for `ours`.

    What we add has to be keyword-only and have a default.
    """
    expected, found = inspect.signature(theirs).parameters, dict(inspect.signature(ours).parameters)
    added = [found.pop(name) for name in found.keys() - expected.keys()]
    return (
        all(each.kind is each.KEYWORD_ONLY and each.default is not each.empty for each in added)
        and [_parameter(each) for each in found.values()] == [_parameter(each) for each in expected.values()]
        and _colour(ours) == _colour(theirs)
        and hasattr(ours, "__deprecated__") == hasattr(theirs, "__deprecated__")
    )


def _parameter(parameter: inspect.Parameter) -> tuple[Any, ...]:
    default = parameter.default
    shared = isinstance(default, type) or default is None or not _home(default).startswith("chatkit")
    return parameter.name, parameter.kind, _plain(default) if shared else type(default).__name__


def _colour(function: Callable[..., Any]) -> tuple[bool, bool]:
    return inspect.iscoroutinefunction(function), inspect.isasyncgenfunction(function)


@pytest.mark.parametrize(("name", "theirs", "ours"), CLASSES)
def test_class_stands_in_the_same_tree(name: str, theirs: type, ours: ModuleType) -> None:
    here = getattr(ours, name)
    expected = {
        base.__name__
        for base in theirs.__mro__
        if not base.__name__.startswith("_")
        and (base.__name__ in PLAIN_BASES or _home(base).startswith("chatkit."))
    }
    assert expected <= {base.__name__.partition("[")[0] for base in here.__mro__}
    assert getattr(here, "__abstractmethods__", None) == getattr(theirs, "__abstractmethods__", None)
    assert len(getattr(here, "__parameters__", ())) == len(getattr(theirs, "__parameters__", ()))
    assert hasattr(here, "__deprecated__") == hasattr(theirs, "__deprecated__")


@pytest.mark.parametrize(("name", "theirs", "ours"), CLASSES)
def test_class_has_the_same_fields(name: str, theirs: type, ours: ModuleType) -> None:
    expected, found = _fields(theirs), _fields(getattr(ours, name))
    assert ({key: found.get(key) for key in expected} == expected) is not _differs(name, "fields")
    assert all(not is_required for key, (is_required, *_) in found.items() if key not in expected)


def _fields(cls: Any) -> dict[str, tuple[bool, Any, Any]]:
    """Whether a field is required, its default and its alias."""
    if is_typeddict(cls):
        # not `__required_keys__`: the published ones are wrong, as their annotations are strings
        hints = get_type_hints(cls, include_extras=True)
        optional: Any = NotRequired
        return {key: (get_origin(hint) is not optional, None, None) for key, hint in hints.items()}
    if issubclass(cls, Enum):
        return {key: (False, member.value, None) for key, member in cls.__members__.items()}
    if not issubclass(cls, BaseModel):
        return {}
    return {
        key: (field.is_required(), _plain(field.get_default(call_default_factory=True)), field.alias)
        for key, field in cls.model_fields.items()
        if field.is_required() or field.default_factory is None or field.default_factory in (list, dict)
    }


def _own(generic: Any) -> type:
    """A subclass written as users write it: with the type of its context in brackets."""
    return new_class("Own", (generic[dict[str, str]],))


def test_generic_classes_take_their_parameters() -> None:
    class Payload(BaseModel):
        ref: str

    book = actions.Action[Literal["book"], Payload]
    assert book.create(Payload(ref="a")).type == "book"
    assert types.Page[types.ThreadItem](data=[]).data == []
    for generic in (store.Store, store.AttachmentStore, server.ChatKitServer, agents.AgentContext):
        assert issubclass(_own(generic), generic)


def test_earlier_names_are_the_very_classes() -> None:
    assert types.ThreadItemUpdated is types.ThreadItemUpdatedEvent
    assert types.Action is actions.Action
    assert store.NotFoundError is errors.NotFoundError


def test_version_and_logger_have_modules_of_their_own() -> None:
    assert __version__ == chatkit_asgi.__version__
    assert logger.name == "chatkit_asgi"
    assert not logger.handlers


TEXT_LENGTH = 30
"""Shorter texts have one obvious wording."""


def _sentences(text: str) -> set[str]:
    """The longer sentences, in a form that can be compared; a single word is a name."""
    words = [part.lower().split() for part in re.split(r"(?<=[.:!?])\s+|\n\s*\n", text)]
    return {" ".join(each) for each in words if len(each) > 1 and len(" ".join(each)) > TEXT_LENGTH}


@cache
def _our_texts() -> frozenset[str]:
    """Every sentence of every string in the package, docstrings and messages alike."""
    files = Path(chatkit_asgi.__file__).parent.rglob("*.py")
    nodes = (node for file in files for node in ast.walk(ast.parse(file.read_text())))
    strings = (node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str))
    return frozenset(sentence for string in strings for sentence in _sentences(string))


def _strings(code: CodeType) -> Iterator[str]:
    for constant in code.co_consts:
        if isinstance(constant, str):
            yield constant
        elif isinstance(constant, CodeType):
            yield from _strings(constant)


def _texts_of(value: Any) -> Iterator[str]:
    """The docstring and the strings in the code of a class or function."""
    yield vars(value).get("__doc__") or "" if isinstance(value, type) else value.__doc__ or ""
    for made in [*vars(value).values()] if isinstance(value, type) else [value]:
        function = inspect.unwrap(getattr(made, "__func__", getattr(made, "fget", made)) or made)
        if isinstance(function, FunctionType):
            yield function.__doc__ or ""
            yield from _strings(function.__code__)


@pytest.mark.parametrize("theirs", [theirs for theirs, _ in MODULES], ids=lambda module: module.__name__)
def test_no_sentence_is_the_published_one(theirs: ModuleType) -> None:
    made = [value for value in vars(theirs).values() if isinstance(value, type | FunctionType)]
    own = [value for value in made if _home(value) == theirs.__name__]
    texts = [theirs.__doc__ or "", *(text for value in own for text in _texts_of(value))]
    published = {sentence for text in texts for sentence in _sentences(text)}
    assert published & _our_texts() == set()


def test_the_whole_surface_is_compared(
    pytestconfig: pytest.Config, capsys: pytest.CaptureFixture[str]
) -> None:
    """So many names the published version defines; a different number means that some are not looked at."""
    counts = {
        "names defined": len(DEFINED),
        "names handed on": sum(not is_defined for *_, is_defined in SURFACE),
        "classes": len(CLASSES),
        "fields": sum(len(_fields(case.values[1])) for case in CLASSES),
        "methods": len(METHODS),
        "functions": len(FUNCTIONS),
        "listed differences": len(DIFFERENCES),
    }
    if pytestconfig.get_verbosity() > 0:
        with capsys.disabled():
            print("\n" + ", ".join(f"{count} {what}" for what, count in counts.items()))
    assert counts["names defined"] == 225


@pytest.mark.parametrize(("name", "what"), DIFFERENCES)
def test_listed_difference_is_of_a_published_name(name: str, what: str) -> None:
    assert name in {each for each, *_ in SURFACE} | {case.values[2] for case in METHODS}
    assert what in ("call", "fields", "kind", "name", "value")
