import type { Client } from "../api/client";

/** The words of a recording, by the server. Raises ApiError. */
export async function transcription(client: Client, audio: Blob): Promise<string> {
  const params = { audio_base64: await base64(audio), mime_type: audio.type };
  return (await client.ask<{ text: string }>("input.transcribe", params)).text;
}

async function base64(audio: Blob): Promise<string> {
  const bytes = new Uint8Array(await audio.arrayBuffer());
  const step = 0x8000; // as many as a call takes arguments
  let binary = "";
  for (let at = 0; at < bytes.length; at += step) binary += String.fromCharCode(...bytes.subarray(at, at + step));
  return btoa(binary);
}
