import { runInDurableObject } from 'cloudflare:test';
import { describe, it, vi } from 'vitest';
import { KlingAccount } from '../../src/account/kling-account.ts';
import type { FaceScan, Speech } from '../../src/domain/records.ts';
import {
  failureOf,
  kill,
  ledgerOf,
  type LedgerStub,
  openSandbox,
  storedTask,
  valueOf,
  voiceInput,
} from '../support/ledger.ts';

const sandbox = openSandbox('paid', { KLING_TIMEOUT_MS: '1000', TENANT_MONTHLY_UNITS_MAX: '1' });
const FACES = '/v1/videos/identify-face';
const SPEECH = '/v1/audio/tts';

const scanInput = (externalId: string | null, words = 'clip') => ({
  video: { url: `https://example.com/${words}.mp4` },
  externalId,
});
const speechInput = (externalId: string | null, text = 'Hello') => ({
  speech: { text, klingVoiceId: 'oversea_male1', language: 'en' as const, speed: 1 },
  externalId,
});

describe('a paid call with an external id', () => {
  it('is paid once, and returns the same scan for every repeat', async ({ expect }) => {
    const ledger = ledgerOf('replay');
    const before = await sandbox.record();
    const first = valueOf(await ledger.identifyFaces(scanInput('k')));
    expect(valueOf(await ledger.identifyFaces(scanInput('k')))).toEqual(first);
    await kill(ledger);
    expect(valueOf(await ledgerOf('replay').identifyFaces(scanInput('k')))).toEqual(first);
    const after = await sandbox.record();
    expect(after.requests.length - before.requests.length).toBe(1);
    expect(after.unitsCharged - before.unitsCharged).toBeCloseTo(0.05);
    expect((await ledgerOf('replay').usage(new Date().toISOString().slice(0, 7))).milliunits).toBe(50);
  });

  it('is paid once for eight calls at once', async ({ expect }) => {
    const ledger = ledgerOf('at once');
    const before = await sandbox.count('POST', SPEECH);
    const answers = await Promise.all(Array.from({ length: 8 }, () => ledger.synthesizeSpeech(speechInput('k'))));
    expect(new Set(answers.map((answer) => valueOf(answer).audioId)).size).toBe(1);
    expect(await sandbox.count('POST', SPEECH)).toBe(before + 1);
  });

  it('is a CONFLICT that names the first answer with another input or kind, and sends nothing', async ({ expect }) => {
    const ledger = ledgerOf('conflict');
    const { audioId } = valueOf(await ledger.synthesizeSpeech(speechInput('k')));
    const { id } = valueOf(await ledger.identifyFaces(scanInput('scan')));
    const before = (await sandbox.record()).requests.length;
    const conflict = { code: 'CONFLICT', existing: { type: 'SPEECH', id: audioId } };
    expect(failureOf(await ledger.synthesizeSpeech(speechInput('k', 'Bye')))).toMatchObject(conflict);
    expect(failureOf(await ledger.identifyFaces(scanInput('k')))).toMatchObject(conflict);
    expect(failureOf(await ledger.synthesizeSpeech(speechInput('scan')))).toMatchObject({
      code: 'CONFLICT',
      existing: { type: 'FACE_SCAN', id },
    });
    expect((await sandbox.record()).requests.length).toBe(before);
  });

  it('is made for each of two tenants that use the same key', async ({ expect }) => {
    const [a, b] = await Promise.all(
      ['a', 'b'].map((tenant) => ledgerOf(`tenant ${tenant}`).synthesizeSpeech(speechInput('k'))),
    );
    expect(valueOf(a!).audioId).not.toBe(valueOf(b!).audioId);
  });

  it.for(['sandbox-cut-off', 'sandbox-hang-after', 'sandbox-error-after', 'sandbox-html'])(
    'whose answer was lost by %s is never sent again with that key, but is with another',
    async (words, { expect }) => {
      const ledger = ledgerOf(`lost ${words}`);
      const before = await sandbox.count('POST', FACES);
      expect(failureOf(await ledger.identifyFaces(scanInput('k', words)))).toMatchObject({
        code: 'UPSTREAM_UNAVAILABLE',
        retryable: false,
        message: expect.stringContaining('may have acted'),
      });
      for (let i = 0; i < 2; i += 1) {
        expect(failureOf(await ledger.identifyFaces(scanInput('k', words)))).toMatchObject({
          code: 'UPSTREAM_UNAVAILABLE',
          retryable: false,
          message: expect.stringContaining('use another external id'),
        });
      }
      expect(await sandbox.count('POST', FACES)).toBe(before + 1);
      await ledger.identifyFaces(scanInput('k2', words));
      expect(await sandbox.count('POST', FACES)).toBe(before + 2);
    },
  );

  it('that was under way when the ledger died is never sent again with that key', async ({ expect }) => {
    const ledger = ledgerOf('died');
    const lost = ledger.identifyFaces(scanInput('k', 'dies-sandbox-hang-after')).catch((error: unknown) => error);
    await expect.poll(() => paidCalls(ledger)).toBe(1);
    await kill(ledger);
    expect(await lost).toBeInstanceOf(Error);
    const before = await sandbox.count('POST', FACES);
    const again = failureOf(await ledgerOf('died').identifyFaces(scanInput('k', 'dies-sandbox-hang-after')));
    expect(again).toMatchObject({ code: 'UPSTREAM_UNAVAILABLE', retryable: false });
    expect(await sandbox.count('POST', FACES)).toBe(before);
  });

  it.for([
    ['sandbox-content-rejected', 'CONTENT_REJECTED'],
    ['sandbox-no-face-error', 'NO_FACE_DETECTED'],
  ] as const)('that Kling refused by %s frees its key for another input', async ([words, code], { expect }) => {
    const ledger = ledgerOf(`refused ${words}`);
    expect(failureOf(await ledger.identifyFaces(scanInput('k', words)))).toMatchObject({ code, isFromKling: true });
    expect(await paidCalls(ledger)).toBe(0);
    expect(valueOf(await ledger.identifyFaces(scanInput('k'))).faces).toHaveLength(1);
  });

  it('frees its key when three calls at once were all refused', async ({ expect }) => {
    const ledger = ledgerOf('refused at once');
    const answers = await Promise.all(
      [1, 2, 3].map(() => ledger.identifyFaces(scanInput('k', 'sandbox-content-rejected'))),
    );
    expect(answers.map((answer) => failureOf(answer).code)).toEqual(Array(3).fill('CONTENT_REJECTED'));
    valueOf(await ledger.identifyFaces(scanInput('k')));
  });
});

describe('a paid call without an external id', () => {
  it('is paid for every time', async ({ expect }) => {
    const ledger = ledgerOf('no key');
    const before = await sandbox.count('POST', SPEECH);
    for (let i = 0; i < 2; i += 1) valueOf(await ledger.synthesizeSpeech(speechInput(null)));
    expect(await sandbox.count('POST', SPEECH)).toBe(before + 2);
  });

  it.for([
    {
      what: 'speech',
      pay: (ledger: LedgerStub): Promise<unknown> => ledger.synthesizeSpeech(speechInput(null)),
      list: speechesOf,
      listed: [{ text: 'Hello', voiceId: 'oversea_male1' }],
    },
    {
      what: 'scan',
      pay: (ledger: LedgerStub): Promise<unknown> => ledger.identifyFaces(scanInput(null)),
      list: scansOf,
      listed: [{ video: scanInput(null).video, externalId: null }],
    },
  ])(
    'is paid once and its $what is listed later, if the ledger dies before the result is claimed',
    async ({ what, pay, list, listed }, { expect }) => {
      const tenant = `unclaimed ${what}`;
      const before = await sandbox.record();
      const hung = Promise.withResolvers<void>();
      const claim = vi.spyOn(KlingAccount.prototype, 'claim').mockImplementation(() => hung.promise);
      try {
        const ledger = ledgerOf(tenant);
        const lost = pay(ledger).catch((error: unknown) => error);
        await expect.poll(() => claim.mock.calls.length).toBe(1);
        await kill(ledger);
        expect(await lost).toBeInstanceOf(Error);
        expect(await list(tenant)).toEqual([]);
      } finally {
        claim.mockRestore();
        hung.resolve();
      }
      await expect.poll(() => list(tenant), { timeout: 10_000 }).toMatchObject(listed);
      const after = await sandbox.record();
      expect(after.requests.length - before.requests.length).toBe(1);
      expect(after.unitsCharged - before.unitsCharged).toBeCloseTo(0.05);
      expect((await ledgerOf(tenant).usage(new Date().toISOString().slice(0, 7))).milliunits).toBe(50);
    },
  );
});

describe('the monthly cap', () => {
  it('refuses a voice, a scan and a speech before anything is sent', async ({ expect }) => {
    await spend('spent', 960);
    const ledger = ledgerOf('spent');
    const before = (await sandbox.record()).requests.length;
    const refused = await Promise.all([
      ledger.createVoiceTask(voiceInput('x')),
      ledger.identifyFaces(scanInput('k')),
      ledger.synthesizeSpeech(speechInput(null)),
    ]);
    for (const answer of refused) {
      expect(failureOf(answer)).toMatchObject({ code: 'QUOTA_EXHAUSTED', retryable: false });
      expect(failureOf(answer).klingCode).toBeUndefined();
    }
    expect((await sandbox.record()).requests.length).toBe(before);
    expect([await storedTask(ledger, 'x'), await paidCalls(ledger)]).toEqual([null, 0]);
  });

  it('allows a cost that reaches it exactly, and counts running tasks', async ({ expect }) => {
    await spend('exact', 900);
    const ledger = ledgerOf('exact');
    valueOf(await ledger.createVoiceTask(voiceInput('a')));
    valueOf(await ledger.createVoiceTask(voiceInput('b')));
    expect(failureOf(await ledger.createVoiceTask(voiceInput('c'))).code).toBe('QUOTA_EXHAUSTED');
    // A repeat costs nothing.
    valueOf(await ledger.createVoiceTask(voiceInput('a')));
  });

  it('applies to each tenant alone, and is reported by usage', async ({ expect }) => {
    await spend('rich', 1000);
    valueOf(await ledgerOf('poor').createVoiceTask(voiceInput('x')));
    expect(await ledgerOf('rich').usage(new Date().toISOString().slice(0, 7))).toEqual({
      milliunits: 1000,
      milliunitsMax: 1000,
    });
  });

  it('allows a repeat of a call that was paid before the cap was reached', async ({ expect }) => {
    const ledger = ledgerOf('replay at the cap');
    const scan = valueOf(await ledger.identifyFaces(scanInput('k')));
    await runInDurableObject(ledger, (_instance, { storage }) =>
      storage.sql.exec('UPDATE usage SET milliunits = 1000'),
    );
    expect(valueOf(await ledger.identifyFaces(scanInput('k')))).toEqual(scan);
  });
});

function paidCalls(ledger: ReturnType<typeof ledgerOf>): Promise<number> {
  return runInDurableObject(
    ledger,
    (_instance, { storage }) => storage.sql.exec<{ n: number }>('SELECT count(*) AS n FROM paid_call').one().n,
  );
}

async function speechesOf(tenant: string): Promise<readonly Speech[]> {
  return valueOf(await ledgerOf(tenant).speeches({ first: 10, after: null })).edges.map(({ node }) => node);
}

async function scansOf(tenant: string): Promise<readonly FaceScan[]> {
  return valueOf(await ledgerOf(tenant).faceScans({ first: 10, after: null })).edges.map(({ node }) => node);
}

/** Records `milliunits` as used this month. */
async function spend(tenant: string, milliunits: number): Promise<void> {
  const month = new Date().toISOString().slice(0, 7);
  await runInDurableObject(ledgerOf(tenant), (_instance, { storage }) => {
    storage.sql.exec('INSERT INTO usage (month, milliunits) VALUES (?, ?)', month, milliunits);
  });
}
