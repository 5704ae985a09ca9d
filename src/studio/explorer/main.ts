import { readDevCallers, readToken } from '../session/tokens.ts';
import { EXAMPLES } from './examples.ts';
import { createFetcher } from './fetcher.ts';
import '../styles/explorer.css';

declare global {
  interface Window {
    MonacoEnvironment: { readonly globalAPI: false; getWorkerUrl(moduleId: string, label: string): string };
    /** Set by /graphiql/graphiql.js. */
    readonly YogaGraphiQL: { renderYogaGraphiQL(root: Element | null, options: object): void };
  }
}

/** The folder of GraphiQL's own files, written by src/scripts/studio.ts. */
const FILES = '/graphiql-files';

function load(element: HTMLElement): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  element.addEventListener('load', () => resolve());
  element.addEventListener('error', () => reject(new Error('a file of GraphiQL cannot be loaded')));
  document.head.append(element);
  return promise;
}

window.MonacoEnvironment = {
  globalAPI: false,
  getWorkerUrl: (_moduleId, label) => `${FILES}/${label}.worker.js`,
};

const style = Object.assign(document.createElement('link'), { rel: 'stylesheet', href: `${FILES}/graphiql.css` });
const script = Object.assign(document.createElement('script'), { src: `${FILES}/graphiql.js` });
const [callers] = await Promise.all([readDevCallers(), load(style), load(script)]);
const token = readToken() ?? callers[0]?.token ?? 'paste a token here';
const headers = JSON.stringify({ authorization: `Bearer ${token}` }, null, 2);

window.YogaGraphiQL.renderYogaGraphiQL(document.querySelector('#root'), {
  fetcher: createFetcher(`${location.origin}/graphql`),
  defaultHeaders: headers,
  defaultTabs: EXAMPLES.map((example) => ({ headers, ...example })),
  defaultEditorToolsVisibility: true,
  shouldPersistHeaders: false,
  // Kept for this tab only, like the studio's token, because the headers may contain one.
  storage: sessionStorage,
});
