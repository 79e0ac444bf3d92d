import { defineConfig } from "vite";

export default defineConfig({
  // One file each, and nothing inline: the server's policy allows only files of its own.
  build: { assetsInlineLimit: 0, modulePreload: { polyfill: false }, target: "es2022", sourcemap: false },
  oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
});
