import { html, nothing } from "lit";
import { styleMap } from "../ui/style_map";
import type { Component } from "../protocol";
import { chartData, type ChartData } from "./chart_data";
import { BLOCK, styled } from "./layout";
import type { Draw, Drawing, Scope } from "./scope";

/** A chart: the picture for those who see it, a table of the same numbers for those who have it read out. */
export const drawChart: Draw = (component, scope) => {
  void import("./chart"); // the library is large, and most chats have no chart
  const data = chartData(component);
  const { height = ratio(component), ...others } = styled(component, BLOCK);
  return html`<figure class="chart" part="chart" style=${styleMap({ ...others, height })}>
    <ck-chart .data=${data}></ck-chart>
    ${tableOf(data, scope)}
  </figure>`;
};

/** A ratio decides on the height, unless that is given too. */
function ratio(component: Component): string | undefined {
  return component.aspectRatio === undefined ? undefined : "auto";
}

function tableOf(data: ChartData, scope: Scope): Drawing {
  const { texts } = scope.host;
  return html`<table class="sr-only">
    <caption>${texts.t("widget.chart")}</caption>
    <thead>
      <tr><th scope="col">${texts.t("widget.chartName")}</th>${data.series.map(({ label }) => html`<th scope="col">${label}</th>`)}</tr>
    </thead>
    <tbody>
      ${data.labels.map(
        (label, row) => html`<tr>
          <th scope="row">${label}</th>
          ${data.series.map(({ values }) => html`<td>${numberAt(values, row, scope)}</td>`)}
        </tr>`,
      )}
    </tbody>
  </table>`;
}

function numberAt(values: readonly (number | null)[], row: number, { host }: Scope): Drawing {
  const value = values[row];
  return typeof value === "number" ? host.texts.number(value) : nothing;
}
