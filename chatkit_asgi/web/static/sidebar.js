// On narrow screens the list of conversations is a drawer over the page.

import { byId } from "./dom.js";

const isNarrow = matchMedia("(max-width: 47.99rem)");

export function openSidebar() {
  setOpen(true);
  byId("close-sidebar").focus();
}

export function closeSidebar() {
  if (!byId("sidebar").classList.contains("open")) return;
  setOpen(false);
  byId("open-sidebar").focus();
}

function setOpen(isOpen) {
  byId("sidebar").classList.toggle("open", isOpen);
  byId("backdrop").hidden = !isOpen;
  byId("main").inert = isOpen;
  byId("open-sidebar").setAttribute("aria-expanded", String(isOpen));
}

document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") closeSidebar();
});
isNarrow.addEventListener("change", closeSidebar);
