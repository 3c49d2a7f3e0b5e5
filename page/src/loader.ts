/**
 * `chatkit.js`, a classic script of a fixed name, which works as a module too: it loads the element from the
 * file beside it, whatever that is called in this build and whichever site has included it.
 *
 * A classic script of another origin has no base URL to import from, so its own address is asked for first.
 */
declare const __ELEMENT__: string;

(() => {
  const tag = "openai-chatkit";
  const mark = Symbol.for("chatkit-asgi.loading");
  const loading = globalThis as typeof globalThis & { [mark]?: boolean };
  if (loading[mark] || customElements.get(tag)) return;
  loading[mark] = true;
  const script = document.currentScript;
  const url = script instanceof HTMLScriptElement ? new URL(__ELEMENT__, script.src).href : __ELEMENT__;
  import(/* @vite-ignore */ url).catch((error: unknown) => {
    loading[mark] = false; // so that another copy of the script may try
    console.error(`<${tag}> could not be loaded from ${url}`, error);
  });
})();
