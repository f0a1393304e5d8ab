// Builds the page into build/web (or $VEDETTE_WEB_OUT). Everything is a file of its own: the gateway's Content-Security-Policy
// allows neither inline scripts and styles nor data: URLs nor another host.
import { defineConfig } from 'vitest/config';

export default defineConfig({
  base: './',
  esbuild: { jsx: 'automatic', jsxImportSource: 'preact' },
  build: {
    outDir: process.env['VEDETTE_WEB_OUT'] ?? '../build/web',
    emptyOutDir: true,
    target: 'es2022',
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
  test: { include: ['tests/**/*.test.ts'], environment: 'node', testTimeout: 120_000 },
});
