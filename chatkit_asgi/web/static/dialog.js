// The page's one dialog: a question with an optional text field. The browser keeps the focus inside.

import { byId } from "./dom.js";

/**
 * Resolves to the field's text, or to true where there is no `label`; to null when it was dismissed.
 */
export function ask({
  title,
  text = "",
  error = "",
  label = null,
  value = "",
  type = "text",
  ok = "OK",
  danger = false,
}) {
  const dialog = byId("dialog");
  const input = byId("dialog-input");
  byId("dialog-title").textContent = title;
  byId("dialog-error").textContent = error;
  byId("dialog-text").textContent = text;
  byId("dialog-field").hidden = !label;
  byId("dialog-label").textContent = label ?? "";
  Object.assign(input, { value, type, required: Boolean(label) });
  Object.assign(byId("dialog-ok"), { textContent: ok, className: `button ${danger ? "danger" : "primary"}` });
  dialog.showModal();
  if (label) input.select();
  return answered(dialog, () => (label ? input.value : true));
}

function answered(dialog, read) {
  return new Promise((resolve) => {
    let answer = null;
    byId("dialog-cancel").onclick = () => dialog.close();
    byId("dialog-form").onsubmit = (event) => {
      event.preventDefault();
      answer = read();
      dialog.close();
    };
    dialog.addEventListener("close", () => resolve(answer), { once: true });
  });
}
