import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from 'cloudflare:test';
import { describe, it, type ExpectStatic } from 'vitest';
import {
  changesOf,
  failureOf,
  kill,
  ledgerOf,
  openSandbox,
  ring,
  statusesOf,
  storedTask,
  valueOf,
  voiceInput,
  VOICES,
} from '../support/ledger.ts';

const sandbox = openSandbox('lost', { KLING_TIMEOUT_MS: '1000' });

describe('a create that Kling carried out but whose answer was lost', () => {
  it.for([
    'sandbox-timeout-after-sandbox-never-ends',
    'sandbox-error-after-sandbox-never-ends',
    'sandbox-cut-off-sandbox-never-ends',
    'sandbox-html-sandbox-never-ends',
    'sandbox-hang-after-sandbox-never-ends',
  ])('by %s is found by a look-up, and is never sent twice', async (words, { expect }) => {
    const ledger = ledgerOf(`after ${words}`);
    const posts = await sandbox.count('POST', VOICES);
    const queued = valueOf(await ledger.createVoiceTask(voiceInput('x', words)));
    expect(queued).toMatchObject({ status: 'QUEUED', klingTaskId: null });
    expect(await storedTask(ledger, queued.id)).toMatchObject({ phase: 'SENDING', sends: 1 });
    await ring(ledger);
    const found = (await ledger.task({ id: queued.id }))!;
    expect(found.klingTaskId).toBe(
      (await sandbox.record()).tasks.find((task) => task.externalTaskId === queued.id)?.taskId,
    );
    expect(await storedTask(ledger, queued.id)).toMatchObject({ phase: 'SENT', parts: 0, sends: 1 });
    expect(await sandbox.count('POST', VOICES)).toBe(posts + 1);
    expect((await statusesOf(ledger, queued.id))[0]).toBe('QUEUED');
  });

  it('returns its queued task when it is repeated, and sends nothing', async ({ expect }) => {
    const ledger = ledgerOf('repeat');
    const input = voiceInput('x', 'sandbox-timeout-after-sandbox-never-ends');
    const { id } = valueOf(await ledger.createVoiceTask(input));
    const posts = await sandbox.count('POST', VOICES);
    expect(valueOf(await ledger.createVoiceTask(input)).id).toBe(id);
    expect(await sandbox.count('POST', VOICES)).toBe(posts);
  });

  it('cannot be cancelled while it may be at Kling', async ({ expect }) => {
    const ledger = ledgerOf('no cancel');
    const { id } = valueOf(await ledger.createVoiceTask(voiceInput('x', 'sandbox-error-after-sandbox-never-ends')));
    expect(failureOf(await ledger.cancelTask({ id, kind: 'VOICE' })).code).toBe('CONFLICT');
  });
});

describe('a create that failed before Kling did anything', () => {
  it('is resent once, after two look-ups that found nothing', async ({ expect }) => {
    const ledger = ledgerOf('before');
    const posts = await sandbox.count('POST', VOICES);
    const { id } = valueOf(await ledger.createVoiceTask(voiceInput('x', 'sandbox-flaky-1-before-sandbox-never-ends')));
    // This look-up is too early to count: Kling may still be working on the create.
    await ring(ledger);
    expect(await storedTask(ledger, id)).toMatchObject({ phase: 'SENDING', tries: 0, sends: 1 });
    // The alarm is set. The test does not ring it.
    await expect.poll(() => storedTask(ledger, id)).toMatchObject({ phase: 'SENT', sends: 2, parts: 0 });
    expect(await sandbox.count('GET', `${VOICES}/${id}`)).toBe(3);
    expect(await sandbox.count('POST', VOICES)).toBe(posts + 2);
    expect(await sandbox.tasksOf(id)).toBe(1);
    expect(await statusesOf(ledger, id)).toEqual(['QUEUED', 'SUBMITTED']);
  });

  it.for([
    ['sandbox-content-rejected', 'CONTENT_REJECTED'],
    ['sandbox-pack-exhausted', 'QUOTA_EXHAUSTED'],
  ] as const)('and whose resend is refused by %s ends as FAILED with %s', async ([words, code], { expect }) => {
    const ledger = ledgerOf(`background ${words}`);
    const { id } = valueOf(await ledger.createVoiceTask(voiceInput('x', `${words}-sandbox-flaky-1`)));
    await expect.poll(() => ledger.task({ id })).toMatchObject({ status: 'FAILED', failure: { code } });
    expect(await storedTask(ledger, id)).toMatchObject({ phase: 'DONE', wake_at: null, parts: 0 });
    expect(await statusesOf(ledger, id)).toEqual(['QUEUED', 'FAILED']);
    expect(await ledger.task({ externalId: 'x' })).toMatchObject({ id });
  });
});

describe('a ledger that dies between the intent and the answer', () => {
  const words = 'sandbox-hang-after-sandbox-never-ends';

  async function diesWhileSending(tenant: string, expect: ExpectStatic): Promise<string> {
    const dying = ledgerOf(tenant);
    const lost = dying.createVoiceTask(voiceInput('x', words)).catch((error: unknown) => error);
    await expect.poll(async () => (await sandbox.record()).requests.length).toBeGreaterThan(0);
    await expect.poll(async () => (await storedTask(dying, 'x'))?.phase).toBe('SENDING');
    await expect.poll(async () => (await dying.task({ externalId: 'x' })) !== null && (await made(tenant))).toBe(true);
    await kill(dying);
    expect(await lost).toBeInstanceOf(Error);
    return (await ledgerOf(tenant).task({ externalId: 'x' }))!.id;
  }

  it('finds the task by its alarm, and Kling has it once', async ({ expect }) => {
    const id = await diesWhileSending('killed', expect);
    const ledger = ledgerOf('killed');
    await runDurableObjectAlarm(ledger);
    await expect.poll(() => storedTask(ledger, id)).toMatchObject({ phase: 'SENT', sends: 1 });
    expect(await sandbox.tasksOf(id)).toBe(1);
    expect((await changesOf(ledger)).length).toBeGreaterThan(0);
  });

  it('returns that task when the create is repeated', async ({ expect }) => {
    const id = await diesWhileSending('killed and asked again', expect);
    const ledger = ledgerOf('killed and asked again');
    expect(valueOf(await ledger.createVoiceTask(voiceInput('x', words))).id).toBe(id);
    await ring(ledger);
    expect(await sandbox.tasksOf(id)).toBe(1);
  });

  it('looks up a create of unknown outcome at once when it restarts after an eviction', async ({ expect }) => {
    const ledger = ledgerOf('evicted');
    const { id } = valueOf(await ledger.createVoiceTask(voiceInput('x', 'sandbox-timeout-after-sandbox-never-ends')));
    await runInDurableObject(ledger, (_instance, { storage }) => {
      // Sets the next look-up an hour away: only the restart can bring it forward.
      storage.sql.exec('UPDATE task SET wake_at = ?', Date.now() + 3_600_000);
    });
    await evictDurableObject(ledger);
    const woken = ledgerOf('evicted');
    await woken.queuePositionsOf([id]);
    await runDurableObjectAlarm(woken);
    await expect.poll(() => storedTask(woken, id)).toMatchObject({ phase: 'SENT' });
    expect(await sandbox.tasksOf(id)).toBe(1);
  });
});

async function made(tenant: string): Promise<boolean> {
  const task = await ledgerOf(tenant).task({ externalId: 'x' });
  return task !== null && (await sandbox.tasksOf(task.id)) === 1;
}
