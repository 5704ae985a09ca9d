import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

interface GraphiqlFiles {
  readonly js: string;
  readonly css: string;
  readonly editorWorkerService: string;
  readonly jsonWorker: string;
  readonly graphqlWorker: string;
}

/** Writes GraphiQL's own files beside the page that loads them: nothing is fetched from elsewhere, nothing runs inline. */
export async function writeGraphiql(out: string): Promise<void> {
  const name = '@graphql-yoga/render-graphiql/graphiql';
  // Its declarations leave out the files themselves.
  const files = (await import(name)) as GraphiqlFiles;
  const folder = join(out, 'graphiql-files');
  mkdirSync(folder, { recursive: true });
  const contents = {
    'graphiql.js': files.js,
    'graphiql.css': files.css,
    'editorWorkerService.worker.js': files.editorWorkerService,
    'json.worker.js': files.jsonWorker,
    'graphql.worker.js': files.graphqlWorker,
  };
  for (const [file, text] of Object.entries(contents)) writeFileSync(join(folder, file), text);
}
