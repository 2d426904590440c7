import preact from "@preact/preset-vite";
import { defineConfig } from "vitest/config";

// The page is served by `diffmst serve`, with a content security policy that knows no inline code: nothing is inlined.
// The built files are committed, so their names and bytes depend on the sources alone.
export default defineConfig({
  plugins: [preact({ devToolsEnabled: false })],
  base: "/",
  build: {
    outDir: "../diffmst/web/static",
    emptyOutDir: true,
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    target: "es2022",
    sourcemap: false,
    license: { fileName: "licences.md" }, // of the libraries in it, whose terms ask for that
  },
  worker: { format: "es" },
  server: { proxy: { "/api": "http://127.0.0.1:8765" } },
  test: {
    environment: "jsdom",
    include: ["src/**/*.test.{ts,tsx}"],
    testTimeout: 60_000, // on a machine that is very busy
  },
});
