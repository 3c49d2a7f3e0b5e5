import type { ChatKitOptions, FileUploadStrategy } from "@openai/chatkit";
import type { ClientOptions } from "./client";

/** Where this script's own server speaks the protocol: beside the folder that the script was loaded from. */
export const OWN_URL = new URL(/* @vite-ignore */ "../chatkit", import.meta.url).href;

/** What the client needs of the options as they are now: functions may be other ones at each call. */
export function clientOptions(options: () => ChatKitOptions | null): ClientOptions {
  return {
    get url() {
      return urlOf(options()?.api);
    },
    fetch: (input, init) => {
      const api = options()?.api;
      const own = api && "fetch" in api ? api.fetch : undefined;
      return (own ?? fetch)(input, init);
    },
    token: async (refused) => {
      const api = options()?.api;
      return api && "getClientSecret" in api ? await api.getClientSecret(refused) : null;
    },
    get language() {
      return options()?.locale ?? null;
    },
  };
}

export function urlOf(api: ChatKitOptions["api"] | undefined): string {
  const url = api && "url" in api ? api.url : OWN_URL;
  return new URL(url, document.baseURI).href;
}

/** How files go to the server; two steps unless the options name an address for one. */
export function uploadStrategy(options: ChatKitOptions | null): FileUploadStrategy {
  const api = options?.api;
  return (api && "uploadStrategy" in api ? api.uploadStrategy : undefined) ?? { type: "two_phase" };
}

/** Whether the page gave a `fetch` of its own, which then has to carry everything. */
export function hasOwnFetch(options: ChatKitOptions | null): boolean {
  const api = options?.api;
  return Boolean(api && "fetch" in api && api.fetch);
}
