import { describe, it } from 'vitest';
import {
  failureOf,
  ledgerOf,
  lipSyncInput,
  openSandbox,
  ring,
  statusesOf,
  storedTask,
  valueOf,
  voiceInput,
  VOICES,
} from '../support/ledger.ts';

const sandbox = openSandbox('waiting');

describe('a create that Kling refuses for now', () => {
  it('with 1302 stays QUEUED, and is sent when Kling accepts requests again', async ({ expect }) => {
    const ledger = ledgerOf('1302');
    await sandbox.configure({ faults: { tooManyRequests: 1 } });
    const { id, status } = valueOf(await ledger.createVoiceTask(voiceInput('x')));
    expect(status).toBe('QUEUED');
    await sandbox.configure({ faults: {} });
    await expect.poll(() => storedTask(ledger, id)).toMatchObject({ phase: 'SENT' });
    expect(await sandbox.tasksOf(id)).toBe(1);
  });

  it('can be cancelled, is then never sent, and leaves its place in the queue to the next', async ({ expect }) => {
    const ledger = ledgerOf('cancel');
    await sandbox.configure({ faults: { tooManyRequests: 1 } });
    const first = valueOf(await ledger.createVoiceTask(voiceInput('x')));
    const second = valueOf(await ledger.createVoiceTask(voiceInput('y')));
    expect(await ledger.queuePositionsOf([second.id])).toEqual([1]);
    expect(valueOf(await ledger.cancelTask(first))).toMatchObject({
      status: 'CANCELLED',
      failure: null,
    });
    expect(await ledger.queuePositionsOf([second.id])).toEqual([0]);
    expect(await storedTask(ledger, first.id)).toMatchObject({ phase: 'DONE', parts: 0, wake_at: null });
    await sandbox.configure({ faults: {} });
    await expect.poll(() => storedTask(ledger, second.id), { timeout: 15_000 }).toMatchObject({ phase: 'SENT' });
    await ring(ledger);
    expect(await sandbox.tasksOf(first.id)).toBe(0);
    expect(await statusesOf(ledger, first.id)).toEqual(['QUEUED', 'CANCELLED']);
    // A second cancel neither sends anything nor adds an event.
    expect(failureOf(await ledger.cancelTask(first))).toMatchObject({
      code: 'CONFLICT',
      message: 'The task has ended already: it is CANCELLED.',
    });
    expect(await statusesOf(ledger, first.id)).toEqual(['QUEUED', 'CANCELLED']);
    // Repeating its create makes no other task.
    expect(valueOf(await ledger.createVoiceTask(voiceInput('x')))).toMatchObject({ id: first.id, status: 'CANCELLED' });
    expect(await sandbox.tasksOf(first.id)).toBe(0);
    const all = { kind: null, statuses: ['CANCELLED'] } as const;
    const { edges } = valueOf(await ledger.tasks(all, { first: 10, after: null }));
    expect(edges.map(({ node }) => node.id)).toEqual([first.id]);
  });

  it('can be cancelled while Kling is asked, which refuses it for now', async ({ expect }) => {
    const ledger = ledgerOf('cancel while sending');
    // Kling's answer comes after 3 s.
    const creating = ledger.createVoiceTask(voiceInput('x', 'voice-sandbox-slow-sandbox-rate-limited'));
    await expect.poll(() => storedTask(ledger, 'x')).toMatchObject({ phase: 'SENDING' });
    const { edges } = valueOf(await ledger.tasks({ kind: null, statuses: ['QUEUED'] }, { first: 1, after: null }));
    const { id } = edges[0]!.node;
    expect(valueOf(await ledger.cancelTask({ id, kind: 'VOICE' })).status).toBe('CANCELLED');
    valueOf(await creating);
    await ring(ledger);
    expect([await storedTask(ledger, 'x'), await sandbox.tasksOf(id)]).toMatchObject([{ phase: 'DONE' }, 0]);
  });

  it('cannot be cancelled once it is at Kling, and an unknown one is refused', async ({ expect }) => {
    const ledger = ledgerOf('no cancel');
    const { id } = valueOf(await ledger.createVoiceTask(voiceInput('x')));
    await expect.poll(() => storedTask(ledger, id)).toMatchObject({ phase: 'SENT' });
    expect(failureOf(await ledger.cancelTask({ id, kind: 'VOICE' }))).toMatchObject({
      code: 'CONFLICT',
      existing: { type: 'VOICE', id },
    });
    for (const task of [
      { id: 'no-such-task', kind: 'VOICE' },
      { id, kind: 'LIP_SYNC' },
    ] as const) {
      expect(failureOf(await ledger.cancelTask(task)).issues).toMatchObject([{ code: 'NOT_FOUND', path: ['taskId'] }]);
    }
    const wrong = failureOf(await ledger.cancelTask({ id, kind: null }));
    expect(wrong.issues).toMatchObject([{ code: 'WRONG_ID_TYPE', path: ['taskId'] }]);
  });

  it('is sent in the order of creation', async ({ expect }) => {
    const ledger = ledgerOf('order');
    await sandbox.configure({ faults: { tooManyRequests: 1 } });
    const ids: string[] = [];
    for (const externalId of ['a', 'b', 'c'])
      ids.push(valueOf(await ledger.createVoiceTask(voiceInput(externalId))).id);
    await sandbox.configure({ faults: {} });
    await expect.poll(async () => (await storedTask(ledger, ids[2]!))?.phase, { timeout: 15_000 }).toBe('SENT');
    const made = (await sandbox.record()).tasks.map((task) => task.externalTaskId);
    expect(made.indexOf(ids[0]!)).toBeLessThan(made.indexOf(ids[2]!));
    expect(await sandbox.count('POST', VOICES)).toBeGreaterThan(0);
  });
});

describe('a request with an audio of 5 MB', () => {
  it('is stored in parts while it waits, is sent whole, and is deleted once it is sent', async ({ expect }) => {
    const ledger = ledgerOf('big');
    const input = { ...(await lipSyncInput(ledger, 'big-1')), audio: { base64: wavBase64() } };
    await sandbox.configure({ faults: { tooManyRequests: 1 } });
    const waiting = valueOf(await ledger.createLipSyncTask(input));
    await sandbox.configure({ faults: {} });
    expect(waiting.status).toBe('QUEUED');
    expect((await storedTask(ledger, waiting.id))?.parts).toBeGreaterThanOrEqual(13);
    await expect.poll(() => storedTask(ledger, waiting.id)).toMatchObject({ phase: 'SENT', parts: 0, sends: 1 });
    expect(await sandbox.tasksOf(waiting.id)).toBe(1);
  });
});

/** Builds a silent WAV of 4.9 MB: 20 s, 16 bit, mono at 122.5 kHz. */
function wavBase64(): string {
  const bytes = new Uint8Array(4_900_044);
  const view = new DataView(bytes.buffer);
  const texts: [number, string][] = [
    [0, 'RIFF'],
    [8, 'WAVEfmt '],
    [36, 'data'],
  ];
  for (const [at, text] of texts) bytes.set(new TextEncoder().encode(text), at);
  const numbers: [number, number][] = [
    [4, 4_900_036],
    [16, 16],
    [24, 122_500],
    [28, 245_000],
    [40, 4_900_000],
  ];
  for (const [at, value] of numbers) view.setUint32(at, value, true);
  const shorts: [number, number][] = [
    [20, 1],
    [22, 1],
    [32, 2],
    [34, 16],
  ];
  for (const [at, value] of shorts) view.setUint16(at, value, true);
  let text = '';
  for (let i = 0; i < bytes.length; i += 8190) text += btoa(String.fromCharCode(...bytes.subarray(i, i + 8190)));
  return text;
}
