/** The languages whose code is coloured, each in a chunk of its own. */

import type { HLJSApi, LanguageFn } from "highlight.js";

type Load = () => Promise<{ default: LanguageFn }>;

const LANGUAGES: Readonly<Record<string, Load>> = {
  bash: () => import("highlight.js/lib/languages/bash"),
  c: () => import("highlight.js/lib/languages/c"),
  cpp: () => import("highlight.js/lib/languages/cpp"),
  csharp: () => import("highlight.js/lib/languages/csharp"),
  css: () => import("highlight.js/lib/languages/css"),
  dart: () => import("highlight.js/lib/languages/dart"),
  diff: () => import("highlight.js/lib/languages/diff"),
  dockerfile: () => import("highlight.js/lib/languages/dockerfile"),
  elixir: () => import("highlight.js/lib/languages/elixir"),
  go: () => import("highlight.js/lib/languages/go"),
  graphql: () => import("highlight.js/lib/languages/graphql"),
  haskell: () => import("highlight.js/lib/languages/haskell"),
  http: () => import("highlight.js/lib/languages/http"),
  ini: () => import("highlight.js/lib/languages/ini"),
  java: () => import("highlight.js/lib/languages/java"),
  javascript: () => import("highlight.js/lib/languages/javascript"),
  json: () => import("highlight.js/lib/languages/json"),
  julia: () => import("highlight.js/lib/languages/julia"),
  kotlin: () => import("highlight.js/lib/languages/kotlin"),
  latex: () => import("highlight.js/lib/languages/latex"),
  lua: () => import("highlight.js/lib/languages/lua"),
  makefile: () => import("highlight.js/lib/languages/makefile"),
  markdown: () => import("highlight.js/lib/languages/markdown"),
  matlab: () => import("highlight.js/lib/languages/matlab"),
  nginx: () => import("highlight.js/lib/languages/nginx"),
  objectivec: () => import("highlight.js/lib/languages/objectivec"),
  perl: () => import("highlight.js/lib/languages/perl"),
  php: () => import("highlight.js/lib/languages/php"),
  powershell: () => import("highlight.js/lib/languages/powershell"),
  protobuf: () => import("highlight.js/lib/languages/protobuf"),
  python: () => import("highlight.js/lib/languages/python"),
  r: () => import("highlight.js/lib/languages/r"),
  ruby: () => import("highlight.js/lib/languages/ruby"),
  rust: () => import("highlight.js/lib/languages/rust"),
  scala: () => import("highlight.js/lib/languages/scala"),
  scss: () => import("highlight.js/lib/languages/scss"),
  shell: () => import("highlight.js/lib/languages/shell"),
  sql: () => import("highlight.js/lib/languages/sql"),
  swift: () => import("highlight.js/lib/languages/swift"),
  typescript: () => import("highlight.js/lib/languages/typescript"),
  xml: () => import("highlight.js/lib/languages/xml"),
  yaml: () => import("highlight.js/lib/languages/yaml"),
};

/** Other names that people write, by the language. */
const ALIASES: Readonly<Record<string, string>> = {
  bash: "sh zsh",
  cpp: "c++ cc cxx h hpp hxx",
  csharp: "cs c# dotnet",
  diff: "patch",
  dockerfile: "docker containerfile",
  elixir: "ex exs",
  go: "golang",
  graphql: "gql",
  haskell: "hs",
  ini: "toml cfg conf env dotenv properties",
  javascript: "js jsx mjs cjs node",
  json: "jsonc json5 jsonl",
  julia: "jl",
  kotlin: "kt kts",
  latex: "tex",
  makefile: "make mk",
  markdown: "md mdx",
  matlab: "octave",
  objectivec: "objc obj-c mm",
  perl: "pl",
  powershell: "ps1 pwsh ps",
  protobuf: "proto",
  python: "py py3 python3 pyi gyp",
  ruby: "rb",
  rust: "rs",
  scss: "sass less",
  shell: "console shellsession terminal",
  sql: "mysql postgres postgresql psql sqlite plsql tsql",
  typescript: "ts tsx mts cts",
  xml: "html xhtml svg rss xsl vue svelte astro",
  yaml: "yml",
};

/** Languages that stand in others. */
const WITHIN: Readonly<Record<string, readonly string[]>> = { xml: ["css", "javascript"], markdown: ["xml"], php: ["xml"] };

const names = new Map(Object.keys(LANGUAGES).map((name) => [name, name]));
for (const [name, aliases] of Object.entries(ALIASES)) for (const alias of aliases.split(" ")) names.set(alias, name);

let core: Promise<HLJSApi> | null = null;

/** The language that an info string (`python title="x"`) begins with: as written, and by the name that is known here. */
export function languageOf(info: string): { readonly written: string; readonly name: string | null } {
  const written = (/^[^\s,{]+/.exec(info.trim().replace(/^language-/i, ""))?.[0] ?? "").slice(0, 30);
  return { written, name: names.get(written.toLowerCase()) ?? null };
}

/** Highlight.js with the language `name` in it. Fails when the network does. */
export async function highlighter(name: string): Promise<HLJSApi> {
  core ??= import("highlight.js/lib/core").then((loaded) => loaded.default);
  const hljs = await core;
  for (const each of [name, ...(WITHIN[name] ?? [])]) {
    if (hljs.getLanguage(each) !== undefined) continue;
    const loaded = await LANGUAGES[each]?.();
    if (loaded !== undefined) hljs.registerLanguage(each, loaded.default);
  }
  return hljs;
}
