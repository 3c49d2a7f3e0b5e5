"""Values that components share: names of sizes and positions, and the small objects they are set to."""

from typing import Literal, NotRequired

from pydantic import ConfigDict, with_config
from typing_extensions import TypedDict

from chatkit_asgi.actions import ActionConfig, without_additional
from chatkit_asgi.icons import IconName
from chatkit_asgi.widgets.base import named_widget

OPEN = ConfigDict(extra="allow", json_schema_extra=without_additional)
"""Keys that a typed dict does not know are kept and written again."""

RadiusValue = Literal["2xs", "xs", "sm", "md", "lg", "xl", "2xl", "3xl", "4xl", "full", "100%", "none"]
TextAlign = Literal["start", "center", "end"]
TextSize = Literal["xs", "sm", "md", "lg", "xl"]
IconSize = Literal["xs", "sm", "md", "lg", "xl", "2xl", "3xl"]
TitleSize = Literal["sm", "md", "lg", "xl", "2xl", "3xl", "4xl", "5xl"]
CaptionSize = Literal["sm", "md", "lg"]
Alignment = Literal["start", "center", "end", "baseline", "stretch"]
Justification = Literal["start", "center", "end", "between", "around", "evenly", "stretch"]
ControlVariant = Literal["solid", "soft", "outline", "ghost"]
ControlSize = Literal["3xs", "2xs", "xs", "sm", "md", "lg", "xl", "2xl", "3xl"]

WidgetIcon = IconName


@named_widget
@with_config(OPEN)
class ThemeColor(TypedDict):
    """One color for the light theme and one for the dark."""

    dark: str
    light: str


@named_widget
@with_config(OPEN)
class Spacing(TypedDict):
    """Distances on single sides, or on both sides of an axis; numbers count spacing units."""

    top: NotRequired[float | str]
    right: NotRequired[float | str]
    bottom: NotRequired[float | str]
    left: NotRequired[float | str]
    x: NotRequired[float | str]
    y: NotRequired[float | str]


@named_widget
@with_config(OPEN)
class Border(TypedDict):
    """A line: its width in pixels, and optionally its color and style."""

    size: int
    color: NotRequired[str | ThemeColor]
    style: NotRequired[Literal["solid", "dashed", "dotted", "double", "groove", "ridge", "inset", "outset"]]


@named_widget
@with_config(OPEN)
class Borders(TypedDict):
    """Lines on single sides, or on both sides of an axis; a number is a width in pixels."""

    top: NotRequired[int | Border]
    right: NotRequired[int | Border]
    bottom: NotRequired[int | Border]
    left: NotRequired[int | Border]
    x: NotRequired[int | Border]
    y: NotRequired[int | Border]


@named_widget
@with_config(OPEN)
class MinMax(TypedDict):
    """A lower and an upper bound."""

    min: NotRequired[int]
    max: NotRequired[int]


@named_widget
@with_config(OPEN)
class EditableProps(TypedDict):
    """How a text may be edited in place: the field it fills and what its input accepts."""

    name: str
    autoFocus: NotRequired[bool]
    autoSelect: NotRequired[bool]
    autoComplete: NotRequired[str]
    allowAutofillExtensions: NotRequired[bool]
    pattern: NotRequired[str]
    placeholder: NotRequired[str]
    required: NotRequired[bool]


@named_widget
@with_config(OPEN)
class WidgetStatusWithFavicon(TypedDict):
    """A line above the widget with a site's icon, given as a URL."""

    text: str
    favicon: NotRequired[str]
    frame: NotRequired[bool]


@named_widget
@with_config(OPEN)
class WidgetStatusWithIcon(TypedDict):
    """A line above the widget with a named icon."""

    text: str
    icon: NotRequired[WidgetIcon]


WidgetStatus = WidgetStatusWithFavicon | WidgetStatusWithIcon


@named_widget
@with_config(OPEN)
class CardAction(TypedDict):
    """A button in the footer of a card."""

    label: str
    action: ActionConfig


@named_widget
@with_config(OPEN)
class SelectOption(TypedDict):
    """One entry of a `Select`."""

    value: str
    label: str
    disabled: NotRequired[bool]
    description: NotRequired[str]


@named_widget
@with_config(OPEN)
class RadioOption(TypedDict):
    """One entry of a `RadioGroup`."""

    label: str
    value: str
    disabled: NotRequired[bool]
