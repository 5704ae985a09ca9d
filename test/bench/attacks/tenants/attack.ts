import { once } from 'node:events';
import { setTimeout as wait } from 'node:timers/promises';
import { toRequest } from '../../http/http-client.ts';
import { type Caller, createHttpPool, type HttpPool, toCallbackRequest, toGraphqlRequest } from './http-pool.ts';
import { createKlingControl } from './kling-control.ts';
import { initFrame, openSocketClient, type SocketClient } from './socket-client.ts';
import type { Tenant } from './stage.ts';

/** The gateway that tenant A attacks, and A's credentials. */
export interface Target extends Tenant {
  readonly port: number;
  readonly klingPort: number;
}

/** An attack of tenant A that tries to slow tenant B down. */
export interface TenantAttack {
  readonly name: string;
  /** The settings of the gateway that the attack needs. */
  readonly vars?: Readonly<Record<string, string>>;
  /** The idle time of tenant B before each second of use, so that the hub hibernates. */
  readonly quietSeconds?: number;
  /** Prepares the attack. The returned function attacks until it is stopped, and resolves to the outcome. */
  readonly prepare: (target: Target) => Promise<(stop: AbortSignal) => Promise<Outcome>>;
}

/** The outcome of an attack for A. */
export interface Outcome {
  /** The answers to A. */
  readonly notes: string;
  /** Describes what A got beyond its bounds. Null if nothing. */
  readonly excess: string | null;
}

/** Creates the outcome of an attack whose bound is `max`. */
export function outcomeOf(tally: Tally, what: string, count: number, max: number): Outcome {
  const notes = `${tally.toString()}; ${count} ${what}`;
  return { notes, excess: count > max ? `${count} ${what}, at most ${max} are allowed` : null };
}

/** Creates the outcome of an attack without a bound. Only the figures of tenant B show harm. */
export function harmless(tally: Tally): Outcome {
  return { notes: tally.toString(), excess: null };
}

/** Counts the answers to A. */
export interface Tally {
  add(what: string): void;
  count(what: string): number;
  toString(): string;
}

export function createTally(): Tally {
  const counts = new Map<string, number>();
  return {
    add: (what) => void counts.set(what, (counts.get(what) ?? 0) + 1),
    count: (what) => counts.get(what) ?? 0,
    toString: () => [...counts].map(([what, count]) => `${count} x ${what}`).join(', ') || 'nothing',
  };
}

/** Returns an address of A. `number` is the last part of an IPv4 address. */
export function addressOf(number: number): string {
  return `203.0.${113 + Math.floor(number / 250)}.${1 + (number % 250)}`;
}

export interface Pace {
  readonly perSecond: number;
  /** The largest number of requests under way. If the gateway does not answer, A waits. */
  readonly inFlight: number;
}

/** Sends requests at a rate until it is stopped. `requestFor` creates the i-th. */
export async function floodHttp(
  { port }: Target,
  requestFor: (i: number) => Buffer,
  { perSecond, inFlight }: Pace,
  tally: Tally,
  stop: AbortSignal,
): Promise<void> {
  const pool = createHttpPool(port);
  const startedAtMs = performance.now();
  const underWay = new Set<object>();
  for (let i = 0; !stop.aborted; i += 1) {
    await wait(Math.max(0, startedAtMs + (i * 1_000) / perSecond - performance.now()));
    while (underWay.size >= inFlight && !stop.aborted) await wait(2);
    if (stop.aborted) break;
    const request = {};
    underWay.add(request);
    pool
      .ask(requestFor(i))
      .then(({ status, body }) => tally.add(`${status}${codeOf(body)}`))
      .catch(() => tally.add('cut'))
      .finally(() => underWay.delete(request));
  }
  pool.close();
}

const CODE = '"code":"';

function codeOf(body: Buffer): string {
  const at = body.indexOf(CODE);
  if (at < 0) return '';
  const start = at + CODE.length;
  return ` ${body.toString('latin1', start, body.indexOf('"', start))}`;
}

export interface SocketPlan {
  readonly count: number;
  /** Whether the upgrade and `connection_init` have the token. */
  readonly isAuthorized: boolean;
  readonly work: (socket: SocketClient, isOpen: () => boolean) => Promise<void>;
}

/** The delay between the end of a socket and the next attempt. */
const REOPEN_MS = 1_000;

/** Keeps sockets open, each with its work. Replaces each socket that is closed. */
export async function keepSockets(
  target: Target,
  { count, isAuthorized, work }: SocketPlan,
  tally: Tally,
  stop: AbortSignal,
): Promise<void> {
  async function keepOne(number: number): Promise<void> {
    const caller = { authorization: isAuthorized ? target.authorization : null, address: addressOf(number) };
    while (!stop.aborted) {
      const { promise: ready, resolve } = Promise.withResolvers<void>();
      const onMessage = (message: Buffer): void => {
        if (message.includes('"type":"connection_ack"')) resolve();
        else if (message.subarray(0, 200).includes('"type":"error"')) tally.add(`error${codeOf(message)}`);
      };
      try {
        const socket = await openSocketClient({ port: target.port, caller, onMessage });
        const over = new AbortController();
        void socket.closed.then((code) => {
          if (!stop.aborted) tally.add(`closed with ${code}`);
          return over.abort();
        });
        if (isAuthorized) socket.send(initFrame(target));
        else resolve();
        await Promise.race([ready, stopped(over.signal)]);
        const end = AbortSignal.any([stop, over.signal]);
        if (!end.aborted) await work(socket, () => !end.aborted);
        socket.close();
      } catch (error) {
        tally.add(error instanceof Error ? error.message : String(error));
      }
      await wait(REOPEN_MS);
    }
  }
  await Promise.race([Promise.all(Array.from({ length: count }, (_, i) => keepOne(i))), stopped(stop)]);
}

/** Resolves after `stop`. */
export async function stopped(stop: AbortSignal): Promise<void> {
  if (!stop.aborted) await once(stop, 'abort');
}

const CREATE =
  'mutation ($input: CreateVoiceTaskInput!) { createVoiceTask(input: $input) { ... on VoiceTask { id kling { klingTaskId } } ... on Failure { code message } } }';

/** Creates tasks of A that are at Kling. */
export async function makeTasks(
  target: Target,
  count: number,
): Promise<readonly { id: string; klingTaskId: string }[]> {
  const pool = createHttpPool(target.port);
  const made: { id: string; klingTaskId: string }[] = [];
  let next = 0;
  async function makeSome(): Promise<void> {
    while (next < count) {
      const input = { name: 'Narrator', sample: { url: 'https://example.com/a-12s.mp3' }, externalId: `a-${next}` };
      next += 1;
      const { body } = await pool.ask(toGraphqlRequest(target, { query: CREATE, variables: { input } }));
      const { data } = JSON.parse(body.toString()) as {
        data: { createVoiceTask: { id: string; kling: { klingTaskId: string } } };
      };
      const { id, kling } = data.createVoiceTask;
      made.push({ id, ...kling });
    }
  }
  await Promise.all(Array.from({ length: 8 }, makeSome));
  pool.close();
  return made;
}

/** Reports changes of one task to the gateway at a rate, until it is stopped. Each change is an event of the tenant. */
export async function changeTask(
  target: Target,
  klingTaskId: string,
  { perSecond, times = Number.POSITIVE_INFINITY }: { readonly perSecond: number; readonly times?: number },
  stop: AbortSignal,
): Promise<void> {
  const pool = createHttpPool(target.port);
  const kling = createKlingControl(target.klingPort);
  for (let i = 0; i < times && !stop.aborted; i += 1) {
    const callback = await kling.change(klingTaskId, `word-${performance.now()}`);
    await Promise.race([pool.ask(toCallbackRequest(callback)).catch(() => {}), stopped(stop)]);
    await wait(1_000 / perSecond);
  }
  pool.close();
  kling.close();
}

/** Base64 of 5 MB that look like an MP3. */
const AUDIO = `SUQz${'A'.repeat(6_990_000)}`;

/** The size of such a request. */
export const LARGE_MB = 7;

const SCAN =
  'mutation ($video: VideoInput!, $externalId: String) { identifyFaces(video: $video, externalId: $externalId) { ... on FaceScan { faces { id } } ... on Failure { code message } } }';
const LIP_SYNC =
  'mutation ($input: CreateLipSyncTaskInput!) { createLipSyncTask(input: $input) { ... on LipSyncTask { id } ... on Failure { code message } } }';
const PLACEMENT = { audioStartMs: 0, audioEndMs: 3_000, insertAtMs: 500 };

/** Creates a request with the largest allowed audio. It has no external id, so each call creates another task. */
export async function largeLipSync(caller: Caller, pool: HttpPool): Promise<Buffer> {
  const video = { url: 'https://example.com/person-10s.mp4' };
  const { body } = await pool.ask(toGraphqlRequest(caller, { query: SCAN, variables: { video } }));
  const { data } = JSON.parse(body.toString()) as {
    readonly data: { readonly identifyFaces: { readonly faces: readonly { id: string }[] } };
  };
  const faceId = data.identifyFaces.faces[0]?.id;
  const variables = {
    input: { face: { faceId }, audio: { base64: AUDIO }, placement: PLACEMENT, videoDurationMs: 10_000 },
  };
  const headers = { Authorization: caller.authorization };
  return toRequest('POST', '/graphql', JSON.stringify({ query: LIP_SYNC, variables }), headers);
}
