import { describe, expect, it, vi } from "vitest";
import { ENGLISH, Texts } from "../src/locale/texts";
import { configOf, type Look } from "../src/widgets/chart_config";
import { chartData } from "../src/widgets/chart_data";
import { all, carded, one } from "./widgets";

vi.mock("../src/widgets/chart", () => ({})); // a canvas, which jsdom has not

const CHART = {
  type: "Chart",
  data: [{ month: "jan", a: 1, b: "2", c: null }, { month: "feb", a: 1234, b: "x", c: 3 }],
  series: [{ type: "bar", dataKey: "a", label: "First" }, { type: "line", dataKey: "b" }, { type: "area", dataKey: "c", label: "Third" }],
  xAxis: { dataKey: "month", labels: { jan: "January" } },
};
const LOOK: Look = { color: (wanted) => wanted, font: "serif", isStill: false, isRightToLeft: false };

const data = (more: object = {}) => chartData({ ...CHART, ...more });
const config = (more: object = {}, look: Partial<Look> = {}, texts: Texts = ENGLISH) => configOf(data(more), { ...LOOK, ...look }, texts);
const series = (...each: readonly object[]) => ({ series: each.map((one) => ({ type: "area", dataKey: "a", ...one })) });

describe("a chart's data", () => {
  it("has the names of the axis and a number, or a gap, for each", () => {
    expect(data().labels).toEqual(["January", "feb"]);
    expect(data().series.map(({ label, values }) => [label, values])).toEqual([["First", [1, 1234]], ["b", [2, null]], ["Third", [null, 3]]]);
  });

  it("has a color of its own for each series", () => {
    const colors = data(series({}, { color: "danger" }, { color: { light: "#111", dark: "#eee" } }, { color: "url(x)" })).series.map(({ color }) => color);
    expect(colors).toEqual(["var(--ck-info)", "var(--ck-danger)", "light-dark(#111, #eee)", "var(--ck-warning)"]);
  });

  it.each([{ data: 1 }, { data: [1, null, []] }, { series: "bar" }, { series: [1, {}] }, { xAxis: 3 }, { xAxis: null }, { data: [{ month: {} }] }])(
    "of another type is no error: %j",
    (more) => expect(() => config(more)).not.toThrow(),
  );
});

describe("a chart's picture", () => {
  it("draws each series as what it is", () => {
    const { datasets } = config().data;
    expect(datasets.map((each) => [each.type, "fill" in each && each.fill])).toEqual([["bar", false], ["line", false], ["line", "origin"]]);
  });

  it("stacks what belongs together, areas on the area below", () => {
    const { data: drawn, options } = config(series({ stack: "s" }, { stack: "t" }, { stack: "s" }, {}));
    expect(options?.scales?.y).toMatchObject({ stacked: true });
    expect(drawn.datasets.map((each) => ["stack" in each && each.stack, "fill" in each && each.fill])).toEqual([
      ["s", "origin"], ["t", "origin"], ["s", 0], ["alone 3", "origin"],
    ]);
  });

  it.each([
    ["step", { stepped: "middle" }],
    ["stepBefore", { stepped: "after" }],
    ["stepAfter", { stepped: "before" }],
    ["linear", { tension: 0 }],
    ["monotoneX", { cubicInterpolationMode: "monotone" }],
    ["natural", { tension: 0.4 }],
    ["bump", { tension: 0.5 }],
    ["toString", { tension: 0.4 }],
  ])("curves as %s", (curveType, expected) => {
    expect(config(series({ curveType })).data.datasets[0]).toMatchObject(expected);
  });

  it.each([
    [{ showYAxis: true }, ["scales", "y", "ticks", "display"], true],
    [{}, ["scales", "y", "ticks", "display"], false],
    [{ xAxis: { dataKey: "month", hide: true } }, ["scales", "x", "display"], false],
    [{}, ["plugins", "legend", "display"], true],
    [{ showLegend: false }, ["plugins", "legend", "display"], false],
    [{ showTooltip: false }, ["plugins", "tooltip", "enabled"], false],
  ])("shows what it is told to: %j", (more, path, expected) => {
    const found = path.reduce<unknown>((inner, key) => (inner as Record<string, unknown>)[key], config(more).options);
    expect(found).toBe(expected);
  });

  it("leaves wider gaps where it is told to", () => {
    const bars = (more: object) => config({ series: [CHART.series[0], { type: "bar", dataKey: "b" }], ...more }).data.datasets[0] as unknown as Record<string, number>;
    expect(bars({ barGap: 40 }).barPercentage).toBeLessThan(bars({}).barPercentage ?? 0);
    expect(bars({ barCategoryGap: 150 }).categoryPercentage).toBeLessThan(bars({}).categoryPercentage ?? 0);
  });

  it("runs from the right in languages that do, and is still for those who want that", () => {
    const { options } = config({}, { isRightToLeft: true, isStill: true });
    expect([options?.scales?.x?.reverse, options?.animation]).toEqual([true, false]);
  });
});

describe("a chart in a widget", () => {
  it("has a table of its numbers for those who have it read out", async () => {
    const widget = await carded(CHART);
    const cells = all(widget, "table tr").map((row) => [...row.children].map(({ textContent }) => textContent));
    expect(cells).toEqual([["Name", "First", "b", "Third"], ["January", "1", "2", ""], ["feb", "1,234", "", "3"]]);
    expect(one(widget, "figure ck-chart")).toBeDefined();
  });
});
