// Draws widgets plainly: what they say and what they let one do, not their exact looks.

import { el, image } from "./dom.js";
import { renderMarkdown } from "./markdown.js";
import { childrenOf } from "./updates.js";
import { connectLabels, FIELDS, formValues, label } from "./widget_fields.js";

const UNIT = 0.25; // rem; gaps come in steps of it
const FLEX = {
  start: "flex-start",
  end: "flex-end",
  between: "space-between",
  around: "space-around",
  evenly: "space-evenly",
};

// Each draws one type of component; `act(action, values)` sends its action.
const COMPONENTS = {
  Badge: ({ label: text, color = "secondary" }) => el("span", { class: `badge ${color}` }, text),
  Box: box,
  Button: actionButton,
  Caption: (component) => styledText("p", "caption", component),
  Card: card,
  Chart: chart,
  Col: (component, act) => box({ direction: "col", ...component }, act),
  Divider: () => el("hr"),
  Form: form,
  Icon: () => null,
  Image: ({ src, alt = "" }) => image(src, alt),
  Label: label,
  ListView: listView,
  ListViewItem: listViewItem,
  Markdown: markdown,
  Row: (component, act) => box({ direction: "row", ...component }, act),
  Spacer: () => el("span", { class: "spacer" }),
  Text: text,
  Title: (component) => styledText("h3", `widget-title ${component.size ?? "md"}`, component),
  ...FIELDS,
};

export function paintWidget(node, item, host) {
  const act = (action, values = {}) => host.act(withValues(action, values), item.id);
  node.replaceChildren(draw(item.widget, act));
  connectLabels(node);
}

function draw(component, act) {
  const known = COMPONENTS[component.type];
  return known ? known(component, act) : el("div", {}, drawChildren(component, act));
}

function drawChildren(component, act) {
  return childrenOf(component).map((child) => draw(child, act));
}

/** The action with the form's values among its payload, under their names. */
function withValues(action, values) {
  if (Object.keys(values).length === 0) return action;
  const isObject = typeof action.payload === "object" && !Array.isArray(action.payload);
  return { ...action, payload: { ...(isObject ? action.payload : { value: action.payload }), ...values } };
}

function card(component, act) {
  const { status, confirm, cancel, asForm } = component;
  const values = () => (asForm ? formValues(node) : {});
  const foot = [
    cancel && footButton(cancel, "", act, () => ({})),
    confirm && footButton(confirm, "primary", act, values),
  ].filter(Boolean);
  const node = el(
    asForm ? "form" : "div",
    { class: "card widget", onsubmit: asForm && ((event) => event.preventDefault()) },
    status && el("p", { class: "caption" }, status.text),
    drawChildren(component, act),
    foot.length > 0 && el("div", { class: "buttons" }, foot),
  );
  return node;
}

function footButton({ label: text, action }, kind, act, values) {
  return el(
    "button",
    { class: `button ${kind}`, type: "button", onclick: () => act(action, values()) },
    text,
  );
}

function form(component, act) {
  const onsubmit = (event) => {
    event.preventDefault();
    if (component.onSubmitAction) act(component.onSubmitAction, formValues(event.currentTarget));
  };
  return layout(el("form", { class: "box", onsubmit }, drawChildren(component, act)), {
    direction: "col",
    ...component,
  });
}

function box(component, act) {
  return layout(el("div", { class: "box" }, drawChildren(component, act)), component);
}

/** Direction, gap and alignment; set through the style object, which the page's content policy allows. */
function layout(node, { direction = "col", gap, align, justify, wrap, flex }) {
  node.classList.add(direction);
  if (gap !== undefined) node.style.gap = typeof gap === "number" ? `${gap * UNIT}rem` : gap;
  if (align) node.style.alignItems = FLEX[align] ?? align;
  if (justify) node.style.justifyContent = FLEX[justify] ?? justify;
  if (wrap) node.style.flexWrap = wrap;
  if (flex !== undefined) node.style.flex = flex;
  return node;
}

function actionButton(component, act) {
  const { label: text, onClickAction, submit, disabled, style, color } = component;
  const kind = style === "primary" || color === "primary" ? "primary" : "";
  const onclick = onClickAction && ((event) => act(onClickAction, formValues(event.currentTarget.form)));
  return el(
    "button",
    { class: `button ${kind}`, type: submit ? "submit" : "button", disabled, onclick },
    text || component.iconStart || component.iconEnd || "OK",
  );
}

function listView(component, act) {
  return el(
    "div",
    { class: "card widget" },
    component.status && el("p", { class: "caption" }, component.status.text),
    el(
      "ul",
      { class: "list-view" },
      childrenOf(component).map((child) => el("li", {}, draw(child, act))),
    ),
  );
}

function listViewItem(component, act) {
  const body = el("div", { class: "box row" }, drawChildren(component, act));
  const action = component.onClickAction;
  if (!action) return body;
  return el("button", { class: "list-button", type: "button", onclick: () => act(action) }, body);
}

function markdown({ value }) {
  const node = el("div", { class: "prose" });
  renderMarkdown(node, value ?? "");
  return node;
}

function text(component, act) {
  if (!component.editable) return styledText("p", "", component);
  return FIELDS.Textarea(
    { rows: component.minLines ?? 1, ...component.editable, defaultValue: component.value },
    act,
  );
}

function styledText(tag, kind, { value, weight, italic, lineThrough, textAlign }) {
  const names = [
    kind,
    weight,
    italic && "italic",
    lineThrough && "struck",
    textAlign && `align-${textAlign}`,
  ];
  return el(tag, { class: names.filter(Boolean).join(" ") }, value);
}

/** A chart's numbers as a table: readable by everybody, and no drawing library. */
function chart({ data = [], series = [], xAxis }) {
  const key = xAxis?.dataKey ?? xAxis;
  const head = el(
    "tr",
    {},
    [key, ...series.map((one) => one.label ?? one.dataKey)].map((name) => el("th", { scope: "col" }, name)),
  );
  const rows = data.map((row) =>
    el("tr", {}, [
      el("th", { scope: "row" }, xAxis?.labels?.[row[key]] ?? row[key]),
      ...series.map((one) => el("td", {}, row[one.dataKey] ?? "")),
    ]),
  );
  return el("div", { class: "table" }, el("table", {}, el("thead", {}, head), el("tbody", {}, rows)));
}
