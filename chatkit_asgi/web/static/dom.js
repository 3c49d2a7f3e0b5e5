// Makes elements. Text from the server becomes text nodes here and nowhere is it parsed as HTML.

const SVG = "http://www.w3.org/2000/svg";

// Strokes on a 24 x 24 grid.
const ICONS = {
  attach:
    "M20 11.5l-8.2 8.2a5.2 5.2 0 0 1-7.4-7.4l8.6-8.5a3.5 3.5 0 0 1 5 5l-8.6 8.5a1.8 1.8 0 0 1-2.5-2.5l7.8-7.8",
  check: "M5 12.5l4.5 4.5L19 7.5",
  close: "M6 6l12 12M18 6L6 18",
  copy: "M9 9h11v11H9zM5 15H4V4h11v1",
  edit: "M4 20h4L19 9l-4-4L4 16zM13 7l4 4",
  file: "M7 3h7l5 5v13H7zM14 3v5h5",
  menu: "M4 7h16M4 12h16M4 17h16",
  search: "M11 5a6 6 0 1 1 0 12a6 6 0 0 1 0-12M15.5 15.5L20 20",
  send: "M12 19V5M6 11l6-6l6 6",
  stop: "M8 8h8v8H8z",
  thumbDown:
    "M7 14V4H4v10zM7 14l4 7a2.4 2.4 0 0 0 2.3-3L12.7 15H18a2 2 0 0 0 2-2.4L18.6 5.6A2 2 0 0 0 16.6 4H7",
  thumbUp:
    "M7 10v10H4V10zM7 10l4-7a2.4 2.4 0 0 1 2.3 3L12.7 9H18a2 2 0 0 1 2 2.4L18.6 18.4A2 2 0 0 1 16.6 20H7",
  trash: "M5 7h14M10 7V4h4v3M7 7l1 13h8l1-13M10.5 11v5M13.5 11v5",
};

/** An element with attributes (`on…` are listeners; null, undefined and false are left out) and children. */
export function el(tag, props = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) setProp(node, name, value);
  node.append(...children.flat(2).filter(isPresent));
  return node;
}

function setProp(node, name, value) {
  if (!isPresent(value)) return;
  if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
  else node.setAttribute(name, value === true ? "" : value);
}

function isPresent(value) {
  return value !== null && value !== undefined && value !== false;
}

export function byId(id) {
  return document.getElementById(id);
}

export function icon(name) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("aria-hidden", "true");
  svg.setAttribute("class", "icon");
  const path = document.createElementNS(SVG, "path");
  path.setAttribute("d", ICONS[name]);
  svg.append(path);
  return svg;
}

export function iconButton(name, label, onclick, props = {}) {
  return el(
    "button",
    { class: "icon-button", type: "button", title: label, "aria-label": label, onclick, ...props },
    icon(name),
  );
}

export function button(label, onclick, kind = "") {
  return el("button", { class: `button ${kind}`, type: "button", onclick }, label);
}

/** A link that leaves the page; anything but http and https stays plain text. */
export function link(url, ...label) {
  if (!/^https?:\/\//i.test(url ?? "")) return el("span", {}, ...label);
  return el("a", { href: url, target: "_blank", rel: "noopener noreferrer" }, ...label);
}

/** An image, or a link to it where the browser may not or cannot load it. */
export function image(url, alt) {
  const node = el("img", { src: url, alt, loading: "lazy" });
  node.addEventListener("error", () => node.replaceWith(link(url, alt || "Image")));
  return node;
}

/** Says something to screen readers only. */
export function announce(text) {
  byId("status").textContent = text;
}

export async function copyText(text) {
  try {
    await navigator.clipboard.writeText(text);
    announce("Copied.");
  } catch {
    announce("Copying is not allowed here.");
  }
}
