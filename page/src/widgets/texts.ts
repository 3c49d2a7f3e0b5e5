import { html } from "lit";
import { classMap } from "lit/directives/class-map.js";
import { styleMap } from "../ui/style_map";
import type { Component } from "../protocol";
import { drawEditable } from "./editable";
import { COLOR, styled, type Style } from "./layout";
import { sizeOf } from "./lengths";
import type { Draw } from "./scope";
import { choiceIn, countIn, isRecord, textOf, valueIn } from "./values";

const WEIGHT: Readonly<Record<string, string>> = { normal: "400", medium: "500", semibold: "600", bold: "700" };

const TEXT = {
  ...COLOR,
  weight: (value: unknown) => ({ "font-weight": valueIn(WEIGHT, value) }),
  textAlign: (value: unknown) => ({ "text-align": choiceIn(value, ["start", "center", "end"]) }),
  italic: (value: unknown) => ({ "font-style": value === true ? "italic" : undefined }),
  lineThrough: (value: unknown) => ({ "text-decoration-line": value === true ? "line-through" : undefined }),
  width: (value: unknown) => ({ width: sizeOf(value), "flex-shrink": sizeOf(value) && "0" }),
  minLines: (value: unknown) => ({ "min-height": lines(value) }),
  maxLines: (value: unknown) => ({ "-webkit-line-clamp": countIn(value)?.toString() }),
};

export function textStyle(component: Component): Style {
  return styled(component, TEXT);
}

function lines(value: unknown): string | undefined {
  const count = countIn(value, 200);
  return count === undefined ? undefined : `${count}lh`;
}

export const TEXT_SIZES = ["xs", "sm", "md", "lg", "xl"] as const;
const TITLE_SIZES = ["sm", "md", "lg", "xl", "2xl", "3xl", "4xl", "5xl"] as const;

function classes(component: Component, kind: string) {
  const isClamped = component.truncate !== true && countIn(component.maxLines) !== undefined;
  return classMap({ [kind]: true, truncate: component.truncate === true, clamped: isClamped });
}

export const drawText: Draw = (component, scope) => {
  if (isRecord(component.editable)) return drawEditable(component, component.editable, scope, textStyle(component));
  const size = choiceIn(component.size, TEXT_SIZES) ?? "md";
  return html`<p
    class=${classes(component, "text")}
    part="text"
    data-size=${size}
    ?data-streaming=${component.streaming === true}
    style=${styleMap(textStyle(component))}
  >${textOf(component.value)}</p>`;
};

export const drawTitle: Draw = (component) => {
  const size = choiceIn(component.size, TITLE_SIZES) ?? "md";
  return html`<h3 class=${classes(component, "title")} part="title" data-size=${size} style=${styleMap(textStyle(component))}
    >${textOf(component.value)}</h3
  >`;
};

export const drawCaption: Draw = (component) => {
  const size = choiceIn(component.size, ["sm", "md", "lg"]) ?? "md";
  return html`<p class=${classes(component, "caption")} part="caption" data-size=${size} style=${styleMap(textStyle(component))}
    >${textOf(component.value)}</p
  >`;
};

export const drawMarkdown: Draw = (component) =>
  html`<ck-markdown part="markdown" .text=${textOf(component.value)} ?streaming=${component.streaming === true}></ck-markdown>`;
