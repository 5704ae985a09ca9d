import { runInDurableObject } from 'cloudflare:test';
import { describe, it, vi } from 'vitest';
import { KlingAccount, OwnerStore, resultKey } from '../../src/account/kling-account.ts';
import { RESULT_RETENTION_MS, type SpeechResult } from '../../src/domain/records.ts';
import { GatewayError } from '../../src/errors.ts';
import { createOwners, decoyId, type Owners } from '../../src/ledger/isolation.ts';
import { CLAIMS_MAX } from '../../src/ledger/schedule.ts';
import type { LogEvent } from '../../src/lib/log.ts';
import { createParts, DAY_MS, type PartsOptions, withParts } from '../support/ledger-parts.ts';
import { FACE_SCAN } from '../support/ledger-tasks.ts';
import { env, ledgerOf } from '../support/ledger.ts';
import { snapshotOf } from '../support/snapshots.ts';

const VIDEO = { videoId: 'video-1', url: null, watermarkUrl: null, durationMs: 5_000 };
const SUCCEEDED = { ...snapshotOf('SUCCEEDED'), videos: [VIDEO], parentVideo: null, watermarkEnabled: null };
const SPEECH: SpeechResult = {
  audioId: 'audio-1',
  url: 'https://example.com/a.mp3',
  durationMs: 3_000,
  klingTaskId: null,
  unitsDeducted: '0.05',
  createdAtMs: null,
  klingRequestId: null,
};
const SAID = { text: 'Hello', klingVoiceId: 'v', language: 'en', speed: 1 } as const;
const SPEECH_REQUEST = { text: 'Hello', voiceId: 'v', language: 'en', speed: 1 } as const;
/** The speech as callers see it. Kling does not say when it was made, so the gateway's clock does. */
const SHOWN = { ...SPEECH, ...SPEECH_REQUEST, createdAtMs: 1_790_000_000_000, externalId: 'key' };

/** Creates owners that fail as long as `isDown` is set, and record what was claimed. */
function shakyOwners() {
  const state = { isDown: true, claimed: [] as string[] };
  const owners: Owners = {
    async claim(made) {
      if (made.length > 0 && state.isDown) throw new Error('unreachable');
      state.claimed.push(...made.map(({ id }) => id));
    },
    async isForeign() {
      if (state.isDown) throw new Error('unreachable');
      return false;
    },
  };
  return { state, owners };
}

function openLipSync({ journal, clock }: Parameters<Parameters<typeof withParts>[2]>[0]): void {
  const { voices: _, ...common } = snapshotOf('SUBMITTED');
  journal.open(
    {
      record: {
        kind: 'LIP_SYNC',
        id: 'task',
        externalId: null,
        klingTaskId: common.klingTaskId,
        status: 'SUBMITTED',
        klingStatus: 'submitted',
        failure: null,
        createdAtMs: clock.nowMs,
        updatedAtMs: clock.nowMs,
        expiresAtMs: null,
        unitsEstimated: null,
        unitsDeducted: null,
        balanceDeducted: null,
        klingRequestId: null,
        parentVideo: null,
        videos: [],
        watermarkEnabled: false,
      },
      inputDigest: '',
      phase: 'SENT',
      wakeAtMs: clock.nowMs,
      tries: 0,
      sends: 1,
      deadlineAtMs: clock.nowMs + 3_600_000,
    },
    '{}',
  );
}

/** Creates a Kling that synthesizes speech, and records its calls. */
function paying(owners: Owners): PartsOptions & { readonly calls: string[] } {
  const calls: string[] = [];
  return {
    owners,
    calls,
    kling: { synthesizeSpeech: async () => (calls.push('tts'), SPEECH) },
    limits: { milliunitsPerMonthMax: 1_000 },
  };
}

describe('the videos of a task', () => {
  it('are not stored before they are claimed: the read fails and is retried', async ({ expect }) => {
    const { state, owners } = shakyOwners();
    const options = { owners, kling: { readLipSyncTask: async () => SUCCEEDED } };
    await withParts('videos', options, async (parts) => {
      openLipSync(parts);
      await parts.alarmHandler.run();
      expect(parts.tasks.find({ id: 'task' })?.record).toMatchObject({ status: 'SUBMITTED', videos: [] });
      expect(parts.tasks.find({ id: 'task' })?.wakeAtMs).toBeGreaterThan(parts.clock.nowMs);
      expect(parts.events.after(null, 0, 10)).toEqual([]);
      state.isDown = false;
      parts.clock.nowMs += 600_000;
      await parts.alarmHandler.run();
      expect(state.claimed).toEqual(['video-1']);
      expect(parts.tasks.find({ id: 'task' })?.record).toMatchObject({ status: 'SUCCEEDED', videos: [VIDEO] });
    });
  });
});

describe('a speech', () => {
  const key = 'key';
  it('that cannot be claimed is paid once and kept, is not listed, and its key returns it later', async ({
    expect,
  }) => {
    const { state, owners } = shakyOwners();
    const options = paying(owners);
    await withParts('speech', options, async ({ paidCalls, queries }) => {
      const listed = () => queries.speeches({ first: 10, after: null }).edges.map(({ node }) => node);
      for (let i = 0; i < 2; i += 1) {
        const failed = await paidCalls.synthesizeSpeech({ speech: SAID }, key).catch((error: unknown) => error);
        expect(failed).toBeInstanceOf(GatewayError);
        expect(failed).toMatchObject({ failure: { code: 'UPSTREAM_UNAVAILABLE', retryable: true } });
        expect(JSON.stringify(failed)).not.toContain('audio-1');
        expect(listed()).toEqual([]);
      }
      state.isDown = false;
      expect(await paidCalls.synthesizeSpeech({ speech: SAID }, key)).toEqual(SHOWN);
      expect(await paidCalls.synthesizeSpeech({ speech: SAID }, key)).toEqual(SHOWN);
      expect(listed()).toEqual([SHOWN]);
      expect(options.calls).toEqual(['tts']);
      expect(state.claimed).toEqual(['audio-1']);
    });
  });

  it('survives a crash between its answer and its claim, and counts once', async ({ expect }) => {
    const { state, owners } = shakyOwners();
    const options = paying(owners);
    await runInDurableObject(ledgerOf('parts crashed speech'), async (_instance, { storage }) => {
      const dies = createParts(storage, options);
      const month = new Date(dies.clock.nowMs).toISOString().slice(0, 7);
      await dies.paidCalls.synthesizeSpeech({ speech: SAID }, key).catch(() => null);
      // The call is charged, and is no longer counted as a call of unknown outcome.
      expect(dies.deps.assets.milliunitsUsed(month) + dies.deps.paidCalls.unansweredIn(month)).toBe(50);
      state.isDown = false;
      const lives = createParts(storage, options);
      expect(await lives.paidCalls.synthesizeSpeech({ speech: SAID }, key)).toEqual(SHOWN);
      expect(lives.deps.assets.milliunitsUsed(month)).toBe(50);
      expect(options.calls).toEqual(['tts']);
    });
  });

  it('that cannot be claimed and has no key is claimed and listed by the alarm', async ({ expect }) => {
    const { state, owners } = shakyOwners();
    const options = paying(owners);
    await withParts('speech without a key', options, async ({ paidCalls, queries, alarmHandler, clock, settle }) => {
      const listed = () => queries.speeches({ first: 10, after: null }).edges.map(({ node }) => node);
      const failed = await paidCalls.synthesizeSpeech({ speech: SAID }, null).catch((error: unknown) => error);
      expect(failed).toMatchObject({ failure: { retryable: false, message: expect.stringContaining('"speeches"') } });
      expect([listed(), alarmHandler.nextAtMs()]).toEqual([[], clock.nowMs + 2_000]);
      clock.nowMs += 2_000;
      await alarmHandler.run();
      await settle();
      expect([listed(), alarmHandler.nextAtMs()]).toEqual([[], clock.nowMs + 4_000]);
      state.isDown = false;
      clock.nowMs += 4_000;
      await alarmHandler.run();
      await settle();
      expect([listed(), state.claimed, options.calls]).toEqual([
        [{ ...SHOWN, externalId: null }],
        ['audio-1'],
        ['tts'],
      ]);
      expect(alarmHandler.nextAtMs()).toBeGreaterThan(clock.nowMs + DAY_MS);
    });
  });

  it('whose claim hangs is not due again at once', async ({ expect }) => {
    const { owners } = shakyOwners();
    let hangs = false;
    const claim: Owners['claim'] = (results) => (hangs ? new Promise(() => {}) : owners.claim(results));
    const options = paying({ ...owners, claim });
    await withParts('hanging claim', options, async ({ paidCalls, alarmHandler, clock }) => {
      await paidCalls.synthesizeSpeech({ speech: SAID }, null).catch(() => null);
      hangs = true;
      clock.nowMs += 2_000;
      await alarmHandler.run();
      expect(alarmHandler.nextAtMs()).toBe(clock.nowMs + 4_000);
    });
  });

  it('is claimed by the alarm for a day at most, and after that by its key only', async ({ expect }) => {
    const { state, owners } = shakyOwners();
    const lines: LogEvent[] = [];
    const options: PartsOptions = { ...paying(owners), log: (line) => lines.push(line) };
    await withParts('given up', options, async ({ paidCalls, alarmHandler, clock, settle }) => {
      const startMs = clock.nowMs;
      await paidCalls.synthesizeSpeech({ speech: SAID }, key).catch(() => null);
      for (let runs = 0; runs < CLAIMS_MAX; runs += 1) {
        clock.nowMs = alarmHandler.nextAtMs()!;
        await alarmHandler.run();
        await settle();
      }
      expect((clock.nowMs - startMs) / DAY_MS).toBeCloseTo(1, 0);
      expect(lines.map(({ level }) => level)).toEqual([...Array<string>(CLAIMS_MAX - 1).fill('warn'), 'error']);
      expect(alarmHandler.nextAtMs()).toBeGreaterThan(clock.nowMs + DAY_MS);
      state.isDown = false;
      expect(await paidCalls.synthesizeSpeech({ speech: SAID }, key)).toEqual({ ...SHOWN, createdAtMs: startMs });
    });
  });
});

describe('a face scan', () => {
  const VIDEO_URL = 'https://example.com/clip.mp4';
  const RESULT = { sessionId: 'session-7', faces: FACE_SCAN.faces, unitsDeducted: '0.05', klingRequestId: null };

  it('that cannot be claimed is paid once and kept, is not listed, and its key returns it later', async ({
    expect,
  }) => {
    const { state, owners } = shakyOwners();
    const calls: string[] = [];
    const kling: PartsOptions['kling'] = { identifyFaces: async () => (calls.push('scan'), RESULT) };
    await withParts('unclaimed scan', { owners, kling }, async ({ paidCalls, queries }) => {
      const scan = () => paidCalls.identifyFaces({ video: { url: VIDEO_URL } }, 'key');
      const listed = () => queries.faceScans({ first: 10, after: null }).edges.map(({ node }) => node);
      for (let i = 0; i < 2; i += 1) {
        const failed = await scan().catch((error: unknown) => error);
        expect(failed).toMatchObject({ failure: { code: 'UPSTREAM_UNAVAILABLE', retryable: true } });
        expect(JSON.stringify(failed)).toContain('faceScans');
        expect(JSON.stringify(failed)).not.toContain('session-7');
        expect(listed()).toEqual([]);
      }
      state.isDown = false;
      const made = await scan();
      expect(made).toMatchObject(RESULT);
      expect([listed(), calls, state.claimed]).toEqual([[made], ['scan'], ['session-7']]);
    });
  });

  it('that cannot be claimed and has no key is claimed and listed by the alarm, and keeps a later length', async ({
    expect,
  }) => {
    const { state, owners } = shakyOwners();
    const options: PartsOptions = { owners, kling: { identifyFaces: async () => RESULT } };
    await withParts('claimed scan', options, async ({ paidCalls, queries, alarmHandler, clock, deps, settle }) => {
      const listed = () => queries.faceScans({ first: 10, after: null }).edges.map(({ node }) => node);
      await paidCalls.identifyFaces({ video: { url: VIDEO_URL } }, null).catch(() => null);
      expect([listed(), alarmHandler.nextAtMs()]).toEqual([[], clock.nowMs + 2_000]);
      state.isDown = false;
      clock.nowMs += 2_000;
      await alarmHandler.run();
      await settle();
      const [scan] = listed();
      expect(scan).toMatchObject(RESULT);
      deps.assets.keepScanLength(scan!.id, 5_000);
      deps.assets.keepFaceScan(scan!);
      expect(listed()).toEqual([{ ...scan, videoDurationMs: 5_000 }]);
    });
  });
});

describe('a lip-sync', () => {
  const [audio, placement] = [
    { url: 'https://example.com/a.mp3' },
    { audioStartMs: 0, audioEndMs: 3000, insertAtMs: 0 },
  ];

  it('of an own scan needs no answer of the account, and one of a session from elsewhere does', async ({ expect }) => {
    const { owners } = shakyOwners();
    const sent: string[] = [];
    const submitted = { ...snapshotOf('SUBMITTED'), parentVideo: null, videos: [], watermarkEnabled: null };
    const kling: PartsOptions['kling'] = {
      createLipSyncTask: async ({ sessionId }) => (sent.push(sessionId), submitted),
    };
    await withParts('own session', { owners, kling }, async ({ creator, deps }) => {
      deps.assets.keepFaceScan(FACE_SCAN);
      const face = { klingSessionId: FACE_SCAN.sessionId, klingFaceId: '0' };
      const made = [
        await creator.createLipSyncTask({ face: { faceId: 'scan-1:0' }, audio, placement }),
        await creator.createLipSyncTask({ face: { klingFace: face }, audio, placement }),
      ];
      expect(made.map(({ status, faceId }) => [status, faceId])).toEqual([
        ['SUBMITTED', 'scan-1:0'],
        ['SUBMITTED', 'scan-1:0'],
      ]);
      const elsewhere = { ...face, klingSessionId: 'session-2' };
      const waits = await creator.createLipSyncTask({ face: { klingFace: elsewhere }, audio, placement });
      expect([waits.status, sent]).toEqual(['QUEUED', ['session-1', 'session-1']]);
    });
  });
});

describe('a face scan of a video whose owner cannot be read', () => {
  it('is not sent, and its key stays free', async ({ expect }) => {
    const { state, owners } = shakyOwners();
    const sent: unknown[] = [];
    const scan = { sessionId: 's', faces: [], unitsDeducted: null, klingRequestId: null };
    const kling: PartsOptions['kling'] = { identifyFaces: async (request) => (sent.push(request), scan) };
    await withParts('scan', { owners, kling }, async ({ paidCalls }) => {
      const request = { video: { klingVideoId: 'v1' } };
      const failed = await paidCalls.identifyFaces(request, 'key').catch((error: unknown) => error);
      expect(failed).toMatchObject({ failure: { code: 'UPSTREAM_UNAVAILABLE', retryable: true } });
      expect(sent).toEqual([]);
      state.isDown = false;
      expect(await paidCalls.identifyFaces(request, 'key')).toMatchObject(scan);
      expect(sent).toEqual([{ video: { videoId: 'v1' } }]);
    });
  });
});

describe('the ownership of a result', () => {
  it('goes to the first claim, and is deleted when Kling has deleted the result', async ({ expect }) => {
    await runInDurableObject(env.KLING_ACCOUNT.getByName('owners'), (_instance, { storage }) => {
      const store = new OwnerStore(storage.sql);
      store.claim('VIDEO:1', 'a', 1_000);
      store.claim('VIDEO:1', 'b', 2_000);
      expect(store.tenantOf('VIDEO:1')).toBe('a');
      const { keptMs, oldestAtMs, deleteUntil } = store.retainedRows(RESULT_RETENTION_MS);
      expect([keptMs, oldestAtMs()]).toEqual([RESULT_RETENTION_MS, 1_000]);
      deleteUntil(999, 10);
      expect(store.tenantOf('VIDEO:1')).toBe('a');
      deleteUntil(1_000, 10);
      expect(store.tenantOf('VIDEO:1')).toBeNull();
    });
  });

  it('is deleted by an alarm that the claim sets', async ({ expect }) => {
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() });
    try {
      await runInDurableObject(env.KLING_ACCOUNT.getByName('owners for a time'), async (account, { storage }) => {
        const [video, endMs] = [{ kind: 'VIDEO', id: '1' } as const, Date.now() + RESULT_RETENTION_MS];
        account.claim('a', [video]);
        expect(await storage.getAlarm()).toBe(endMs);
        vi.setSystemTime(endMs - 1);
        await account.alarm();
        expect([account.isForeign('b', video), await storage.getAlarm()]).toEqual([true, endMs]);
        vi.setSystemTime(endMs);
        await storage.deleteAlarm();
        await account.alarm();
        expect([account.isForeign('b', video), await storage.getAlarm()]).toEqual([false, null]);
      });
    } finally {
      vi.useRealTimers();
    }
  });

  it('survives a restart of the object', async ({ expect }) => {
    await runInDurableObject(env.KLING_ACCOUNT.getByName('owners of old'), (account, state) => {
      account.claim('a', [{ kind: 'AUDIO', id: '7' }]);
      const next = new KlingAccount(state, env);
      expect(next.isForeign('b', { kind: 'AUDIO', id: '7' })).toBe(true);
      expect(next.isForeign('b', { kind: 'VIDEO', id: '7' })).toBe(false);
      expect(next.isForeign('a', { kind: 'AUDIO', id: '7' })).toBe(false);
    });
  });

  it('is claimed again when a call is lost, and fails after three calls', async ({ expect }) => {
    const waits: number[] = [];
    let fails = 2;
    const claim = async () => {
      if (fails-- > 0) throw new Error('lost');
    };
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- only the method that owners call
    const account = () => ({ claim }) as unknown as ReturnType<Parameters<typeof createOwners>[0]['account']>;
    const owners = createOwners({ account, tenant: 'a', sleep: async (ms) => void waits.push(ms), random: () => 0.5 });
    await owners.claim([{ kind: 'AUDIO', id: '7' }]);
    expect(waits).toEqual([100, 400]);
    fails = 3;
    await expect(owners.claim([{ kind: 'AUDIO', id: '7' }])).rejects.toThrow('lost');
  });
});

const form = (text: string): string => text.replaceAll(/\d/g, '0').replaceAll(/[a-z]/g, 'a').replaceAll(/[A-Z]/g, 'A');

describe('a stand-in', () => {
  it.for(['843250926412312345', '3c1d0f5e-1b2a-4c3d-9e8f-0a1b2c3d4e5f', 'Ab/9+xyzQQ==', '7', '--'])(
    'for %s has the same form and another value',
    (id, { expect }) => {
      const other = decoyId(id, Math.random);
      expect(form(other)).toBe(form(id));
      if (id !== '--') expect(resultKey({ kind: 'VIDEO', id: other })).not.toBe(resultKey({ kind: 'VIDEO', id }));
    },
  );
});
