import { html, nothing } from "lit";
import { styleMap } from "../ui/style_map";
import "../icons/icon";
import { BLOCK, COLOR, PAINT, styled } from "./layout";
import type { Draw } from "./scope";
import { imageUrl } from "./urls";
import { choiceIn, textIn, textOf } from "./values";

export const drawBadge: Draw = (component) =>
  html`<span
    class="badge"
    part="badge"
    data-color=${choiceIn(component.color, ["secondary", "success", "danger", "warning", "info", "discovery"]) ?? "secondary"}
    data-variant=${choiceIn(component.variant, ["solid", "soft", "outline"]) ?? "soft"}
    data-size=${choiceIn(component.size, ["sm", "md", "lg"]) ?? "sm"}
    ?data-pill=${component.pill === true}
    >${textOf(component.label)}</span
  >`;

const ICON_SIZES = ["xs", "sm", "md", "lg", "xl", "2xl", "3xl"] as const;

export const drawIcon: Draw = (component) =>
  html`<ck-icon
    class="icon"
    part="icon"
    data-size=${choiceIn(component.size, ICON_SIZES) ?? "md"}
    .name=${textOf(component.name)}
    style=${styleMap(styled(component, COLOR))}
  ></ck-icon>`;

const POSITIONS = [
  "top left", "top", "top right", "left", "center", "right", "bottom left", "bottom", "bottom right",
] as const;

const PICTURE = {
  fit: (value: unknown) => ({ "object-fit": choiceIn(value, ["cover", "contain", "fill", "scale-down", "none"]) }),
  position: (value: unknown) => ({ "object-position": choiceIn(value, POSITIONS) }),
};

/** A picture; nothing where its address may not be loaded, except for the words that stand for it. */
export const drawImage: Draw = (component) => {
  const src = imageUrl(component.src);
  const alt = textOf(component.alt);
  if (src === undefined) return alt === "" ? nothing : html`<p class="caption" part="caption" data-size="md">${alt}</p>`;
  return html`<img
    class="image"
    part="image"
    src=${src}
    alt=${textIn(component.alt) ?? ""}
    loading="lazy"
    decoding="async"
    referrerpolicy="no-referrer"
    ?data-frame=${component.frame === true}
    ?data-flush=${component.flush === true}
    style=${styleMap(styled(component, BLOCK, PAINT, PICTURE))}
  />`;
};
