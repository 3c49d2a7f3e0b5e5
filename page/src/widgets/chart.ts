import {
  BarController,
  BarElement,
  CategoryScale,
  Chart,
  Filler,
  Legend,
  LinearScale,
  LineController,
  LineElement,
  PointElement,
  Tooltip,
  type ChartConfiguration,
} from "chart.js";
import { css, html } from "lit";
import { ChatElement, define } from "../ui/element";
import type { ChartData } from "./chart_data";
import { configOf, type Look } from "./chart_config";

Chart.register(
  BarController, BarElement, CategoryScale, Filler, Legend, LinearScale, LineController, LineElement, PointElement, Tooltip,
);

/**
 * The picture of a chart, drawn again when its data, the theme or its size change. Its colors come from the theme's
 * properties; a canvas knows nothing of these, so a probe in the tree tells what they are just now.
 */
export class ChartPicture extends ChatElement {
  static override properties = { data: { attribute: false } };
  static override styles = css`
    :host {
      block-size: 100%;
      display: block;
      inline-size: 100%;
      min-block-size: 0;
      position: relative;
    }
    canvas {
      inset: 0;
      position: absolute;
    }
    .probe {
      block-size: 0;
      color: var(--ck-text);
      position: absolute;
      transition: color 1ms;
      visibility: hidden;
    }
  `;

  declare data: ChartData | undefined;
  #chart: Chart | undefined;

  protected override render() {
    return html`<canvas part="canvas" aria-hidden="true"></canvas>
      <span class="probe" @transitionend=${() => this.draw()}></span>`;
  }

  protected override updated(): void {
    this.draw();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#chart?.destroy();
    this.#chart = undefined;
  }

  override connectedCallback(): void {
    super.connectedCallback();
    if (this.hasUpdated) this.requestUpdate(); // moved: the old picture was thrown away
  }

  private draw(): void {
    const canvas = this.renderRoot.querySelector("canvas");
    if (!canvas || this.data === undefined || !this.isConnected) return;
    const config: ChartConfiguration = configOf(this.data, this.look(), this.texts);
    if (this.#chart === undefined) {
      this.#chart = new Chart(canvas, config);
      return;
    }
    this.#chart.data = config.data;
    this.#chart.options = config.options ?? {};
    this.#chart.update("none");
  }

  private look(): Look {
    const probe = this.renderRoot.querySelector<HTMLElement>(".probe");
    const font = getComputedStyle(this).fontFamily;
    const color = (wanted: string) => {
      if (!probe) return wanted;
      const swatch = document.createElement("span");
      swatch.style.color = wanted;
      probe.append(swatch);
      const found = getComputedStyle(swatch).color;
      swatch.remove();
      return found;
    };
    const isStill = matchMedia("(prefers-reduced-motion: reduce)").matches;
    return { color, font, isStill, isRightToLeft: this.texts.direction === "rtl" };
  }
}

define("ck-chart", ChartPicture);
