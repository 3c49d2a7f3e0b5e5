// A page of another site. `chat` is its element, `told` what that has told: pairs of an event's name and its detail.
const NAMES = [
  "ready", "error", "effect", "deeplink", "response.start", "response.end", "history.open", "history.close",
  "thread.change", "thread.load.start", "thread.load.end", "tool.change", "log",
];
const APP = document.querySelector('meta[name="app"]').content;
const API = { url: `${APP}/chatkit`, domainKey: "local" };
window.APP = APP;
window.API = API;
window.told = [];
window.calls = []; // what handlers of the options were called with
window.chat = document.querySelector("openai-chatkit");

/** Listens to all events of an element. */
function listen(chat, told) {
  for (const name of NAMES) {
    chat.addEventListener(`chatkit.${name}`, ({ detail }) => {
      told.push([name, detail?.error ? { error: detail.error.message } : detail]);
      document.dispatchEvent(new Event("told"));
    });
  }
  return chat;
}

/** Ends when the event has been told at least so many times. */
function heard(name, count = 1, told = window.told) {
  return new Promise((resolve) => {
    const look = () => {
      if (told.filter(([each]) => each === name).length < count) return;
      document.removeEventListener("told", look);
      resolve();
    };
    document.addEventListener("told", look);
    look();
  });
}

/** Gives the element its options, on top of those that every test wants. */
async function show(options = {}, chat = window.chat) {
  await customElements.whenDefined("openai-chatkit");
  chat.setOptions({ api: API, locale: "en", ...options });
}

/** An operation of the protocol, asked by the page itself. */
async function ask(type, params) {
  const body = JSON.stringify({ type, params });
  const response = await fetch(API.url, { method: "POST", headers: { "Content-Type": "application/json" }, body });
  return response.json();
}

Object.assign(window, { listen, heard, show, ask });
if (window.chat) listen(window.chat, window.told);
