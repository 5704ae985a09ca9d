import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { ClientRequest } from 'node:http';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { DefaultHttpStack, type HttpRequest, type HttpStack, Upload } from 'tus-js-client';
import { makeTemporaryDir } from '../node/gateway-stack.ts';
import { freePort } from '../node/raw-workerd.ts';
import { sendOperation } from '../node/send-operation.ts';
import { TEST_AUTH } from '../support/token.ts';
import { type BucketGateway, type BucketRemains, createBucketGateway } from './bucket-gateway.ts';
import type { Check } from './check.ts';
import type { Random } from './random.ts';

/** The options of a round of uploads. */
export interface UploadRoundOptions {
  readonly random: Random;
  readonly uploads: number;
  readonly kills: number;
  /** The most bytes of a file. */
  readonly bytesMax: number;
  readonly say: (line: string) => void;
}

/** One file, as its client and its readers see it at the end. */
interface UploadView {
  readonly mediaId: string;
  readonly sha256: string;
  /** Why the client gave up. Null if it sent the whole file. */
  readonly failure: string | null;
  /** Null if the media was not read. */
  readonly media: StoredMedia | null;
  /** The SHA-256 of what the playback URL serves. Null if there is no such URL. */
  readonly servedSha256: string | null;
}

interface StoredMedia {
  readonly status: string;
  readonly sha256: string | null;
  readonly url: string | null;
}

/** The evidence of a round of uploads. */
export interface UploadEvidence {
  readonly views: readonly UploadView[];
  readonly remains: BucketRemains;
  readonly kills: number;
  /** The kills before the last byte of the last file. */
  readonly killsDuringUploads: number;
}

const MIB = 1_048_576;
const CLIP = readFileSync(join(import.meta.dirname, '../../src/sandbox/media/files/face-5s.mp4'));
const CHUNKS = [MIB, 3 * MIB, 5 * MIB, 8 * MIB] as const;

/** More attempts than any series of kills takes. */
const RETRY_DELAYS = Array.from({ length: 300 }, () => 200);

/** tus-js-client's own stack for Node never settles a request whose connection ends within the response. */
const HTTP_STACK: HttpStack = {
  createRequest(method, url) {
    const request = new DefaultHttpStack({}).createRequest(method, url);
    const sendRequest = request.send.bind(request);
    request.send = async (body) => {
      const response = sendRequest(body);
      const { promise: cut, reject } = Promise.withResolvers<never>();
      const sent = request.getUnderlyingObject() as ClientRequest;
      sent.once('close', () => reject(new Error('the connection ended within the response')));
      return Promise.race([response, cut]);
    };
    return request;
  },
  getName: () => 'chaos',
};

/** The timeout for the last media to be checked. An alarm that failed in a kill comes back after 2 minutes. */
const SETTLE_MS_MAX = 240_000;

const CREATE = `mutation ($bytes: Int!) { createMedia(kind: VIDEO, source: { file: { bytes: $bytes } }) {
  __typename ... on Media { id upload { url } } } }`;
const READ = `query ($id: ID!) { node(id: $id) { ... on Media { status sha256 url } } }`;

/** Uploads many files at once by tus-js-client while the gateway and its bucket are killed. Collects the evidence. */
export async function runUploads(options: UploadRoundOptions): Promise<UploadEvidence> {
  const { random, uploads, kills, bytesMax, say } = options;
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const gateway = createBucketGateway({
    dir: makeTemporaryDir('kling-uploads-'),
    port,
    vars: {
      ENVIRONMENT: 'development',
      ...TEST_AUTH,
      KLING_BASE_URL: `http://127.0.0.1:${await freePort()}`,
      KLING_ACCESS_KEY: 'sandbox-access-key-uploads',
      KLING_SECRET_KEY: 'sandbox-secret-key-of-thirty-two-bytes',
      CALLBACK_SECRET: 'callback-secret-of-the-uploads-0123456789',
      PUBLIC_URL: url,
    },
  });
  await gateway.start();
  try {
    const files = Array.from({ length: uploads }, () => fileOf(random, bytesMax));
    const bytes = files.reduce((sum, { byteLength }) => sum + byteLength, 0);
    const pace = createPace(files, kills + 1);
    const startedMs = Date.now();
    let isSent = false;
    const killing = killDuring(gateway, { kills, random: random.fork('kills'), pace, isSent: () => isSent });
    const clients = await Promise.all(
      files.map(async (file, number) => {
        const { id, uploadUrl } = await createMedia(url, file.byteLength);
        const chunkSize = Math.min(CHUNKS[random.between(0, CHUNKS.length - 1)] ?? MIB, pace.chunkBytesMax);
        const failure = await send(file, { uploadUrl, chunkSize }, { number, pace });
        return { mediaId: id, sha256: createHash('sha256').update(file).digest('hex'), failure };
      }),
    );
    isSent = true;
    const sentSeconds = (Date.now() - startedMs) / 1_000;
    const killsDuringUploads = await killing;
    const views = await Promise.all(clients.map((client) => settle(url, client)));
    await wait(1_000);
    await gateway.kill();
    const remains = gateway.remains();
    const megabytes = bytes / 1_000_000;
    say(
      `uploads: ${uploads} files of ${megabytes.toFixed(0)} MB together in ${sentSeconds.toFixed(1)} s, ${killsDuringUploads} kills meanwhile, settled after ${((Date.now() - startedMs) / 1_000).toFixed(1)} s`,
    );
    say(
      `bucket: ${remains.files} files, ${remains.orphanParts} orphan parts, ${remains.begunFiles} begun files without parts, ${remains.rows} rows left`,
    );
    return { views, remains, kills, killsDuringUploads };
  } finally {
    await gateway.kill();
  }
}

/** Returns a playable video of a random size: a clip, and a free box with random bytes. */
function fileOf(random: Random, bytesMax: number): Buffer {
  const padding = Buffer.alloc(random.between(8, bytesMax - CLIP.byteLength));
  for (let at = 8; at < padding.byteLength; at += 4_096) padding.writeUInt8(random.between(0, 255), at);
  padding.writeUInt32BE(padding.byteLength, 0);
  padding.write('free', 4);
  return Buffer.concat([CLIP, padding]);
}

/** Holds the clients back before each kill, so that a fast machine does not finish the uploads before the last kill. */
interface Pace {
  /** The most bytes of a chunk. The limit leaves bytes for every phase. */
  readonly chunkBytesMax: number;
  /** Waits until the bytes between two offsets of a file may be sent. */
  mayBegin(number: number, from: number, to: number): Promise<void>;
  accepted(number: number, bytes: number): void;
  /** The share of all bytes that the gateway has acknowledged. */
  progress(): number;
  /** Lets the clients begin the next equal share of all bytes. */
  beginNextPhase(): void;
}

function createPace(files: readonly Buffer[], phases: number): Pace {
  const bytes = files.reduce((sum, { byteLength }) => sum + byteLength, 0);
  const begun = files.map(() => 0);
  const accepted = files.map(() => 0);
  const shareOf = (counts: readonly number[]): number => counts.reduce((sum, one) => sum + one, 0) / bytes;
  let phase = 1;
  return {
    chunkBytesMax: Math.floor(bytes / phases),
    async mayBegin(number, from, to) {
      accepted[number] = from;
      begun[number] = from;
      while (shareOf(begun) >= phase / phases) await wait(20);
      begun[number] = to;
    },
    accepted: (number, count) => void (accepted[number] = count),
    progress: () => shareOf(accepted),
    beginNextPhase: () => void (phase += 1),
  };
}

interface KillOptions {
  readonly kills: number;
  readonly random: Random;
  readonly pace: Pace;
  readonly isSent: () => boolean;
}

/** Kills the gateway each time that a share of all bytes is acknowledged. Returns the number of kills before the last byte. */
async function killDuring(gateway: BucketGateway, { kills, random, pace, isSent }: KillOptions): Promise<number> {
  let during = 0;
  for (let number = 0; number < kills; number += 1) {
    const share = (number + random.next()) / (kills + 1);
    while (pace.progress() < share && !isSent()) await wait(5);
    await wait(random.between(0, 50));
    if (!isSent()) during += 1;
    pace.beginNextPhase();
    await gateway.kill();
    await gateway.start();
  }
  return during;
}

async function createMedia(gatewayUrl: string, bytes: number): Promise<{ id: string; uploadUrl: string }> {
  for (let attempts = 1; ; attempts += 1) {
    const sent = await sendOperation(gatewayUrl, { query: CREATE, variables: { bytes } }, null);
    const data = 'answer' in sent ? (sent.answer.data as { createMedia?: CreatedMedia } | null) : null;
    const media = data?.createMedia;
    if (media?.upload !== undefined && media.upload !== null) return { id: media.id, uploadUrl: media.upload.url };
    if (attempts === 100) throw new Error(`no media was created: ${JSON.stringify(sent)}`);
    await wait(200);
  }
}

interface CreatedMedia {
  readonly id: string;
  readonly upload: { readonly url: string } | null;
}

/** Sends a file. Resolves with null, or with the error that the client gave up with. */
function send(
  file: Buffer,
  options: { readonly uploadUrl: string; readonly chunkSize: number },
  { number, pace }: { readonly number: number; readonly pace: Pace },
): Promise<string | null> {
  const beforeRequest = async (request: HttpRequest): Promise<void> => {
    if (request.getMethod() !== 'PATCH') return;
    const offset = Number(request.getHeader('Upload-Offset'));
    await pace.mayBegin(number, offset, Math.min(offset + options.chunkSize, file.byteLength));
  };
  return new Promise((resolve) => {
    new Upload(file, {
      ...options,
      httpStack: HTTP_STACK,
      retryDelays: RETRY_DELAYS,
      onBeforeRequest: beforeRequest,
      onChunkComplete: (_size, accepted) => pace.accepted(number, accepted),
      onSuccess: () => {
        pace.accepted(number, file.byteLength);
        resolve(null);
      },
      onError: (error) => resolve(String(error)),
    }).start();
  });
}

/** Waits until a media is checked, and downloads it. */
async function settle(
  gatewayUrl: string,
  client: Pick<UploadView, 'mediaId' | 'sha256' | 'failure'>,
): Promise<UploadView> {
  const deadlineMs = Date.now() + SETTLE_MS_MAX;
  let media: StoredMedia | null = null;
  while (Date.now() < deadlineMs) {
    const sent = await sendOperation(gatewayUrl, { query: READ, variables: { id: client.mediaId } }, null);
    media = 'answer' in sent ? (sent.answer.data as { node: StoredMedia | null }).node : media;
    if (media?.status === 'READY' || media?.status === 'REJECTED') break;
    await wait(250);
  }
  const served = media?.url == null ? null : await fetch(media.url).then((response) => response.arrayBuffer());
  const servedSha256 = served === null ? null : createHash('sha256').update(new Uint8Array(served)).digest('hex');
  return { ...client, media, servedSha256 };
}

/** The promises about uploads. */
export const UPLOAD_CHECKS: readonly Check<UploadEvidence>[] = [
  {
    promise: 'the gateway was killed during the uploads',
    violations: ({ kills, killsDuringUploads }) =>
      killsDuringUploads >= kills * 0.9 ? [] : [`only ${killsDuringUploads} of ${kills} kills`],
  },
  {
    promise: 'every upload is complete, is ready, and serves the bytes that were sent',
    violations: ({ views }) =>
      views.flatMap(({ mediaId, sha256, failure, media, servedSha256 }) => {
        if (failure !== null) return [`${mediaId}: ${failure}`];
        if (media?.status !== 'READY') return [`${mediaId}: ${JSON.stringify(media)}`];
        return media.sha256 === sha256 && servedSha256 === sha256
          ? []
          : [`${mediaId}: ${sha256} was sent, ${media.sha256} is recorded, ${servedSha256} is served`];
      }),
  },
  {
    promise: 'the bucket has one file for each upload, and no part beside; no row of an upload is left',
    violations: ({ views, remains: { files, orphanParts, objects, rows } }) => [
      ...(files === views.length ? [] : [`${files} files for ${views.length} uploads`]),
      ...(orphanParts === 0 ? [] : [`${orphanParts} orphan parts`]),
      ...(objects === views.length ? [] : [`${objects} objects for ${views.length} uploads`]),
      ...(rows === 0 ? [] : [`${rows} rows`]),
    ],
  },
];
