import { describe, it } from 'vitest';
import readme from '../README.md?raw';
import security from '../SECURITY.md?raw';

const files = Object.keys(import.meta.glob('./**/*.ts'));
const folders = new Set(files.map((path) => path.split('/')[1]));

describe.each([
  ['README.md', readme],
  ['SECURITY.md', security],
])('%s', (_name, text) => {
  const named = [...text.matchAll(/`(test\/[\w./-]+)`/g)].map(([, path]) => path!);

  it.for([...new Set(named)])('names a test that there is: %s', (path, { expect }) => {
    if (path.endsWith('/')) expect(folders).toContain(path.split('/')[1]);
    else expect(files).toContain(path.replace('test/', './'));
  });
});
