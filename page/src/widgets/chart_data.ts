import type { Component } from "../protocol";
import { colorOf } from "./colors";
import { isRecord, numberIn, recordsIn, textIn, textOf } from "./values";

export interface Series {
  readonly type: "bar" | "line" | "area";
  readonly label: string;
  readonly values: readonly (number | null)[];
  /** A CSS color, which may use the theme's properties. */
  readonly color: string;
  readonly stack: string | undefined;
  readonly curve: string;
}

/** A chart as it is drawn and read out: the names along the axis, and a row of values for each series. */
export interface ChartData {
  readonly labels: readonly string[];
  readonly series: readonly Series[];
  readonly hidesXAxis: boolean;
  readonly showsYAxis: boolean;
  readonly showsLegend: boolean;
  readonly showsTooltip: boolean;
  /** In pixels, between the bars of one name and between the names. */
  readonly barGap: number;
  readonly barCategoryGap: number | undefined;
}

/** More points than this only cost time: no chart in a chat is that wide. */
const MOST_ROWS = 2000;
const MOST_SERIES = 24;

const COLORS = [
  "var(--ck-info)",
  "var(--ck-discovery)",
  "var(--ck-success)",
  "var(--ck-warning)",
  "var(--ck-danger)",
  "var(--ck-text-tertiary)",
] as const;

export function chartData(component: Component): ChartData {
  const rows = recordsIn(component.data).slice(0, MOST_ROWS);
  const axis = isRecord(component.xAxis) ? component.xAxis : { dataKey: component.xAxis };
  return {
    labels: rows.map((row) => labelOf(row, axis)),
    series: recordsIn(component.series)
      .slice(0, MOST_SERIES)
      .map((series, index) => seriesOf(series, index, rows)),
    hidesXAxis: axis.hide === true,
    showsYAxis: component.showYAxis === true,
    showsLegend: component.showLegend !== false,
    showsTooltip: component.showTooltip !== false,
    barGap: numberIn(component.barGap, 0, 200) ?? 4,
    barCategoryGap: numberIn(component.barCategoryGap, 0, 1000),
  };
}

function labelOf(row: Readonly<Record<string, unknown>>, axis: Readonly<Record<string, unknown>>): string {
  const label = textOf(own(row, textOf(axis.dataKey)));
  const given = isRecord(axis.labels) ? own(axis.labels, label) : undefined;
  return textIn(given) ?? label;
}

function seriesOf(series: Readonly<Record<string, unknown>>, index: number, rows: readonly Readonly<Record<string, unknown>>[]): Series {
  const key = textOf(series.dataKey);
  return {
    type: series.type === "line" || series.type === "area" ? series.type : "bar",
    label: textIn(series.label) ?? key,
    values: rows.map((row) => valueOf(own(row, key))),
    color: colorOf(series.color, "line") ?? COLORS[index % COLORS.length] ?? COLORS[0],
    stack: textIn(series.stack),
    curve: textIn(series.curveType) ?? "natural",
  };
}

function own(record: Readonly<Record<string, unknown>>, key: string): unknown {
  return Object.hasOwn(record, key) ? record[key] : undefined;
}

/** A number, also where it was written as text; a gap where there is none. */
function valueOf(value: unknown): number | null {
  const number = typeof value === "string" && value.trim() !== "" ? Number(value) : value;
  return typeof number === "number" && Number.isFinite(number) ? number : null;
}
