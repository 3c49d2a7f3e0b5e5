import { readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { brotliCompressSync, gzipSync } from "node:zlib";
import { minifySync, transformWithOxc } from "vite";
import { defineConfig } from "vitest/config";

/** The page's files, where the wheel and a checkout serve them from. Never committed. */
const OUT = "../chatkit_asgi/web/page";
/** What is sent compressed; pictures are so already. */
const TEXT = /\.(html|js|css|svg|md)$/;
/** Below this many bytes, compressing saves nothing that anybody notices. */
const SMALLEST = 1024;
/** What `npm run dev` asks of a server that was started beside it. */
const SERVER = "^/(chatkit|composer|files|threads)(/|\\?|$)";

/** Writes `chatkit.js`: a classic script that knows the name which the element's module has got. */
const loader = {
  name: "chatkit-loader",
  apply: "build",
  async generateBundle(_options, bundle) {
    const element = Object.values(bundle).find((file) => file.isEntry && file.name === "element");
    if (element === undefined) this.error("the element has no file of its own");
    const source = readFileSync(new URL("src/loader.ts", import.meta.url), "utf-8");
    const define = { __ELEMENT__: JSON.stringify(`./${element.fileName}`) };
    const script = await transformWithOxc(source, "loader.ts", { define, sourceType: "script", target: "es2022" });
    const { code } = minifySync("chatkit.js", script.code, { module: false });
    this.emitFile({ type: "asset", fileName: "chatkit.js", source: code });
  },
};

/** Writes compressed copies of each text beside it, so that serving them costs nothing. */
const compressed = {
  name: "chatkit-compressed",
  apply: "build",
  writeBundle({ dir }) {
    for (const name of readdirSync(dir, { recursive: true })) {
      const path = join(dir, name);
      if (!TEXT.test(name) || statSync(path).size < SMALLEST) continue;
      const content = readFileSync(path);
      writeFileSync(`${path}.gz`, gzipSync(content, { level: 9 }));
      writeFileSync(`${path}.br`, brotliCompressSync(content));
    }
  },
};

export default defineConfig({
  base: "./",
  build: {
    outDir: OUT,
    assetsDir: "static", // as the small page calls its own
    emptyOutDir: true,
    target: "es2022",
    modulePreload: false, // its helper looks for files beside the document, which may be another site's
    cssCodeSplit: false,
    assetsInlineLimit: 0,
    license: { fileName: "licenses.md" },
    rolldownOptions: { input: { page: "index.html", element: "src/element.ts" } },
  },
  plugins: [loader, compressed],
  server: { proxy: { [SERVER]: "http://127.0.0.1:8000" } },
  test: { environment: "jsdom", include: ["tests/*.test.ts"] },
});
