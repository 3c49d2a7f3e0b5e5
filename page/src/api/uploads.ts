import type { FileUploadStrategy } from "@openai/chatkit";
import { en } from "../locale/en";
import type { SentAttachment } from "../protocol";
import { ApiError, statusError, type Client } from "./client";

/** What is said of an upload while it runs: the share of the bytes that has left, null where nobody can tell. */
export type OnProgress = (share: number | null) => void;

interface Announced extends SentAttachment {
  readonly upload_descriptor?: { readonly url: string; readonly method: string; readonly headers?: Record<string, string> };
  readonly upload_url?: string;
}

/**
 * Brings one file to the server, in one step or in two, and gives its attachment. `ownFetch` stands where the page has
 * a `fetch` of its own, which then carries the file too. Raises ApiError; an aborted one leaves nothing behind.
 */
export async function upload(
  client: Client,
  strategy: FileUploadStrategy,
  file: File,
  onProgress: OnProgress,
  signal: AbortSignal,
  ownFetch: boolean,
): Promise<SentAttachment> {
  if (strategy.type === "direct") {
    const url = new URL(strategy.uploadUrl, document.baseURI);
    return ownFetch ? byFetch(client, url, file, onProgress, signal) : direct(client, url, file, onProgress, signal);
  }
  return inTwoSteps(client, file, onProgress, signal, ownFetch);
}

async function direct(client: Client, url: URL, file: File, onProgress: OnProgress, signal: AbortSignal) {
  const headers = await client.authorization();
  return JSON.parse(await transfer("POST", url.href, headers, form(file), onProgress, signal)) as SentAttachment;
}

async function byFetch(client: Client, url: URL, file: File, onProgress: OnProgress, signal: AbortSignal) {
  onProgress(null);
  const response = await client.send(url, { method: "POST", body: form(file), signal });
  return (await response.json()) as SentAttachment;
}

async function inTwoSteps(client: Client, file: File, onProgress: OnProgress, signal: AbortSignal, ownFetch: boolean) {
  const params = { name: file.name, size: file.size, mime_type: file.type || "application/octet-stream" };
  const announced = await client.ask<Announced>("attachments.create", params, signal);
  const { upload_descriptor, upload_url, ...attachment } = announced;
  /** The page's `fetch` brings to its server what its server takes; an object store wants nothing but what it has signed. */
  const carry = async (method: string, url: string, headers: Readonly<Record<string, string>>, body: Blob | FormData) => {
    if (!ownFetch || !client.isAt(url)) return transfer(method, url, headers, body, onProgress, signal);
    onProgress(null);
    return client.send(new URL(url, client.url), { method, headers, body, signal });
  };
  try {
    if (upload_descriptor) {
      const { url, method, headers } = upload_descriptor;
      await carry(method, url, { "Content-Type": params.mime_type, ...headers }, file);
    } else if (upload_url) {
      await carry("POST", upload_url, {}, form(file));
    }
  } catch (error) {
    forget(client, attachment.id);
    throw error;
  }
  return attachment;
}

/** The server need not keep what nobody will send; where it cannot be told, it sweeps by itself. */
export function forget(client: Client, id: string): void {
  client.ask("attachments.delete", { attachment_id: id }).catch(() => undefined);
}

function form(file: File): FormData {
  const form = new FormData();
  form.append("file", file, file.name);
  return form;
}

/** Sends bytes and gives the answer's text. Not by `fetch`, which does not tell how far it is. */
function transfer(
  method: string,
  url: string,
  headers: Readonly<Record<string, string>>,
  body: Blob | FormData,
  onProgress: OnProgress,
  signal: AbortSignal,
): Promise<string> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    const abort = () => request.abort();
    request.open(method, url);
    for (const [name, value] of Object.entries(headers)) request.setRequestHeader(name, value);
    request.upload.onprogress = (event) => onProgress(event.lengthComputable ? event.loaded / event.total : null);
    request.onload = () => (request.status < 400 ? resolve(request.responseText) : reject(refusalOf(request)));
    request.onerror = () => reject(new ApiError(en["composer.notSent"], 0, "", "composer.notSent"));
    request.onabort = () => reject(new DOMException("The upload was taken back.", "AbortError"));
    request.onloadend = () => signal.removeEventListener("abort", abort);
    signal.addEventListener("abort", abort);
    if (signal.aborted) return reject(new DOMException("The upload was taken back.", "AbortError"));
    request.send(body);
  });
}

function refusalOf(request: XMLHttpRequest): ApiError {
  return statusError(request.status, messageIn(request.responseText));
}

function messageIn(text: string): string | null {
  try {
    const body = JSON.parse(text) as { error?: { message?: string } } | null;
    return body?.error?.message ?? null;
  } catch {
    return null; // an object store speaks XML
  }
}
