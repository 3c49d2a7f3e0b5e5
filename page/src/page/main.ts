/** The page of `GET /`: one element, which fills the window and talks to the server that the page came from. */
import type { ChatKitOptions } from "@openai/chatkit";
import type { ChatKitElement } from "../element";
import "../element";
import { askingForToken } from "./token";

const SCHEME = "chatkit-scheme";

type Scheme = "light" | "dark";
type LogEvent = CustomEvent<{ name: string; data?: Record<string, unknown> }>;

const chat = document.querySelector("openai-chatkit") as ChatKitElement;
const system = matchMedia("(prefers-color-scheme: dark)");
const authorized = askingForToken();
let composer: ChatKitOptions["composer"] = { attachments: { enabled: true } };

function scheme(): Scheme {
  const chosen = kept();
  if (chosen === "light" || chosen === "dark") return chosen;
  return system.matches ? "dark" : "light";
}

/** Storage may be switched off; then the choice lasts as long as the page. */
let chosenHere: Scheme | null = null;

function kept(): string | null {
  try {
    return localStorage.getItem(SCHEME);
  } catch {
    return chosenHere;
  }
}

function keep(scheme: Scheme): void {
  chosenHere = scheme;
  try {
    localStorage.setItem(SCHEME, scheme);
  } catch {
    // see above
  }
}

function apply(): void {
  document.documentElement.dataset.theme = scheme();
  chat.setOptions({
    api: { url: "chatkit", domainKey: "", fetch: authorized },
    theme: scheme(),
    initialThread: threadInAddress(),
    header: { rightAction: { icon: scheme() === "dark" ? "light-mode" : "dark-mode", onClick: switchScheme } },
    history: { enabled: true, showDelete: true, showRename: true },
    threadItemActions: { feedback: true, retry: true },
    startScreen: { prompts: PROMPTS },
    composer,
    onClientTool: answerTool,
  });
}

// whoever answers, a model or the demo, has something to say to these, in English
const PROMPTS = navigator.language.startsWith("en")
  ? ["Hello!", "What can you do?", "Who am I talking to?"].map((text) => ({ label: text, prompt: text }))
  : [];

function switchScheme(): void {
  keep(scheme() === "dark" ? "light" : "dark");
  apply();
}

/** The demo model calls a tool of the page; another page brings tools of its own. */
function answerTool({ name, params }: { name: string; params: Record<string, unknown> }): Record<string, unknown> {
  return { tool: name, arguments: params, answered_by: navigator.language };
}

// ---- the address names the thread

function threadInAddress(): string | null {
  return location.hash.startsWith("#/") ? decodeURIComponent(location.hash.slice(2)) || null : null;
}

function showInAddress(id: string | null): void {
  const address = `#/${encodeURIComponent(id ?? "")}`;
  if (id !== threadInAddress()) history.pushState(null, "", address);
}

async function showFromAddress(): Promise<void> {
  await chat.setThreadId(threadInAddress());
}

// ---- what else the server offers

async function loadComposer(): Promise<void> {
  const response = await authorized("composer");
  if (!response.ok) return;
  composer = { ...composer, ...((await response.json()) as ChatKitOptions["composer"]) };
  apply();
}

/** Shows the raw events beside the chat: `/?events`. */
async function showEvents(): Promise<void> {
  const { EventsPanel } = await import("./events_panel");
  const panel = new EventsPanel();
  document.body.append(panel);
  chat.tellsEvents = true;
  chat.addEventListener("chatkit.log", (event: LogEvent) => {
    if (event.detail.name === "thread.event") panel.add(event.detail.data ?? {});
  });
}

chat.addEventListener("chatkit.ready", () => (document.documentElement.lang = chat.lang));
chat.addEventListener("chatkit.thread.change", ({ detail }) => showInAddress(detail.threadId));
chat.addEventListener("chatkit.log", ({ detail }: LogEvent) => {
  if (detail.name === "thread.title") document.title = detail.data?.title ? `${String(detail.data.title)} – Chat` : "Chat";
});
addEventListener("popstate", () => void showFromAddress());
system.addEventListener("change", apply);
apply();
void loadComposer().catch(() => undefined); // the chat itself says what is wrong
if (new URLSearchParams(location.search).has("events")) void showEvents();
