import { once } from 'node:events';
import { setTimeout as wait } from 'node:timers/promises';
import { toRequest } from '../../http/http-client.ts';
import { type Caller, createHttpPool, type HttpPool, toCallbackRequest, toGraphqlRequest } from './http-pool.ts';
import { createKlingControl } from './kling-control.ts';
import { initFrame, openSocketClient, type SocketClient } from './socket-client.ts';
import type { Tenant } from './stage.ts';

/** Where tenant A attacks, and as whom. */
export interface Target extends Tenant {
  readonly port: number;
  readonly klingPort: number;
}

/** One way in which tenant A tries to slow tenant B down. */
export interface TenantAttack {
  readonly name: string;
  /** Settings of the gateway that this attack needs. */
  readonly vars?: Readonly<Record<string, string>>;
  /** Tenant B is quiet for so long before each second of use, so that the hub hibernates. */
  readonly quietSeconds?: number;
  /** Makes what the attack needs. The result attacks until it is stopped, and resolves with what it brought. */
  readonly prepare: (target: Target) => Promise<(stop: AbortSignal) => Promise<Outcome>>;
}

/** What an attack brought A. */
export interface Outcome {
  /** What A was answered. */
  readonly notes: string;
  /** What A got and must not get; null: nothing. */
  readonly excess: string | null;
}

/** A got `count` of something that it may have `max` of. */
export function outcomeOf(tally: Tally, what: string, count: number, max: number): Outcome {
  const notes = `${tally.toString()}; ${count} ${what}`;
  return { notes, excess: count > max ? `${count} ${what}, at most ${max} are allowed` : null };
}

/** Only tenant B tells whether there was harm. */
export function harmless(tally: Tally): Outcome {
  return { notes: tally.toString(), excess: null };
}

/** Counts what A was answered. */
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

/** Addresses that A attacks from: the last part of an IPv4 address. */
export function addressOf(number: number): string {
  return `203.0.${113 + Math.floor(number / 250)}.${1 + (number % 250)}`;
}

export interface Pace {
  readonly perSecond: number;
  /** Bounds what is under way, so that A waits as well where the gateway does not answer. */
  readonly inFlight: number;
}

/** Sends requests one after the other, beginning again after the last. `requestFor` makes the i-th. */
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
  /** Whether the upgrade and `connection_init` carry the token. */
  readonly isAuthorized: boolean;
  readonly work: (socket: SocketClient, isOpen: () => boolean) => Promise<void>;
}

/** Between a socket's end and the next try. */
const REOPEN_MS = 1_000;

/** Keeps sockets open, each doing its work, and opens another for each that is closed. */
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

const CREATE = 'mutation ($input: CreateVoiceInput!) { createVoice(input: $input) { task { id klingTaskId } } }';

/** Tasks of A's that are at Kling. */
export async function makeTasks(
  target: Target,
  count: number,
): Promise<readonly { id: string; klingTaskId: string }[]> {
  const pool = createHttpPool(target.port);
  const made: { id: string; klingTaskId: string }[] = [];
  let next = 0;
  async function makeSome(): Promise<void> {
    while (next < count) {
      const input = { name: 'Narrator', source: { url: 'https://example.com/a-12s.mp3' }, externalId: `a-${next}` };
      next += 1;
      const { body } = await pool.ask(toGraphqlRequest(target, { query: CREATE, variables: { input } }));
      const { data } = JSON.parse(body.toString()) as {
        data: { createVoice: { task: { id: string; klingTaskId: string } } };
      };
      made.push(data.createVoice.task);
    }
  }
  await Promise.all(Array.from({ length: 8 }, makeSome));
  pool.close();
  return made;
}

/** Tells the gateway of changes of one task, so many a second, until it is stopped. Each is an event of the tenant's. */
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

/** 5 MB of what looks like an MP3, in base64. */
const AUDIO = `SUQz${'A'.repeat(6_990_000)}`;

/** What one such request weighs. */
export const LARGE_MB = 7;

const SCAN = 'mutation ($input: IdentifyFacesInput!) { identifyFaces(input: $input) { faceScan { faces { id } } } }';
const LIP_SYNC = 'mutation ($input: CreateLipSyncTaskInput!) { createLipSyncTask(input: $input) { task { id } } }';
const PLACEMENT = { cropStartMs: 0, cropEndMs: 3_000, insertAtMs: 500, videoDurationMs: 10_000 };

/** A request with the largest audio there may be. It has no external id: each time it is sent it makes another task. */
export async function largeLipSync(caller: Caller, pool: HttpPool): Promise<Buffer> {
  const video = { url: 'https://example.com/person-10s.mp4' };
  const { body } = await pool.ask(toGraphqlRequest(caller, { query: SCAN, variables: { input: { video } } }));
  const { data } = JSON.parse(body.toString()) as {
    readonly data: { readonly identifyFaces: { readonly faceScan: { readonly faces: readonly { id: string }[] } } };
  };
  const faceId = data.identifyFaces.faceScan.faces[0]?.id;
  const variables = { input: { faceId, sound: { base64: AUDIO }, placement: PLACEMENT } };
  const headers = { Authorization: caller.authorization };
  return toRequest('POST', '/graphql', JSON.stringify({ query: LIP_SYNC, variables }), headers);
}
