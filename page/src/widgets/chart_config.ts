import type { ChartConfiguration, ChartDataset } from "chart.js";
import type { Texts } from "../locale/texts";
import type { ChartData, Series } from "./chart_data";
import { valueIn } from "./values";

/** What a canvas has to be told of the page around it. */
export interface Look {
  /** The color that a CSS color stands for here, without custom properties. */
  color(wanted: string): string;
  readonly font: string;
  readonly isStill: boolean;
  readonly isRightToLeft: boolean;
}

export function configOf(data: ChartData, look: Look, texts: Texts): ChartConfiguration {
  const text = look.color("var(--ck-text-secondary)");
  const line = look.color("var(--ck-border)");
  const isStacked = data.series.some(({ stack }) => stack !== undefined);
  const ticks = { color: text, font: { family: look.font, size: 12 } };
  return {
    type: "bar",
    data: { labels: [...data.labels], datasets: data.series.map((series, index) => datasetOf(series, index, data, look)) },
    options: {
      animation: look.isStill ? false : { duration: 300 },
      maintainAspectRatio: false,
      responsive: true,
      interaction: { intersect: false, mode: "index" },
      font: { family: look.font },
      scales: {
        x: {
          border: { color: line },
          display: !data.hidesXAxis,
          grid: { display: false },
          reverse: look.isRightToLeft,
          stacked: isStacked,
          ticks: { ...ticks, maxRotation: 0, autoSkipPadding: 8 },
        },
        y: {
          beginAtZero: true,
          border: { display: false },
          grid: { color: line },
          position: look.isRightToLeft ? "right" : "left",
          stacked: isStacked,
          ticks: { ...ticks, display: data.showsYAxis, maxTicksLimit: 6, callback: (value) => texts.number(Number(value)) },
        },
      },
      plugins: {
        legend: {
          display: data.showsLegend && data.series.length > 0,
          labels: {
            boxHeight: 8,
            boxWidth: 8,
            color: text,
            font: { family: look.font, size: 12 },
            sort: (one, other) => (one.datasetIndex ?? 0) - (other.datasetIndex ?? 0),
            usePointStyle: true,
          },
          position: "bottom",
          rtl: look.isRightToLeft,
        },
        tooltip: { enabled: data.showsTooltip, rtl: look.isRightToLeft },
      },
    },
  };
}

function datasetOf(series: Series, index: number, data: ChartData, look: Look): ChartDataset {
  const color = look.color(series.color);
  // without a stack of its own each series stands alone, also beside stacked ones
  const common = { label: series.label, data: [...series.values], stack: series.stack ?? `alone ${index}` };
  if (series.type === "bar") {
    return { ...common, type: "bar", backgroundColor: color, borderRadius: 4, maxBarThickness: 48, order: 1, ...gaps(data) };
  }
  return {
    ...common,
    ...curveOf(series.curve),
    type: "line",
    borderColor: color,
    backgroundColor: faded(color),
    borderWidth: 2,
    fill: series.type === "area" ? ground(series, index, data) : false,
    order: 0,
    pointBackgroundColor: color,
    pointHitRadius: 12,
    pointHoverRadius: 4,
    pointRadius: series.values.length > 1 ? 0 : 3,
    spanGaps: false,
  };
}

/** Where an area ends below: at the area it is stacked on, else at the axis. */
function ground({ stack }: Series, index: number, { series }: ChartData): string | number {
  const below = series.findLastIndex((other, place) => place < index && other.type === "area" && other.stack === stack);
  return stack === undefined || below === -1 ? "origin" : below;
}

/** A chart in a chat is about this wide; the gaps are given in pixels, the library wants shares. */
const USUAL_WIDTH = 480;

function gaps({ barGap, barCategoryGap, labels, series }: ChartData) {
  const group = USUAL_WIDTH / Math.max(1, labels.length);
  const between = barCategoryGap ?? group * 0.2;
  const categoryPercentage = share(1 - between / group);
  const bars = new Set(series.filter(({ type }) => type === "bar").map(({ stack }, index) => stack ?? index)).size;
  const bar = (group * categoryPercentage) / Math.max(1, bars);
  return { barPercentage: share(1 - barGap / bar), categoryPercentage };
}

function share(value: number): number {
  return Math.min(1, Math.max(0.1, value));
}

/** The same color, for an area: shades of one color keep several series apart. */
function faded(color: string): string {
  return `color-mix(in srgb, ${color} 25%, transparent)`;
}

function curveOf(curve: string) {
  if (curve === "stepBefore") return { stepped: "after" as const };
  if (curve === "stepAfter") return { stepped: "before" as const };
  if (curve === "step") return { stepped: "middle" as const };
  if (curve.startsWith("linear")) return { tension: 0 };
  if (curve.startsWith("monotone")) return { cubicInterpolationMode: "monotone" as const };
  return { tension: valueIn(TENSION, curve) ?? 0.4 };
}

const TENSION: Readonly<Record<string, number>> = { bump: 0.5, bumpX: 0.5, bumpY: 0.3, basis: 0.45 };
