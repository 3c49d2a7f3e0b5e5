"""Charts: bars, areas and lines over rows of data."""

from typing import Annotated, Literal, NotRequired

from pydantic import Field, with_config
from typing_extensions import TypedDict

from chatkit_asgi.widgets.base import WidgetComponentBase, WidgetPart, named_widget
from chatkit_asgi.widgets.props import OPEN, ThemeColor

CurveType = Literal[
    "basis",
    "basisClosed",
    "basisOpen",
    "bumpX",
    "bumpY",
    "bump",
    "linear",
    "linearClosed",
    "natural",
    "monotoneX",
    "monotoneY",
    "monotone",
    "step",
    "stepBefore",
    "stepAfter",
]


@named_widget
@with_config(OPEN)
class XAxisConfig(TypedDict):
    """The horizontal axis of a chart: which key of the data it shows, and how."""

    dataKey: str
    hide: NotRequired[bool]
    labels: NotRequired[dict[str, str]]


@named_widget
class BarSeries(WidgetPart):
    """Bars from one key of the data."""

    type: Literal["bar"] = Field(default="bar", frozen=True)
    label: str | None
    dataKey: str
    stack: str | None = None
    color: str | ThemeColor | None = None


@named_widget
class AreaSeries(WidgetPart):
    """A filled curve from one key of the data."""

    type: Literal["area"] = Field(default="area", frozen=True)
    label: str | None
    dataKey: str
    stack: str | None = None
    color: str | ThemeColor | None = None
    curveType: CurveType | None = None


@named_widget
class LineSeries(WidgetPart):
    """A curve from one key of the data."""

    type: Literal["line"] = Field(default="line", frozen=True)
    label: str | None
    dataKey: str
    color: str | ThemeColor | None = None
    curveType: CurveType | None = None


Series = Annotated[BarSeries | AreaSeries | LineSeries, Field(discriminator="type")]


@named_widget
class Chart(WidgetComponentBase):
    """Bars, areas and lines over one set of rows."""

    type: Literal["Chart"] = Field(default="Chart", frozen=True)
    data: list[dict[str, str | int | float]]
    series: list[Series]
    xAxis: str | XAxisConfig
    showYAxis: bool | None = None
    showLegend: bool | None = None
    showTooltip: bool | None = None
    barGap: int | None = None
    barCategoryGap: int | None = None
    flex: int | str | None = None
    height: int | str | None = None
    width: int | str | None = None
    size: int | str | None = None
    minHeight: int | str | None = None
    minWidth: int | str | None = None
    minSize: int | str | None = None
    maxHeight: int | str | None = None
    maxWidth: int | str | None = None
    maxSize: int | str | None = None
    aspectRatio: float | str | None = None
