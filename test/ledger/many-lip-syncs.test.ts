import { describe, it } from 'vitest';
import { ledgerOf, openSandbox } from '../support/ledger.ts';
import { askOne } from '../support/tenants/ask.ts';

const sandbox = openSandbox('many-lip-syncs', { TENANT_MUTATIONS_PER_MINUTE: '12' });

const CREATE = `mutation ($inputs: [CreateLipSyncTaskInput!]!) {
  createLipSyncTasks(inputs: $inputs) {
    __typename
    ... on LipSyncTask { id label externalId status }
    ... on Failure { code }
    ... on InvalidInputError { issues { code path } }
    ... on ConflictError { existing { id } }
  }
}`;
const TASKS = '{ tasks(first: 100) { nodes { id status failure { code } } } }';

/** Returns an input that fits the sandbox's first face. `more` replaces fields. */
function input(more: object = {}) {
  const placement = { audioStartMs: 0, audioEndMs: 3000, insertAtMs: 1000 };
  const audio = { url: 'https://example.com/voice.mp3' };
  return { face: { inVideo: { video: { url: 'https://example.com/clip.mp4' } } }, audio, placement, ...more };
}

const create = (tenant: string, inputs: readonly object[]) => askOne(tenant, CREATE, { inputs });

describe('many lip-syncs in one call', () => {
  it('are answered in order, and one that is refused does not stop the others', async ({ expect }) => {
    const { data, errors } = await create('order-of-answers', [
      input({ label: 'first' }),
      input({ audioVolume: 3, label: '' }),
      input({ label: 'third', maxUnits: '0.1' }),
      input({ label: 'last' }),
    ]);
    expect(errors).toBeUndefined();
    expect(data.createLipSyncTasks).toMatchObject([
      { __typename: 'LipSyncTask', label: 'first' },
      {
        code: 'BAD_USER_INPUT',
        issues: [{ path: ['inputs', '1', 'audioVolume'] }, { path: ['inputs', '1', 'label'] }],
      },
      { __typename: 'QuotaExhaustedError', code: 'QUOTA_EXHAUSTED' },
      { __typename: 'LipSyncTask', label: 'last' },
    ]);
  });

  it('share the scan of a video that they all name', async ({ expect }) => {
    await sandbox.configure({ submittedMs: 50, processingMs: 50 });
    const scans = () => sandbox.count('POST', '/v1/videos/identify-face');
    const before = await scans();
    await create(
      'shared-scan',
      Array.from({ length: 7 }, () => input()),
    );
    await expect
      .poll(async () => (await askOne('shared-scan', TASKS)).data.tasks.nodes.filter(isDone).length, {
        timeout: 30_000,
      })
      .toBe(7);
    expect(await scans()).toBe(before + 1);
  });

  it('answer with one task for a repeated external id, and refuse it with another input', async ({ expect }) => {
    const again = [1, 1, 2, 1].map((volume) => input({ externalId: 'one', audioVolume: volume }));
    const { data } = await create('repeated-id', again);
    const [first, second, third, fourth] = data.createLipSyncTasks;
    expect(first).toMatchObject({ __typename: 'LipSyncTask', externalId: 'one' });
    expect([second.id, fourth.id]).toEqual([first.id, first.id]);
    expect(third).toMatchObject({ code: 'CONFLICT', existing: { id: first.id } });
    expect((await askOne('repeated-id', TASKS)).data.tasks.nodes).toHaveLength(1);
  });

  it('count as one mutation each, and those over the rate are null beside an error', async ({ expect }) => {
    const inputs = Array.from({ length: 14 }, (_, at) => input({ externalId: `clip-${at}` }));
    const { data, errors } = await create('rate', inputs);
    const kinds = data.createLipSyncTasks.map(
      (each: Readonly<Record<string, string>> | null) => each?.['__typename'] ?? null,
    );
    expect(kinds).toEqual([...Array<string>(12).fill('LipSyncTask'), null, null]);
    expect(errors).toMatchObject([
      { path: ['createLipSyncTasks', 12], extensions: { code: 'RATE_LIMITED' } },
      { path: ['createLipSyncTasks', 13], extensions: { code: 'RATE_LIMITED' } },
    ]);
    expect((await ledgerOf('rate').cancelTask({ id: '1', kind: 'VOICE' })).ok).toBe(false);
  });
});

function isDone({ status }: { readonly status: string }): boolean {
  return status === 'SUCCEEDED';
}
