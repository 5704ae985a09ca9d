import { runInDurableObject } from 'cloudflare:test';
import { describe, it } from 'vitest';
import { configOf } from '../../src/config/index.ts';
import type { CreateMediaInput, MediaOutcome } from '../../src/domain/media.ts';
import { fromResult } from '../../src/errors.ts';
import { mediaRecord } from '../support/fake-ledger.ts';
import { env, failureOf, ledgerOf, openSandbox, valueOf } from '../support/ledger.ts';

openSandbox('media', { TENANT_FETCHES_PER_MINUTE: '2' });

const FILE: CreateMediaInput = { kind: 'VIDEO', source: { file: { bytes: 1_000, fileName: 'clip.mp4' } } };
const READY: MediaOutcome = {
  status: 'READY',
  bytes: 1_000,
  sha256: 'a'.repeat(64),
  facts: mediaRecord('any').facts,
  problems: [],
};

async function create(tenant: string, input: CreateMediaInput = FILE) {
  return fromResult(await ledgerOf(tenant).createMedia(input));
}

describe('a file of a tenant', () => {
  it('waits for its bytes for a day, and is then as its upload reports it', async ({ expect }) => {
    const ledger = ledgerOf('reported');
    const made = await create('reported');
    expect(made).toMatchObject({ status: 'UPLOADING', bytes: 1_000, fileName: 'clip.mp4', facts: null });
    expect(made.expiresAtMs - made.createdAtMs).toBe(86_400_000);
    expect(await ledger.mediaChanged(made.id, { ...READY, status: 'CHECKING', facts: null })).toBe(true);
    expect(await ledger.mediaChanged(made.id, READY)).toBe(true);
    const [ready] = await ledger.mediaOf([made.id]);
    expect(ready).toMatchObject({ status: 'READY', facts: READY.facts, sha256: READY.sha256 });
    expect(ready!.expiresAtMs - ready!.createdAtMs).toBe(30 * 86_400_000);
  });

  it('keeps its final status, whatever is reported later', async ({ expect }) => {
    const { id } = await create('final');
    await ledgerOf('final').mediaChanged(id, READY);
    expect(await ledgerOf('final').mediaChanged(id, { ...READY, status: 'REJECTED', facts: null })).toBe(true);
    expect(await ledgerOf('final').mediaOf([id])).toMatchObject([{ status: 'READY' }]);
  });

  it('is unknown to its upload after its deletion', async ({ expect }) => {
    const { id } = await create('deleted');
    expect(fromResult(await ledgerOf('deleted').deleteMedia({ mediaId: id }))).toEqual({ mediaId: id });
    expect(await ledgerOf('deleted').mediaChanged(id, READY)).toBe(false);
    expect(await ledgerOf('deleted').mediaOf([id])).toEqual([null]);
    expect(await ledgerOf('deleted').deleteMedia({ mediaId: id })).toMatchObject({
      ok: false,
      failure: { code: 'BAD_USER_INPUT', issues: [{ path: ['mediaId'], code: 'NOT_FOUND' }] },
    });
  });

  it('is refused with every problem at once, and nothing is stored', async ({ expect }) => {
    const file = { bytes: 0, fileName: 'a\nb', sha256: 'xyz', contentType: 'c'.repeat(300) };
    const refused = await ledgerOf('refused').createMedia({ kind: 'VIDEO', source: { file } });
    expect(refused).toMatchObject({ ok: false, failure: { code: 'BAD_USER_INPUT' } });
    const { issues = [] } = refused.ok ? {} : refused.failure;
    expect(issues.map(({ path }) => path.join('.'))).toEqual([
      'source.file.bytes',
      'source.file.fileName',
      'source.file.sha256',
      'source.file.contentType',
    ]);
    expect(fromResult(await ledgerOf('refused').media({ first: 10, after: null })).edges).toEqual([]);
  });

  it.for([
    ['VIDEO', 100_000_001],
    ['AUDIO', 5_000_001],
  ] as const)('of kind %s is refused over the limit of Kling', async ([kind, bytes], { expect }) => {
    const { ok, ...refused } = await ledgerOf('large').createMedia({ kind, source: { file: { bytes } } });
    expect(ok).toBe(false);
    expect(refused).toMatchObject({
      failure: { issues: [{ path: ['source', 'file', 'bytes'], code: 'FILE_TOO_LARGE' }] },
    });
  });

  it('is not taken while 100 others are unfinished, and again once one is deleted', async ({ expect }) => {
    const made = [];
    for (let n = 0; n < 100; n += 1) made.push(await create('many'));
    expect(await ledgerOf('many').createMedia(FILE)).toMatchObject({
      ok: false,
      failure: { code: 'RATE_LIMITED', retryable: true },
    });
    await ledgerOf('many').deleteMedia({ mediaId: made[0]!.id });
    expect((await create('many')).status).toBe('UPLOADING');
    expect((await create('another tenant')).status).toBe('UPLOADING');
  });

  it('of a URL is not taken over the rate of fetches, and an upload is', async ({ expect }) => {
    const ledger = ledgerOf('fetches');
    // A refused input fetches nothing.
    for (let i = 0; i < 3; i += 1) {
      const refused = failureOf(await ledger.createMedia({ kind: 'VIDEO', source: { url: 'http://10.0.0.1/' } }));
      expect(refused.code).toBe('BAD_USER_INPUT');
    }
    const source = { url: 'https://files.example.com/a.mp4' };
    for (let i = 0; i < 2; i += 1) valueOf(await ledger.createMedia({ kind: 'VIDEO', source }));
    const { code, retryable, retryAfterMs } = failureOf(await ledger.createMedia({ kind: 'VIDEO', source }));
    expect([code, retryable]).toEqual(['RATE_LIMITED', true]);
    expect(retryAfterMs).toBeGreaterThan(0);
    expect(retryAfterMs).toBeLessThanOrEqual(30_000);
    expect(valueOf(await ledger.media({ first: 10, after: null })).edges).toHaveLength(2);
    expect((await create('fetches')).status).toBe('UPLOADING');
    valueOf(await ledgerOf('fetches of another').createMedia({ kind: 'VIDEO', source }));
  });

  it('is not taken past the bytes of the tenant', async ({ expect }) => {
    for (let n = 0; n < 100; n += 1) {
      const { id } = await create('full', { kind: 'VIDEO', source: { file: { bytes: 100_000_000 } } });
      await ledgerOf('full').mediaChanged(id, { ...READY, bytes: 100_000_000 });
    }
    expect(await ledgerOf('full').createMedia(FILE)).toMatchObject({
      ok: false,
      failure: { issues: [{ path: ['source', 'file', 'bytes'], code: 'OUT_OF_RANGE' }] },
    });
  });

  it('takes room for its record only once it is rejected, because its bytes are deleted', async ({ expect }) => {
    for (let n = 0; n < 100; n += 1) {
      const { id } = await create('rejected', { kind: 'VIDEO', source: { file: { bytes: 100_000_000 } } });
      await ledgerOf('rejected').mediaChanged(id, { ...READY, status: 'REJECTED', bytes: 100_000_000, facts: null });
    }
    expect((await create('rejected')).status).toBe('UPLOADING');
  });

  it('is not taken past the bytes of the tenant, if all of them are records of rejected files', async ({ expect }) => {
    const tenant = 'full of rejected ones';
    const { id } = await create(tenant);
    // The room of one more record, and of a file of 1,000 bytes.
    const used = configOf(env).media.tenantBytesMax - 16_384 - 1_000;
    await runInDurableObject(ledgerOf(tenant), (_ledger, { storage }) => {
      storage.sql.exec('UPDATE file_sum SET bytes = ?', used + 1_000);
    });
    await ledgerOf(tenant).mediaChanged(id, { ...READY, status: 'REJECTED', facts: null });
    const large = { kind: 'VIDEO', source: { file: { bytes: 1_001 } } } as const;
    expect(failureOf(await ledgerOf(tenant).createMedia(large)).code).toBe('BAD_USER_INPUT');
    expect((await create(tenant)).status).toBe('UPLOADING');
  });
});
