import { join } from 'node:path';
import react from '@vitejs/plugin-react';
import { defineConfig, type Plugin } from 'vite';

/** The sandbox of `npm start` without a `PORT`. */
const SANDBOX_URL = 'http://localhost:8788';

const PAGES = ['index.html', 'graphiql.html'];

/**
 * Leaves out React Aria's texts in 33 of 34 languages, a third of the bundle. They are never read, because `I18nProvider`
 * sets the language.
 */
const englishOnly: Plugin = {
  name: 'english-only',
  enforce: 'pre',
  load: {
    filter: { id: /react-(?:aria|stately|aria-components)\/.*\/intl\/.*(?<!en-US)\.mjs$/ },
    handler: (id) => (/\/[a-z]{2}-[A-Z]{2}\.mjs$/.test(id) ? 'export default {};' : null),
  },
};

/** Built by src/scripts/studio.ts. `--mode development` adds the development callers, and is never deployed. */
export default defineConfig(({ mode }) => ({
  root: import.meta.dirname,
  plugins: [react(), englishOnly],
  define: {
    DEVELOPMENT: JSON.stringify(mode === 'development'),
    SANDBOX_URL: JSON.stringify(mode === 'development' ? (process.env['SANDBOX_URL'] ?? SANDBOX_URL) : null),
    'process.env.NODE_ENV': '"production"',
  },
  logLevel: 'warn',
  build: {
    outDir: join(import.meta.dirname, '../../dist', mode === 'development' ? 'development' : 'assets'),
    emptyOutDir: true,
    // One rule of _headers caches this folder for a year. The names of its files change with their content.
    assetsDir: 'studio',
    // Inlines nothing: the content security policy allows no data: scripts, fonts or styles.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    target: 'es2023',
    rolldownOptions: {
      input: PAGES.filter(
        (page) => page !== 'graphiql.html' || mode === 'development' || process.env['GRAPHIQL'] === 'on',
      ).map((page) => join(import.meta.dirname, page)),
    },
    reportCompressedSize: false,
  },
}));
