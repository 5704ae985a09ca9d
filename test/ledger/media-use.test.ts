import { describe, it } from 'vitest';
import { createFileUrls } from '../../src/auth/signed-token.ts';
import type { LipSyncRequest, VoiceRequest } from '../../src/domain/inputs.ts';
import type { MediaFacts, MediaRecord } from '../../src/domain/media.ts';
import type { FaceScanResult } from '../../src/domain/records.ts';
import type { KlingClient } from '../../src/kling/client.ts';
import type { Failure, Issue } from '../../src/errors.ts';
import { mediaRecord } from '../support/fake-ledger.ts';
import { failureOf } from '../support/forge.ts';
import { DAY_MS, klingError, type LedgerParts, type PartsOptions, withParts } from '../support/ledger-parts.ts';
import { FACE_SCAN, lipSyncOf } from '../support/ledger-tasks.ts';
import { snapshotOf } from '../support/snapshots.ts';

const TOKEN = /\/media\/[\w-]+\.[\w-]{43}\//;
const URLS = createFileUrls('https://gateway.test', ['secret-of-the-tests-of-32-characters']);
const SOUND: MediaFacts = { ...factsOf(5_000), extension: 'wav', width: null, height: null, codecs: ['pcm-s16'] };
const PLACEMENT = { audioStartMs: 0, audioEndMs: 3_000, insertAtMs: 1_000 };

function factsOf(durationMs: number): MediaFacts {
  return { extension: 'mp4', durationMs, width: 1280, height: 720, codecs: ['avc', 'aac'], hasAudio: true };
}

const VIDEO = mediaRecord('video', { facts: factsOf(10_000) });
const AUDIO = mediaRecord('audio', { kind: 'AUDIO', facts: SOUND });
const PROBLEM: Issue = { path: ['source'], code: 'TOO_SHORT', message: 'the video must be 2000 to 60000 ms long' };

/** A Kling that accepts everything. `sent` has what it was given. */
function createAcceptingKling() {
  const sent: object[] = [];
  const scan: FaceScanResult = { ...FACE_SCAN };
  const client: Partial<KlingClient> = {
    createVoiceTask: async (request) => (sent.push(request), snapshotOf('SUBMITTED')),
    createLipSyncTask: async (request) => (sent.push(request), lipSyncOf(snapshotOf('SUBMITTED'), false)),
    identifyFaces: async (request) => (sent.push(request), scan),
  };
  return { sent, client };
}

interface Given extends LedgerParts {
  readonly sent: readonly object[];
}

/** Runs a test in a ledger that holds the files. */
function withFiles<T>(
  name: string,
  files: readonly MediaRecord[],
  work: (given: Given, storage: DurableObjectStorage) => Promise<T>,
  options: PartsOptions = {},
): Promise<T> {
  const { sent, client } = createAcceptingKling();
  return withParts(`files ${name}`, { kling: client, ...options }, (parts, storage) => {
    for (const file of files) parts.deps.media.insert(file, file.bytes ?? 0, null);
    return work({ ...parts, sent }, storage);
  });
}

function speak({ creator, deps }: LedgerParts, mediaId = 'audio', placement = PLACEMENT, externalId?: string) {
  const scan = { ...FACE_SCAN, video: { mediaId: 'video', extension: 'mp4' as const }, videoDurationMs: 10_000 };
  deps.assets.keepFaceScan(scan);
  const key = externalId === undefined ? {} : { externalId };
  return creator.createLipSyncTask({ face: { faceId: 'scan-1:0' }, audio: { mediaId }, placement, ...key });
}

const clone = ({ creator }: LedgerParts, mediaId: string) =>
  creator.createVoiceTask({ name: 'Ann', sample: { mediaId } });
const scanOf = ({ paidCalls }: LedgerParts, mediaId: string) => paidCalls.identifyFaces({ video: { mediaId } }, null);

/** Returns everything that the object stores, as one text. */
function everythingStored(sql: SqlStorage): string {
  const tables = sql
    .exec<{ name: string }>(
      `SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE '\\_cf%' ESCAPE '\\'`,
    )
    .toArray();
  return JSON.stringify(tables.map(({ name }) => sql.exec(`SELECT * FROM "${name}"`).toArray()));
}

async function issuesOf(work: Promise<unknown>): Promise<readonly string[]> {
  const { issues = [] } = await refusalOf(work);
  return issues.map(({ path, code }) => `${path.join('.')}: ${code}`);
}

async function refusalOf(work: Promise<unknown>): Promise<Failure> {
  return failureOf(work);
}

async function refuseWithUrl({ source }: VoiceRequest): Promise<never> {
  throw klingError('REFUSED', 'INPUT_REJECTED', 1201, `cannot read ${source.url}, sorry`);
}

describe('a file that is used', () => {
  it('reaches Kling as a URL of its own name, for a day', async ({ expect }) => {
    await withFiles('urls', [VIDEO, AUDIO], async (given) => {
      await scanOf(given, 'video');
      await speak(given);
      await clone(given, 'audio');
      const [scan, lipSync, voice] = given.sent as [
        { video: { url: string } },
        { sound: { url: string } },
        { source: { url: string } },
      ];
      const permits = await Promise.all(
        [scan.video.url, lipSync.sound.url, voice.source.url].map((url) => URLS.fileOf(url.split('/')[4]!)),
      );
      const expiresAtMs = given.clock.nowMs + DAY_MS;
      const sound = { tenant: 't', id: 'audio', extension: 'wav', expiresAtMs };
      expect(permits).toEqual([{ tenant: 't', id: 'video', extension: 'mp4', expiresAtMs }, sound, sound]);
      expect([scan.video.url, lipSync.sound.url].map((url) => url.split('/').at(-1))).toEqual(['clip.mp4', 'clip.wav']);
    });
  });

  it('is stored by its id, and its URL nowhere, whatever Kling reports', async ({ expect }) => {
    await withFiles('stored', [VIDEO, AUDIO], async (given, { sql }) => {
      const scan = await scanOf(given, 'video');
      const task = await speak(given);
      const voice = await clone(given, 'audio');
      const [{ sound }] = given.sent.slice(1) as [LipSyncRequest];
      const parentVideo = { videoId: 'parent', url: sound.url ?? null, durationMs: 10_000 };
      const statusMessage = `could not fetch "${sound.url}" in time`;
      const snapshot = { ...lipSyncOf(snapshotOf('PROCESSING', { statusMessage }), false), parentVideo };
      given.journal.apply(task.id, { type: 'SNAPSHOT', snapshot });
      expect(scan).toMatchObject({ video: { mediaId: 'video', extension: 'mp4' }, videoDurationMs: 10_000 });
      const kept = given.tasks.find({ id: task.id })!.record;
      expect(kept.details?.lipSync).toMatchObject({
        video: { mediaId: 'video', extension: 'mp4' },
        audio: { mediaId: 'audio', extension: 'wav', durationMs: 5_000 },
      });
      expect(kept).toMatchObject({
        parentVideo: { videoId: 'parent', url: null },
        lastReport: { statusMessage: 'could not fetch "(the file)" in time' },
      });
      expect(voice.details?.voice?.sample).toEqual({ mediaId: 'audio', extension: 'wav', durationMs: 5_000 });
      const stored = everythingStored(sql);
      expect(stored).toContain('audio');
      expect(stored).not.toMatch(TOKEN);
    });
  });

  it('gives the estimate its length', async ({ expect }) => {
    await withFiles('estimate', [VIDEO, AUDIO], async (given) => {
      expect((await speak(given)).unitsEstimated).toBe('1');
    });
  });

  it('is not named by the URL that Kling quotes in a refusal', async ({ expect }) => {
    await withFiles(
      'quoted',
      [AUDIO],
      async (given) => {
        const { message } = await refusalOf(clone(given, 'audio'));
        expect(message).toBe('cannot read (the file), sorry');
      },
      { kling: { createVoiceTask: refuseWithUrl } },
    );
  });

  it('ends the task if it is deleted before the task is sent, and nothing is sent', async ({ expect }) => {
    let granted = false;
    await withFiles(
      'deleted',
      [AUDIO],
      async (given) => {
        const { id } = await clone(given, 'audio');
        given.deps.media.remove('audio');
        granted = true;
        await given.sender.send(id, false);
        expect(given.sent).toEqual([]);
        expect(given.tasks.find({ id })?.record).toMatchObject({
          status: 'FAILED',
          failure: { code: 'INPUT_REJECTED', message: expect.stringContaining('was deleted') },
        });
      },
      { slots: { acquire: async () => ({ granted }) } },
    );
  });

  it('is the same request with the same external id, and another file is not', async ({ expect }) => {
    const other = { ...AUDIO, id: 'other' };
    await withFiles('repeat', [VIDEO, AUDIO, other], async (given) => {
      const { id } = await speak(given, 'audio', PLACEMENT, 'key');
      expect((await speak(given, 'audio', PLACEMENT, 'key')).id).toBe(id);
      expect(await refusalOf(speak(given, 'other', PLACEMENT, 'key'))).toMatchObject({ code: 'CONFLICT' });
      expect(given.sent).toHaveLength(1);
    });
  });
});

describe('a file that cannot be used', () => {
  const ROWS: readonly (readonly [what: string, mediaId: string, record: Partial<MediaRecord> | null, code: string])[] =
    [
      ['an id of another type', '', null, 'WRONG_ID_TYPE'],
      ['an unknown id', 'unknown', null, 'NOT_FOUND'],
      ['a file without its bytes', 'a', { status: 'UPLOADING', facts: null }, 'MEDIA_NOT_READY'],
      ['a file that is being checked', 'a', { status: 'CHECKING', facts: null }, 'MEDIA_NOT_READY'],
      ['a rejected file', 'a', { status: 'REJECTED', problems: [PROBLEM] }, 'TOO_SHORT'],
      ['a rejected file without problems', 'a', { status: 'REJECTED', facts: null }, 'UNSUPPORTED_FORMAT'],
    ];

  it.for(ROWS)('is refused at its path in every input: %s', async ([what, id, record, code], { expect }) => {
    const of = (kind: MediaRecord['kind']) => (record === null ? [] : [mediaRecord(id, { kind, ...record })]);
    await withFiles(`refused video ${what}`, of('VIDEO'), async (given) => {
      expect(await issuesOf(scanOf(given, id))).toEqual([`video.mediaId: ${code}`]);
      expect(await issuesOf(clone(given, id))).toEqual([`input.sample.mediaId: ${code}`]);
      expect(given.sent).toEqual([]);
    });
    await withFiles(`refused audio ${what}`, of('AUDIO'), async (given) => {
      // A lip-sync waits for an upload.
      if (code === 'MEDIA_NOT_READY') expect(await speak(given, id)).toMatchObject({ stage: 'WAITING' });
      else expect(await issuesOf(speak(given, id))).toEqual([`input.audio.mediaId: ${code}`]);
      expect(given.sent).toEqual([]);
    });
  });

  it('is audio where a video is needed, or a video where audio is', async ({ expect }) => {
    await withFiles('kinds', [VIDEO, AUDIO], async (given) => {
      expect(await issuesOf(scanOf(given, 'audio'))).toEqual(['video.mediaId: UNSUPPORTED_FORMAT']);
      expect(await issuesOf(speak(given, 'video'))).toEqual(['input.audio.mediaId: UNSUPPORTED_FORMAT']);
      expect(given.sent).toEqual([]);
    });
  });

  it.for<[what: string, facts: Partial<MediaFacts>, codes: readonly string[]]>([
    ['of 5 s', { durationMs: 5_000 }, []],
    ['of 30 s', { durationMs: 30_000 }, []],
    ['of less than 5 s', { durationMs: 4_999 }, ['TOO_SHORT']],
    ['of more than 30 s', { durationMs: 30_001 }, ['TOO_LONG']],
    ['of another format', { extension: 'm4a' }, ['UNSUPPORTED_FORMAT']],
    ['without sound', { extension: 'mp4', hasAudio: false }, ['NO_AUDIO_TRACK']],
  ])('as the sample of a voice is judged by its facts: %s', async ([what, facts, codes], { expect }) => {
    await withFiles(`sample ${what}`, [{ ...AUDIO, facts: { ...SOUND, ...facts } }], async (given) => {
      if (codes.length === 0) await clone(given, 'audio');
      else expect(await issuesOf(clone(given, 'audio'))).toEqual(codes.map((code) => `input.sample.mediaId: ${code}`));
      expect(given.sent).toHaveLength(codes.length === 0 ? 1 : 0);
    });
  });

  it('is on a gateway that Kling cannot reach, and the message names a tunnel', async ({ expect }) => {
    await withFiles(
      'tunnel',
      [VIDEO, AUDIO],
      async (given) => {
        for (const work of [scanOf(given, 'video'), speak(given), clone(given, 'audio')]) {
          const failure = await refusalOf(work);
          expect(failure).toMatchObject({ code: 'NOT_CONFIGURED', retryable: false });
          expect(failure.message).toContain('cloudflared tunnel --url http://localhost:8787');
        }
        expect(given.sent).toEqual([]);
      },
      { files: { publicUrl: 'http://localhost:8787' } },
    );
  });

  it('is on a loopback gateway, unless Kling is on loopback too', async ({ expect }) => {
    const options = { files: { publicUrl: 'http://localhost:8787', klingUrl: 'http://localhost:8788' } };
    await withFiles(
      'loopback',
      [AUDIO],
      async (given) => {
        await clone(given, 'audio');
        expect(given.sent).toHaveLength(1);
      },
      options,
    );
  });
});

describe('a clip of a file', () => {
  it.for([
    ['ends 50 ms before the audio does', { audioStartMs: 0, audioEndMs: 4_950, insertAtMs: 0 }, []],
    [
      'ends 49 ms before the audio does',
      { audioStartMs: 0, audioEndMs: 4_951, insertAtMs: 0 },
      ['input.placement.audioEndMs: CLIP_OUTSIDE_AUDIO'],
    ],
    ['ends 50 ms before the video does', { audioStartMs: 0, audioEndMs: 3_000, insertAtMs: 6_950 }, []],
    [
      'ends 49 ms before the video does',
      { audioStartMs: 0, audioEndMs: 3_000, insertAtMs: 6_951 },
      ['input.placement.insertAtMs: CLIP_OUTSIDE_VIDEO'],
    ],
  ] as const)('that %s is judged by the measured lengths', async ([what, placement, issues], { expect }) => {
    await withFiles(`clip ${what}`, [VIDEO, AUDIO], async (given) => {
      const made = speak(given, 'audio', placement);
      if (issues.length === 0) expect((await made).status).toBe('SUBMITTED');
      else expect(await issuesOf(made)).toEqual(issues);
    });
  });
});
