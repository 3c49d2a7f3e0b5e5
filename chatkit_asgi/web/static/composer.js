// The message box: text, attached files, send and stop.

import { call, upload } from "./api.js";
import { byId, el, icon, iconButton } from "./dom.js";
import { attachmentView } from "./items.js";

export class Composer {
  /** `host` hears of submitted(draft) and stopped(). */
  constructor(host) {
    this.host = host;
    this.files = []; // {row, attachment, error}: one per chosen file
    this.isBusy = false;
    this.form = byId("composer");
    this.message = byId("message");
    this.list = byId("attachments");
    this.noteNode = byId("composer-note");
    for (const name of ["attach", "send", "stop"]) byId(name).append(icon(name));
    this.listen();
    this.refresh();
  }

  listen() {
    this.form.addEventListener("submit", (event) => this.submit(event));
    this.message.addEventListener("keydown", (event) => this.key(event));
    this.message.addEventListener("input", () => this.refresh());
    this.message.addEventListener("paste", (event) => this.take(event, event.clipboardData.files));
    byId("stop").addEventListener("click", () => this.host.stopped());
    byId("attach").addEventListener("click", () => byId("files").click());
    byId("files").addEventListener("change", (event) => this.choose(event.target));
    document.addEventListener("dragover", (event) => event.preventDefault());
    document.addEventListener("drop", (event) => this.take(event, event.dataTransfer.files));
  }

  key(event) {
    // An Enter that ends the composition of a character (Japanese, Chinese, …) is not ours.
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    this.form.requestSubmit();
  }

  submit(event) {
    event.preventDefault();
    if (!this.canSend()) return;
    const attachments = this.files.map((file) => file.attachment);
    const draft = { text: this.message.value.trim(), attachments };
    this.clear();
    this.host.submitted(draft);
  }

  canSend() {
    const isReady = this.files.every((file) => file.attachment);
    const hasContent = this.files.length > 0 || this.message.value.trim() !== "";
    return !this.isBusy && !this.message.disabled && isReady && hasContent;
  }

  clear() {
    this.message.value = "";
    this.files = [];
    this.list.replaceChildren();
    this.say("");
    this.refresh();
  }

  /** Puts a refused draft back, unless another one was begun. */
  restore(draft, message) {
    if (!this.message.value && this.files.length === 0) {
      this.message.value = draft.text;
      draft.attachments.forEach((attachment) => this.addFile({ attachment }));
    }
    this.say(message ?? "");
    this.refresh();
  }

  focus() {
    this.message.focus();
  }

  setBusy(isBusy, canStop) {
    const hadFocus = document.activeElement === byId("stop");
    this.isBusy = isBusy;
    byId("send").hidden = isBusy && canStop;
    byId("stop").hidden = !(isBusy && canStop);
    this.refresh();
    if (hadFocus && !isBusy) this.focus();
  }

  /** Locked and closed threads take no messages. */
  setStatus(status) {
    const isOpen = !status || status.type === "active";
    this.message.disabled = !isOpen;
    byId("attach").disabled = !isOpen;
    this.say(isOpen ? "" : status.reason || `This conversation is ${status.type}.`);
    this.refresh();
  }

  say(text) {
    this.noteNode.textContent = text;
    this.noteNode.hidden = !text;
  }

  refresh() {
    byId("send").disabled = !this.canSend();
    this.list.hidden = this.files.length === 0;
    if (CSS.supports("field-sizing", "content")) return;
    this.message.style.height = "auto";
    this.message.style.height = `${this.message.scrollHeight}px`;
  }

  // ---- files

  choose(input) {
    for (const file of input.files) this.uploadFile(file);
    input.value = "";
    this.focus();
  }

  take(event, files) {
    if (files.length === 0) return;
    event.preventDefault();
    if (!this.message.disabled) for (const file of files) this.uploadFile(file);
  }

  async uploadFile(file) {
    const entry = this.addFile({ name: file.name, upload: new AbortController() });
    try {
      entry.attachment = await upload(file, entry.upload.signal);
      this.draw(entry);
    } catch (error) {
      if (error.name === "AbortError") return;
      this.say(`${file.name}: ${error.message}`);
      this.drop(entry);
    }
    this.refresh();
  }

  addFile(entry) {
    entry.row = el("li");
    this.files.push(entry);
    this.list.append(entry.row);
    this.draw(entry);
    this.refresh();
    return entry;
  }

  draw(entry) {
    const attachment = entry.attachment ?? { name: entry.name };
    const state = entry.attachment
      ? null
      : el("span", { class: "spinner", role: "img", "aria-label": "Uploading" });
    const remove = iconButton("close", `Remove ${attachment.name}`, () => this.removeFile(entry));
    const row = attachmentView(attachment, state, remove);
    entry.row.replaceWith(row);
    entry.row = row;
  }

  removeFile(entry) {
    this.drop(entry);
    this.focus();
    if (!entry.attachment) return entry.upload.abort();
    return call("attachments.delete", { attachment_id: entry.attachment.id }).catch((error) =>
      this.say(error.message),
    );
  }

  drop(entry) {
    entry.row.remove();
    this.files = this.files.filter((file) => file !== entry);
    this.refresh();
  }
}
