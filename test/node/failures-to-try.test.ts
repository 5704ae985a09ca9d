import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, it, vi } from 'vitest';
import { startGateway, type RunningGateway } from './gateway.ts';

const [, TABLE = ''] = readFileSync(join(import.meta.dirname, '../../docs/clients.md'), 'utf8').split(
  '### Trying each failure',
);
/** The rows of docs/clients.md: a URL for the sandbox, and the names in the answer that it causes. */
const ROWS = [...(TABLE.split('\n### ')[0] ?? '').matchAll(/^\| `(http:\S+)` (?:as|for) .+? \| (.+) \|$/gm)].map(
  ([, url = '', answer = '']) => [url, [...answer.matchAll(/`(\w+)`/g)].map(([, word = '']) => word)] as const,
);

let gateway: RunningGateway;
beforeAll(async () => {
  gateway = await startGateway({
    sandbox: { processingMs: 1_000 },
    accessKey: `sandbox-access-key-${randomBytes(6).toString('hex')}`,
  });
});
afterAll(() => gateway.close());

/** Runs an operation. Returns the one answer in its data. */
// oxlint-disable-next-line typescript/no-explicit-any -- each operation has a shape of its own
async function run(query: string, variables: object): Promise<any> {
  const { data, errors } = await gateway.execute(query, variables);
  if (errors !== undefined) throw new Error(JSON.stringify(errors));
  return Object.values(data as object)[0];
}

const FAILURE = 'kind: __typename ... on Failure { code }';
const PARTS = `${FAILURE} ... on Task { id status }`;
const STATUS = 'query ($id: ID!) { task(by: { id: $id }) { status } }';

const ask = (url: string) =>
  url.endsWith('.mp4')
    ? run(`mutation ($url: String!) { identifyFaces(video: { url: $url }) { ${FAILURE} } }`, { url })
    : run(`mutation ($url: String!) { createVoiceTask(input: { name: "A", sample: { url: $url } }) { ${PARTS} } }`, {
        url,
      });

describe('a failure to try', () => {
  it('is there for each kind', ({ expect }) => {
    expect(ROWS).toHaveLength(6);
  });

  it.for(ROWS)('is caused by %s, as docs/clients.md says', async ([url, words], { expect }) => {
    const answer = await ask(url.replace('http://localhost:8788', gateway.sandboxUrl));
    if (words.includes('cancelTask')) {
      await vi.waitFor(async () => {
        const { status } = await run(STATUS, { id: answer.id });
        expect(status).toBe('PROCESSING');
      }, 8_000);
      const cancelled = await run(`mutation ($id: ID!) { cancelTask(taskId: $id) { ${PARTS} } }`, { id: answer.id });
      expect(words).toContain(cancelled.kind);
    } else if (words.includes('FAILED')) {
      await vi.waitFor(async () => {
        const { status } = await run(STATUS, { id: answer.id });
        expect(status).toBe('FAILED');
      }, 8_000);
    } else {
      expect([answer.kind, answer.code, answer.status]).toEqual(expect.arrayContaining([...words]));
    }
  });
});
