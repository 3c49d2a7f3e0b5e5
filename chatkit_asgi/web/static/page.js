// Puts the page together: which conversation is open, and what its parts tell each other.

import { onUnauthorized } from "./api.js";
import { Composer } from "./composer.js";
import { Conversation } from "./conversation.js";
import { ask } from "./dialog.js";
import { announce, byId, el, icon } from "./dom.js";
import { addressOf, History } from "./history.js";
import { openSidebar, closeSidebar } from "./sidebar.js";
import { titleOf } from "./titles.js";

// Whoever answers, a model or the demo, has something to say to these.
const SUGGESTIONS = ["Hello!", "Who am I talking to?", "What can you do?"];
const NEAR_END = 80; // px; a reader this close to the end wants to follow it

const log = byId("log");
const column = byId("column");
const running = new Map(); // thread id -> Conversation whose turn goes on while another one is shown
let shown = null; // the open Conversation
let isFollowing = true;

const composer = new Composer({
  submitted: (draft) => {
    isFollowing = true;
    shown.send(draft);
    showWelcome();
  },
  stopped: () => shown.stop(),
});

const history = new History({
  renamed: (thread) => isShown(thread.id) && shown.setThread({ ...shown.thread, title: thread.title }),
  deleted: (id) => forget(id),
});

const conversationHost = {
  busyChanged(conversation) {
    keepRunning(conversation);
    if (conversation !== shown) return;
    composer.setBusy(conversation.isBusy, conversation.canStop);
    if (!conversation.isBusy) settle();
  },
  contentChanged(conversation) {
    if (conversation === shown && isFollowing) log.scrollTop = log.scrollHeight;
  },
  refused(conversation, draft, message) {
    if (conversation === shown) composer.restore(draft, message);
    if (conversation === shown) showWelcome();
  },
  threadChanged(conversation) {
    keepRunning(conversation);
    history.update(conversation.thread);
    if (conversation === shown) showThread();
  },
};

// ---- which conversation is open

/** Opens what the address names: `#/` a new conversation, `#/<id>` that thread. */
async function route() {
  if (location.hash && !location.hash.startsWith("#/")) return;
  const id = decodeURIComponent(location.hash.slice(2));
  closeSidebar();
  if (!id) return show(new Conversation(null, conversationHost));
  if (isShown(id)) return;
  await open(id);
}

async function open(id) {
  const address = location.hash;
  try {
    const conversation = running.get(id) ?? (await Conversation.open(id, conversationHost));
    if (location.hash === address) show(conversation); // else another one was asked for meanwhile
  } catch (error) {
    if (location.hash === address) failToOpen(error);
  }
}

function failToOpen(error) {
  globalThis.history.replaceState(null, "", "#/");
  show(new Conversation(null, conversationHost));
  composer.say(error.message);
}

function show(conversation) {
  shown = conversation;
  isFollowing = true;
  log.setAttribute("aria-live", "off"); // a conversation that is opened is not news
  column.replaceChildren(conversation.element);
  composer.setBusy(conversation.isBusy, conversation.canStop);
  showThread();
  showWelcome();
  conversationHost.contentChanged(conversation);
  setTimeout(() => log.setAttribute("aria-live", "polite"), 500);
  if (matchMedia("(hover: hover)").matches) composer.focus(); // elsewhere it would open the keyboard
}

function showThread() {
  const { thread } = shown;
  const title = thread ? titleOf(thread) : "New chat";
  byId("title").textContent = title;
  document.title = thread ? `${title} – Chat` : "Chat";
  if (thread) history.refresh(thread);
  history.select(thread?.id ?? null);
  composer.setStatus(thread?.status);
  if (thread && location.hash !== addressOf(thread.id)) {
    globalThis.history.replaceState(null, "", addressOf(thread.id));
  }
}

function isShown(id) {
  return shown?.thread?.id === id;
}

function keepRunning(conversation) {
  const id = conversation.thread?.id;
  if (id && conversation.isBusy) running.set(id, conversation);
  else running.delete(id);
}

function forget(id) {
  running.get(id)?.stop();
  if (isShown(id)) location.hash = "#/";
}

/** After a turn: say so, and catch a focus that went away with a form or a button. */
function settle() {
  announce("The answer has ended.");
  if (document.activeElement === document.body) composer.focus();
}

// ---- the first screen

function showWelcome() {
  column.querySelector(".welcome")?.remove();
  column.classList.toggle("is-empty", shown.isEmpty && !shown.isBusy);
  if (shown.isEmpty && !shown.isBusy) column.prepend(welcome());
}

function welcome() {
  const chips = SUGGESTIONS.map((text) =>
    el("button", { class: "chip", type: "button", onclick: () => suggest(text) }, text),
  );
  return el(
    "section",
    { class: "welcome" },
    el("img", { src: "static/icon.svg", alt: "", width: "48", height: "48" }),
    el("h2", {}, "What would you like to talk about?"),
    el("p", { class: "muted" }, "Write a message below, or begin with one of these."),
    el("div", { class: "chips" }, chips),
  );
}

function suggest(text) {
  if (!shown.isBusy) shown.send({ text, attachments: [] });
  showWelcome();
  composer.focus();
}

// ---- start

function followReader() {
  isFollowing = log.scrollHeight - log.scrollTop - log.clientHeight < NEAR_END;
}

function askForToken(wasRefused) {
  const text = "This server wants an access token. It is kept until the browser tab is closed.";
  const error = wasRefused ? "That token was not accepted." : "";
  return ask({ title: "Access token", error, text, label: "Token", type: "password", ok: "Continue" });
}

function start() {
  onUnauthorized(askForToken);
  byId("open-sidebar").append(icon("menu"));
  byId("close-sidebar").append(icon("close"));
  byId("open-sidebar").addEventListener("click", openSidebar);
  for (const id of ["close-sidebar", "backdrop"]) byId(id).addEventListener("click", closeSidebar);
  byId("new-chat").addEventListener("click", startNewChat);
  byId("skip").addEventListener("click", skipToComposer);
  log.addEventListener("scroll", followReader, { passive: true });
  addEventListener("hashchange", route);
  route();
  history.load();
}

/** The address may be `#/` already, and then it does not change. */
function startNewChat() {
  if (location.hash === "#/" || location.hash === "") route();
}

function skipToComposer(event) {
  event.preventDefault(); // the address stays the thread's
  composer.focus();
}

start();
