// Speaks the protocol: one POST endpoint that answers JSON or a stream of events, and direct uploads.

const ROOT = new URL("..", import.meta.url); // this file is at <mount point>/static/api.js
const TOKEN = "chatkit-token";

/** An answer that is not what was asked for; `message` is fit to be shown. */
export class ApiError extends Error {
  constructor(message, status = 0) {
    super(message);
    this.status = status;
  }
}

let askForToken = async (_wasRefused) => null;
let renewal = null; // the question while it is open

/** Gives the function that asks the user for an access token, and again when the last one was refused. */
export function onUnauthorized(ask) {
  askForToken = ask;
}

/** An operation that answers at once with JSON. */
export async function call(type, params) {
  const response = await post(type, params);
  return response.json();
}

/** A streaming operation: yields its events in order. Aborting `signal` stops the turn. */
export async function* stream(type, params, signal) {
  const response = await post(type, params, signal);
  for await (const data of frames(response.body)) yield JSON.parse(data);
}

/** Uploads one file; resolves to its attachment. */
export async function upload(file, signal) {
  const body = new FormData();
  body.append("file", file);
  const response = await send("files", { body, signal });
  return response.json();
}

function post(type, params, signal) {
  const headers = { "Content-Type": "application/json" };
  return send("chatkit", { headers, body: JSON.stringify({ type, params }), signal });
}

async function send(path, options) {
  let token = sessionStorage.getItem(TOKEN);
  let response = await request(path, options, token);
  while (response.status === 401 && (token = await otherToken(token)))
    response = await request(path, options, token);
  if (response.ok) return response;
  throw new ApiError(await messageOf(response), response.status);
}

async function request(path, options, token) {
  const headers = headersFor(options, token);
  try {
    return await fetch(new URL(path, ROOT), { ...options, method: "POST", headers });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new ApiError("The server cannot be reached. Check the connection and try again.");
  }
}

/** Headers cannot hold every character; a token with such a one is refused like any other wrong one. */
function headersFor({ headers = {} }, token) {
  const sendable = token?.replace(/[^\x20-\x7e\xa0-\xff]/g, "?");
  return token ? { ...headers, Authorization: `Bearer ${sendable}` } : headers;
}

/**
 * The token to try after `refused`, or null. Requests that are refused at the same time wait for one question;
 * one that comes late takes the token that was given meanwhile.
 */
async function otherToken(refused) {
  const kept = sessionStorage.getItem(TOKEN);
  if (kept && kept !== refused) return kept;
  renewal ??= askForToken(Boolean(refused))
    .then(keepToken)
    .finally(() => (renewal = null));
  return renewal;
}

function keepToken(answer) {
  const token = answer?.trim();
  if (token) sessionStorage.setItem(TOKEN, token);
  else sessionStorage.removeItem(TOKEN);
  return token;
}

async function messageOf(response) {
  if (response.status === 401)
    return "This server wants an access token. Send a message or reload the page to enter one.";
  const body = await response.json().catch(() => null);
  return body?.error?.message || `The server answered with status ${response.status}.`;
}

/** The data of each server-sent event. Comments and other fields are skipped. */
async function* frames(body) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    const blocks = (rest + value).split("\n\n");
    rest = blocks.pop();
    yield* blocks.map(dataOf).filter(Boolean);
  }
}

function dataOf(block) {
  const lines = block.split("\n").filter((line) => line.startsWith("data:"));
  return lines.map((line) => line.slice(5).trimStart()).join("\n");
}
