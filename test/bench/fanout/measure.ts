import { setTimeout as wait } from 'node:timers/promises';
import type { BuiltWorker } from '../../node/raw-workerd.ts';
import { openClients, type Clients } from './clients.ts';
import { cpuUs } from './cpu.ts';
import { startGatewaySide, startHubSide, startLimitSide, startPeerSide, type Callback, type Side } from './sides.ts';
import { isExpectedPayload } from './subscription.ts';

/** The measurements of one side with one number of sockets. */
export interface Measured {
  readonly sockets: number;
  readonly side: Side['name'];
  /** The time of each event, from the first byte of its callback to the last byte at the last socket. */
  readonly lastSocketMs: readonly number[];
  /** The server's CPU for each message to a socket, including its share of the callback. One value for each round. */
  readonly serverUs: readonly number[];
  /** The same for the process that holds the sockets. */
  readonly clientUs: readonly number[];
}

/** A wrong answer. */
export class WrongAnswer extends Error {}

/** The smallest number of messages in a round, so that its CPU time is measurable. */
const MESSAGES_MIN = 20_000;
const EVENTS_MIN = 5;
const EVENTS_MAX = 40;

/** The timeout for one event to reach all sockets. */
const EVENT_MS_MAX = 30_000;

/** The lower limits have fewer sockets, to save open files. Their CPU for a message hardly depends on the number. */
const LIMIT_SOCKETS_MAX = 2_000;

/** The wait for a probe event while subscriptions are set up. */
const PROBE_MS = 3_000;
const PROBES_MAX = 20;

/** The pause between two events, so that they are sent one by one. */
const PAUSE_MS = 10;

/** The wait after the last message, for remaining work of the server and for surplus messages. */
const SETTLE_MS = 150;

/**
 * Measures all sides with the same number of sockets. All sockets stay connected for the whole run. The sides take turns, and
 * each round starts with another side. Throws `WrongAnswer` if a socket did not receive exactly the expected messages.
 */
export async function measure(
  { gateway, hub }: { readonly gateway: BuiltWorker; readonly hub: BuiltWorker },
  { sockets, rounds }: { readonly sockets: number; readonly rounds: number },
): Promise<readonly Measured[]> {
  const closing: (() => Promise<void> | void)[] = [];
  try {
    const takers: { side: Side; clients: Clients; measured: ReturnType<typeof emptyMeasured> }[] = [];
    const starts = [() => startGatewaySide(gateway), startPeerSide, () => startHubSide(hub), startLimitSide];
    for (const start of starts) {
      const side = await start();
      const isLimit = side.name === 'hub' || side.name === 'limit';
      const count = isLimit ? Math.min(sockets, LIMIT_SOCKETS_MAX) : sockets;
      closing.unshift(() => side.close());
      const clients = await openClients(side.port, count, side.subscriptionId);
      closing.unshift(() => clients.close());
      await waitForAll(side, clients);
      await runRound(side, clients, eventsFor(count));
      takers.push({ side, clients, measured: emptyMeasured(count, side.name) });
    }
    for (let round = 0; round < rounds; round += 1) {
      for (let turn = 0; turn < takers.length; turn += 1) {
        const { side, clients, measured } = takers[(round + turn) % takers.length]!;
        const events = eventsFor(measured.sockets);
        const { lastSocketMs, serverUs, clientUs } = await runRound(side, clients, events);
        measured.lastSocketMs.push(...lastSocketMs);
        measured.serverUs.push(serverUs / events / measured.sockets);
        measured.clientUs.push(clientUs / events / measured.sockets);
      }
    }
    return takers.map(({ measured }) => measured);
  } finally {
    for (const close of closing) await close();
  }
}

function eventsFor(sockets: number): number {
  return Math.min(EVENTS_MAX, Math.max(EVENTS_MIN, Math.ceil(MESSAGES_MIN / sockets)));
}

function emptyMeasured(sockets: number, side: Side['name']) {
  return {
    sockets,
    side,
    lastSocketMs: [] as number[],
    serverUs: [] as number[],
    clientUs: [] as number[],
  } satisfies Measured;
}

/** Returns once an event reaches every socket, because the protocol does not confirm a subscription. */
async function waitForAll(side: Side, clients: Clients): Promise<void> {
  for (let probe = 1; ; probe += 1) {
    const [callback] = await side.makeEvents(1);
    const reached = clients.next(PROBE_MS).then(
      () => null,
      (error: unknown) => String(error),
    );
    await call(callback);
    const missed = await reached;
    await wait(SETTLE_MS);
    clients.forget();
    if (missed === null) return;
    if (probe === PROBES_MAX) throw new WrongAnswer(`${side.name}: not all could subscribe: ${missed}`);
  }
}

async function runRound(side: Side, clients: Clients, events: number) {
  const callbacks = await side.makeEvents(events);
  await wait(SETTLE_MS);
  const lastSocketMs: number[] = [];
  const serverBeforeUs = cpuUs(side.pid);
  const clientBefore = process.cpuUsage();
  for (const callback of callbacks) {
    const arriving = clients.next(EVENT_MS_MAX);
    const startedMs = performance.now();
    const [arrival] = await Promise.all([arriving, call(callback)]).catch((error: unknown) => {
      throw new WrongAnswer(`${side.name}: ${String(error)}`);
    });
    lastSocketMs.push(arrival.atMs - startedMs);
    if (!isExpectedPayload(arrival.payload)) throw new WrongAnswer(`${side.name}: ${arrival.payload}`);
    await wait(PAUSE_MS);
  }
  await wait(SETTLE_MS);
  const { user, system } = process.cpuUsage(clientBefore);
  const serverUs = cpuUs(side.pid) - serverBeforeUs;
  if (clients.problems.length > 0) throw new WrongAnswer(`${side.name}: ${clients.problems.join('; ')}`);
  return { lastSocketMs, serverUs, clientUs: user + system };
}

async function call(callback: Callback | undefined): Promise<void> {
  const status = await callback?.();
  if (status !== 204) throw new WrongAnswer(`a callback was answered with ${status}`);
}
