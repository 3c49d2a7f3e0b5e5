import { html, nothing } from "lit";
import { ifDefined } from "lit/directives/if-defined.js";
import { live } from "lit/directives/live.js";
import { styleMap } from "../ui/style_map";
import type { Component } from "../protocol";
import type { Style } from "./layout";
import type { Drawing, Scope } from "./scope";
import { choiceIn, countIn, textIn, textOf } from "./values";

/**
 * A text edited in place: a field in the looks of the text, as high as what is in it. One that is a single line at
 * first submits with Enter, as an input does.
 */
export function drawEditable(component: Component, editable: Readonly<Record<string, unknown>>, scope: Scope, style: Style): Drawing {
  const { host, form } = scope;
  const name = textOf(editable.name);
  const typed = host.typed(form, name);
  const value = typeof typed === "string" ? typed : textOf(component.value);
  const ignored = editable.allowAutofillExtensions === true ? undefined : "true";
  const isLine = (countIn(component.minLines) ?? 1) === 1 && !value.includes("\n");
  return html`<textarea
    class="text editable"
    part="text"
    id=${host.idFor(`field ${form} ${name}`)}
    name=${name}
    rows=${rowsFor(component, value)}
    data-size=${choiceIn(component.size, ["xs", "sm", "md", "lg", "xl"]) ?? "md"}
    ?data-line=${isLine}
    ?data-streaming=${component.streaming === true}
    ?data-autofocus=${editable.autoFocus === true}
    data-1p-ignore=${ifDefined(ignored)}
    data-lpignore=${ifDefined(ignored)}
    data-pattern=${ifDefined(textIn(editable.pattern))}
    autocomplete=${(textIn(editable.autoComplete) ?? "off") as AutoFill}
    placeholder=${ifDefined(textIn(editable.placeholder))}
    ?required=${editable.required === true}
    ?disabled=${host.disabled}
    style=${styleMap({ ...style, "-webkit-line-clamp": undefined, "--max-rows": countIn(component.maxLines, 200)?.toString() })}
    .value=${live(value)}
    @input=${(event: Event) => host.type(form, name, (event.target as HTMLTextAreaElement).value)}
    @focus=${editable.autoSelect === true ? selectAll : nothing}
  ></textarea>`;
}

/** The field grows with its text (`field-sizing`); where browsers do not know that, its lines are counted once. */
function rowsFor({ minLines, maxLines }: Component, value: string): number {
  const most = countIn(maxLines, 200) ?? 30;
  return Math.max(countIn(minLines, 200) ?? 1, Math.min(most, value.split("\n").length));
}

function selectAll(event: Event): void {
  (event.target as HTMLTextAreaElement).select();
}
