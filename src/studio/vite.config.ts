import { join } from 'node:path';
import react from '@vitejs/plugin-react';
import { defineConfig, type Plugin } from 'vite';

const PAGES = ['index.html', 'graphiql.html'];

/**
 * React Aria's own words in 34 languages, of which the page speaks one: a third of what it weighs. What is left out is never
 * asked for, since `I18nProvider` says which language it is.
 */
const englishOnly: Plugin = {
  name: 'english-only',
  enforce: 'pre',
  load: {
    filter: { id: /react-(?:aria|stately|aria-components)\/.*\/intl\/.*(?<!en-US)\.mjs$/ },
    handler: (id) => (/\/[a-z]{2}-[A-Z]{2}\.mjs$/.test(id) ? 'export default {};' : null),
  },
};

/** Built by src/scripts/studio.ts. `--mode development`: with the callers that are ready to be chosen, never deployed. */
export default defineConfig(({ mode }) => ({
  root: import.meta.dirname,
  plugins: [react(), englishOnly],
  define: { DEVELOPMENT: JSON.stringify(mode === 'development'), 'process.env.NODE_ENV': '"production"' },
  logLevel: 'warn',
  build: {
    outDir: join(import.meta.dirname, '../../dist', mode === 'development' ? 'development' : 'assets'),
    emptyOutDir: true,
    // Under a name of its own, so that one rule of _headers can keep these files for ever: their names change with them.
    assetsDir: 'studio',
    // Nothing inline: the content security policy allows no data: scripts, fonts or styles.
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
