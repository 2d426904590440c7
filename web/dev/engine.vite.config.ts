import { resolve } from "node:path";
import { defineConfig } from "vite";

// The engine alone, for tests in a browser (dev/engine.html) and for Node (dsp.js): `vite build --config` this file.
const here = import.meta.dirname;

export default defineConfig({
  root: here,
  base: "/",
  publicDir: false,
  build: {
    emptyOutDir: true,
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    target: "es2022",
    minify: false,
    rollupOptions: {
      input: { engine: resolve(here, "engine.html"), dsp: resolve(here, "../src/engine/dsp/index.ts") },
      preserveEntrySignatures: "strict",
      output: { entryFileNames: "[name].js" },
    },
  },
  worker: { format: "es" },
});
