"""The components and roots of widgets, except for charts; they name each other, so they share a file."""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field, GetCoreSchemaHandler, TypeAdapter
from pydantic_core import CoreSchema

from chatkit_asgi.actions import ActionConfig
from chatkit_asgi.widgets.base import WidgetComponentBase, WidgetPart, named_widget
from chatkit_asgi.widgets.charts import Chart
from chatkit_asgi.widgets.props import (
    Alignment,
    Border,
    Borders,
    CaptionSize,
    CardAction,
    ControlSize,
    ControlVariant,
    EditableProps,
    IconSize,
    Justification,
    RadioOption,
    RadiusValue,
    SelectOption,
    Spacing,
    TextAlign,
    TextSize,
    ThemeColor,
    TitleSize,
    WidgetIcon,
    WidgetStatus,
)


class WidgetRoot(WidgetComponentBase):
    """Any root: what a `WidgetItem` shows. As an annotation it stands for the union of the root classes."""

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """For this class itself the union of the roots, for each root its own fields."""
        if cls is not WidgetRoot:
            return handler(source)
        return handler.generate_schema(StrictWidgetRoot | DynamicWidgetRoot)


class BoxBase(WidgetPart):
    """Layout properties of the containers."""

    children: list["WidgetComponent"] | None = None
    align: Alignment | None = None
    justify: Justification | None = None
    wrap: Literal["nowrap", "wrap", "wrap-reverse"] | None = None
    flex: int | str | None = None
    gap: int | str | None = None
    height: float | str | None = None
    width: float | str | None = None
    size: float | str | None = None
    minHeight: int | str | None = None
    minWidth: int | str | None = None
    minSize: int | str | None = None
    maxHeight: int | str | None = None
    maxWidth: int | str | None = None
    maxSize: int | str | None = None
    padding: float | str | Spacing | None = None
    margin: float | str | Spacing | None = None
    border: int | Border | Borders | None = None
    radius: RadiusValue | None = None
    background: str | ThemeColor | None = None
    aspectRatio: float | str | None = None


@named_widget
class ListViewItem(WidgetComponentBase):
    """One row of a `ListView`."""

    type: Literal["ListViewItem"] = Field(default="ListViewItem", frozen=True)
    children: list["WidgetComponent"]
    onClickAction: ActionConfig | None = None
    gap: int | str | None = None
    align: Alignment | None = None


@named_widget
class ListView(WidgetRoot):
    """A root that lists rows, the first `limit` of them at once."""

    type: Literal["ListView"] = Field(default="ListView", frozen=True)
    children: list[ListViewItem]
    limit: int | Literal["auto"] | None = None
    status: WidgetStatus | None = None
    theme: Literal["light", "dark"] | None = None


@named_widget
class Card(WidgetRoot):
    """A root that frames its content, optionally as a form with buttons to confirm and cancel."""

    type: Literal["Card"] = Field(default="Card", frozen=True)
    asForm: bool | None = None
    children: list["WidgetComponent"]
    background: str | ThemeColor | None = None
    size: Literal["sm", "md", "lg", "full"] | None = None
    padding: float | str | Spacing | None = None
    status: WidgetStatus | None = None
    collapsed: bool | None = None
    confirm: CardAction | None = None
    cancel: CardAction | None = None
    theme: Literal["light", "dark"] | None = None


@named_widget
class Markdown(WidgetComponentBase):
    """Formatted text, which may be streamed."""

    type: Literal["Markdown"] = Field(default="Markdown", frozen=True)
    value: str
    streaming: bool | None = None


@named_widget
class Text(WidgetComponentBase):
    """Plain text, which may be streamed or edited in place."""

    type: Literal["Text"] = Field(default="Text", frozen=True)
    value: str
    streaming: bool | None = None
    italic: bool | None = None
    lineThrough: bool | None = None
    color: str | ThemeColor | None = None
    weight: Literal["normal", "medium", "semibold", "bold"] | None = None
    width: float | str | None = None
    size: TextSize | None = None
    textAlign: TextAlign | None = None
    truncate: bool | None = None
    minLines: int | None = None
    maxLines: int | None = None
    editable: Literal[False] | EditableProps | None = None


@named_widget
class Title(WidgetComponentBase):
    """A heading."""

    type: Literal["Title"] = Field(default="Title", frozen=True)
    value: str
    color: str | ThemeColor | None = None
    weight: Literal["normal", "medium", "semibold", "bold"] | None = None
    size: TitleSize | None = None
    textAlign: TextAlign | None = None
    truncate: bool | None = None
    maxLines: int | None = None


@named_widget
class Caption(WidgetComponentBase):
    """Small text beside something else."""

    type: Literal["Caption"] = Field(default="Caption", frozen=True)
    value: str
    color: str | ThemeColor | None = None
    weight: Literal["normal", "medium", "semibold", "bold"] | None = None
    size: CaptionSize | None = None
    textAlign: TextAlign | None = None
    truncate: bool | None = None
    maxLines: int | None = None


@named_widget
class Badge(WidgetComponentBase):
    """A short label on a colored ground."""

    type: Literal["Badge"] = Field(default="Badge", frozen=True)
    label: str
    color: Literal["secondary", "success", "danger", "warning", "info", "discovery"] | None = None
    variant: Literal["solid", "soft", "outline"] | None = None
    size: Literal["sm", "md", "lg"] | None = None
    pill: bool | None = None


@named_widget
class Box(WidgetComponentBase, BoxBase):
    """A container with a direction of its own."""

    type: Literal["Box"] = Field(default="Box", frozen=True)
    direction: Literal["row", "col"] | None = None


@named_widget
class Row(WidgetComponentBase, BoxBase):
    """A container that lays its children out side by side."""

    type: Literal["Row"] = Field(default="Row", frozen=True)


@named_widget
class Col(WidgetComponentBase, BoxBase):
    """A container that stacks its children."""

    type: Literal["Col"] = Field(default="Col", frozen=True)


@named_widget
class Form(WidgetComponentBase, BoxBase):
    """A container whose fields are submitted together."""

    type: Literal["Form"] = Field(default="Form", frozen=True)
    onSubmitAction: ActionConfig | None = None
    direction: Literal["row", "col"] | None = None


named_widget(BoxBase)  # only now: the mark would warn at each class derived from it


@named_widget
class Divider(WidgetComponentBase):
    """A line between components."""

    type: Literal["Divider"] = Field(default="Divider", frozen=True)
    color: str | ThemeColor | None = None
    size: int | str | None = None
    spacing: int | str | None = None
    flush: bool | None = None


@named_widget
class Icon(WidgetComponentBase):
    """An icon by name."""

    type: Literal["Icon"] = Field(default="Icon", frozen=True)
    name: WidgetIcon
    color: str | ThemeColor | None = None
    size: IconSize | None = None


@named_widget
class Image(WidgetComponentBase):
    """A picture by URL."""

    type: Literal["Image"] = Field(default="Image", frozen=True)
    src: str
    alt: str | None = None
    fit: Literal["cover", "contain", "fill", "scale-down", "none"] | None = None
    position: (
        Literal[
            "top left", "top", "top right", "left", "center", "right", "bottom left", "bottom", "bottom right"
        ]
        | None
    ) = None
    radius: RadiusValue | None = None
    frame: bool | None = None
    flush: bool | None = None
    height: int | str | None = None
    width: int | str | None = None
    size: int | str | None = None
    minHeight: int | str | None = None
    minWidth: int | str | None = None
    minSize: int | str | None = None
    maxHeight: int | str | None = None
    maxWidth: int | str | None = None
    maxSize: int | str | None = None
    margin: int | str | Spacing | None = None
    background: str | ThemeColor | None = None
    aspectRatio: float | str | None = None
    flex: int | str | None = None


@named_widget
class Button(WidgetComponentBase):
    """A button which starts an action or submits its form."""

    type: Literal["Button"] = Field(default="Button", frozen=True)
    submit: bool | None = None
    label: str | None = None
    onClickAction: ActionConfig | None = None
    iconStart: WidgetIcon | None = None
    iconEnd: WidgetIcon | None = None
    style: Literal["primary", "secondary"] | None = None
    iconSize: Literal["sm", "md", "lg", "xl", "2xl"] | None = None
    color: (
        Literal["primary", "secondary", "info", "discovery", "success", "caution", "warning", "danger"] | None
    ) = None
    variant: ControlVariant | None = None
    size: ControlSize | None = None
    pill: bool | None = None
    uniform: bool | None = None
    block: bool | None = None
    disabled: bool | None = None


@named_widget
class Spacer(WidgetComponentBase):
    """Empty room that pushes its neighbours apart."""

    type: Literal["Spacer"] = Field(default="Spacer", frozen=True)
    minSize: int | str | None = None


@named_widget
class Select(WidgetComponentBase):
    """A choice from a list that drops down."""

    type: Literal["Select"] = Field(default="Select", frozen=True)
    name: str
    options: list[SelectOption]
    onChangeAction: ActionConfig | None = None
    placeholder: str | None = None
    defaultValue: str | None = None
    variant: ControlVariant | None = None
    size: ControlSize | None = None
    pill: bool | None = None
    block: bool | None = None
    clearable: bool | None = None
    disabled: bool | None = None
    searchable: bool | None = None


@named_widget
class DatePicker(WidgetComponentBase):
    """A choice of a date."""

    type: Literal["DatePicker"] = Field(default="DatePicker", frozen=True)
    name: str
    onChangeAction: ActionConfig | None = None
    placeholder: str | None = None
    defaultValue: datetime | None = None
    min: datetime | None = None
    max: datetime | None = None
    variant: ControlVariant | None = None
    size: ControlSize | None = None
    side: Literal["top", "bottom", "left", "right"] | None = None
    align: Literal["start", "center", "end"] | None = None
    pill: bool | None = None
    block: bool | None = None
    clearable: bool | None = None
    disabled: bool | None = None


@named_widget
class Checkbox(WidgetComponentBase):
    """A box to tick."""

    type: Literal["Checkbox"] = Field(default="Checkbox", frozen=True)
    name: str
    label: str | None = None
    defaultChecked: bool | None = None
    onChangeAction: ActionConfig | None = None
    disabled: bool | None = None
    required: bool | None = None


@named_widget
class Input(WidgetComponentBase):
    """A line of text to fill in."""

    type: Literal["Input"] = Field(default="Input", frozen=True)
    name: str
    inputType: Literal["number", "email", "text", "password", "tel", "url"] | None = None
    defaultValue: str | None = None
    required: bool | None = None
    pattern: str | None = None
    placeholder: str | None = None
    allowAutofillExtensions: bool | None = None
    autoSelect: bool | None = None
    autoFocus: bool | None = None
    disabled: bool | None = None
    variant: Literal["soft", "outline"] | None = None
    size: ControlSize | None = None
    gutterSize: Literal["2xs", "xs", "sm", "md", "lg", "xl"] | None = None
    pill: bool | None = None


@named_widget
class Label(WidgetComponentBase):
    """The caption of a form field."""

    type: Literal["Label"] = Field(default="Label", frozen=True)
    value: str
    fieldName: str
    size: TextSize | None = None
    weight: Literal["normal", "medium", "semibold", "bold"] | None = None
    textAlign: TextAlign | None = None
    color: str | ThemeColor | None = None


@named_widget
class RadioGroup(WidgetComponentBase):
    """A choice of one among options in sight."""

    type: Literal["RadioGroup"] = Field(default="RadioGroup", frozen=True)
    name: str
    options: list[RadioOption] | None = None
    ariaLabel: str | None = None
    onChangeAction: ActionConfig | None = None
    defaultValue: str | None = None
    direction: Literal["row", "col"] | None = None
    disabled: bool | None = None
    required: bool | None = None


@named_widget
class Textarea(WidgetComponentBase):
    """Several lines of text to fill in."""

    type: Literal["Textarea"] = Field(default="Textarea", frozen=True)
    name: str
    defaultValue: str | None = None
    required: bool | None = None
    pattern: str | None = None
    placeholder: str | None = None
    autoSelect: bool | None = None
    autoFocus: bool | None = None
    disabled: bool | None = None
    variant: Literal["soft", "outline"] | None = None
    size: ControlSize | None = None
    gutterSize: Literal["2xs", "xs", "sm", "md", "lg", "xl"] | None = None
    rows: int | None = None
    autoResize: bool | None = None
    maxRows: int | None = None
    allowAutofillExtensions: bool | None = None


@named_widget
class Transition(WidgetComponentBase):
    """Animates the change from one child to the next."""

    type: Literal["Transition"] = Field(default="Transition", frozen=True)
    children: "WidgetComponent | None"


class DynamicWidgetComponent(WidgetComponentBase):
    """A component of any type with any properties, as templates build them."""

    model_config = ConfigDict(extra="allow", json_schema_extra=None)

    children: "DynamicWidgetComponent | list[DynamicWidgetComponent] | None" = None


StrictWidgetComponent = Annotated[
    Text
    | Title
    | Caption
    | Chart
    | Badge
    | Markdown
    | Box
    | Row
    | Col
    | Divider
    | Icon
    | Image
    | ListViewItem
    | Button
    | Checkbox
    | Spacer
    | Select
    | DatePicker
    | Form
    | Input
    | Label
    | RadioGroup
    | Textarea
    | Transition,
    Field(discriminator="type"),
]
"""A component of a class of its own, told by its type."""


class BasicRoot(WidgetRoot, DynamicWidgetComponent):
    """A root without a frame, around one or more components."""

    type: Literal["Basic"] = Field(default="Basic", frozen=True)


StrictWidgetRoot = Annotated[Card | ListView | BasicRoot, Field(discriminator="type")]
"""A root of a class of its own, told by its type."""


class DynamicWidgetRoot(WidgetRoot, DynamicWidgetComponent):
    """A root with any properties, as templates build them."""

    type: Literal["Card", "ListView", "Basic"]


WidgetComponent = StrictWidgetComponent | DynamicWidgetComponent
"""What a root may contain. Reading prefers the class of the type; what that refuses becomes dynamic."""

WIDGET_ROOT_ADAPTER: TypeAdapter[WidgetRoot] = TypeAdapter(WidgetRoot)
"""Reads a root and writes one."""
