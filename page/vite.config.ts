import { defineConfig } from "vitest/config";

/** The page's files, where the wheel and a checkout serve them from. Never committed. */
const OUT = "../chatkit_asgi/web/page";

export default defineConfig({
  base: "./",
  build: { outDir: OUT, emptyOutDir: true, target: "es2022", modulePreload: false, cssCodeSplit: false },
  test: { environment: "jsdom", include: ["tests/*.test.ts"] },
});
