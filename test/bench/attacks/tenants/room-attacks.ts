import { setTimeout as wait } from 'node:timers/promises';
import { SETTINGS } from '../../../../src/config/settings.ts';
import {
  addressOf,
  createTally,
  floodHttp,
  LARGE_MB,
  largeLipSync,
  outcomeOf,
  type Tally,
  type Target,
  type TenantAttack,
} from './attack.ts';
import { createHttpPool } from './http-pool.ts';
import { initFrame, openSocketClient } from './socket-client.ts';
import { openStreamClient } from './stream-client.ts';

/** Nearly the capacity of the pool. workerd opens two files for each socket, and many machines do not allow 20,000. */
const SOCKETS_TRIED = 9_000;

/** The refusals in a row after which A stops, because the pool is full. */
const REFUSED_MAX = 200;

/** The sockets and streams of A. */
interface Holding {
  readonly tally: Tally;
  /** The number of open ones, now and at most. */
  open: number;
  most: number;
  /** The refusals in a row. */
  refused: number;
}

/** The addresses of A's sockets, and whether they send a token. */
interface Origin {
  readonly addressFor: (i: number) => string;
  readonly hasToken: boolean;
}

/** Opens sockets and streams until they are refused, and keeps them open. */
async function takeAllSockets(target: Target, origin: Origin): Promise<Holding> {
  const holding: Holding = { tally: createTally(), open: 0, most: 0, refused: 0 };
  const so = { tried: 0 };
  async function openSome(): Promise<void> {
    while (so.tried < SOCKETS_TRIED && holding.refused < REFUSED_MAX) {
      so.tried += 1;
      await openOne(target, origin, so.tried, holding);
    }
  }
  await Promise.all(Array.from({ length: 50 }, openSome));
  return holding;
}

function take(holding: Holding): void {
  holding.open += 1;
  holding.most = Math.max(holding.most, holding.open);
  holding.refused = 0;
}

async function openOne(target: Target, origin: Origin, number: number, holding: Holding): Promise<void> {
  const { promise: known, resolve } = Promise.withResolvers<void>();
  const caller = { ...target, address: origin.addressFor(number) };
  let isTaken = false;
  function taken(): void {
    isTaken = true;
    take(holding);
    resolve();
  }
  function lost(how: string): void {
    holding.tally.add(how);
    if (isTaken) holding.open -= 1;
    else holding.refused += 1;
    resolve();
  }

  if (origin.hasToken && number % 4 === 0) {
    const operation = { query: 'subscription { taskUpdates { cursor } }' };
    const stream = openStreamClient(target.port, caller, operation, () => {});
    void stream.closed.then((how) => lost(`stream ${how}`));
    void stream.opened.then(taken);
    await known;
    return;
  }
  const onMessage = (message: Buffer): void => {
    if (message.includes('connection_ack')) taken();
  };
  const authorization = origin.hasToken ? target.authorization : null;
  try {
    const socket = await openSocketClient({ port: target.port, caller: { ...caller, authorization }, onMessage });
    void socket.closed.then((code) => lost(`closed with ${code}`));
    if (origin.hasToken) socket.send(initFrame(target));
    else taken();
    await known;
  } catch (error) {
    lost(error instanceof Error ? error.message : String(error));
  }
}

/** Keeps trying to open more, so that A takes each place that becomes free. */
async function keepTrying(target: Target, origin: Origin, holding: Holding, stop: AbortSignal): Promise<void> {
  for (let i = SOCKETS_TRIED; !stop.aborted; i += 1) {
    void openOne(target, origin, i, holding);
    await wait(20);
  }
}

function sockets(name: string, origin: Origin, max: number): TenantAttack {
  return {
    name,
    async prepare(target) {
      const holding = await takeAllSockets(target, origin);
      return async (stop) => {
        await keepTrying(target, origin, holding, stop);
        return outcomeOf(holding.tally, 'sockets open at once', holding.most, max);
      };
    },
  };
}

const WAITING_MB_MAX = Number(SETTINGS.TENANT_WAITING_BYTES_MAX.fallback) / 1e6;

/** The slots at Kling. They are few, so that tasks of both tenants soon wait. */
const SLOTS = 3;

/** The tasks that wait before the measurement, so that the attack reaches the bound during it. */
const FILLED = 40;

const waitingTasks: TenantAttack = {
  name: '7 waiting tasks of 7 MB each, past the bound',
  vars: { KLING_CONCURRENCY: String(SLOTS), TENANT_MUTATIONS_PER_MINUTE: '300' },
  async prepare(target) {
    const pool = createHttpPool(target.port);
    const request = await largeLipSync(target, pool);
    const tally = createTally();
    for (let i = 0; i < FILLED; i += 1) {
      const { status } = await pool.ask(request);
      tally.add(String(status));
    }
    pool.close();
    return async (stop) => {
      // Each takes 80 ms of the shared thread.
      await floodHttp(target, () => request, { perSecond: 4, inFlight: 1 }, tally, stop);
      return outcomeOf(tally, 'MB of audio wait', tally.count('200') * LARGE_MB, WAITING_MB_MAX + SLOTS * LARGE_MB);
    };
  },
};

/** The attacks on limited resources. */
export const ROOM_ATTACKS: readonly TenantAttack[] = [
  sockets(
    '6a all sockets, from many addresses',
    { addressFor: addressOf, hasToken: true },
    Number(SETTINGS.TENANT_SOCKETS_MAX.fallback),
  ),
  sockets(
    '6b all sockets, without a token, from one address',
    { addressFor: () => addressOf(0), hasToken: false },
    Number(SETTINGS.ADDRESS_SOCKETS_MAX.fallback),
  ),
  sockets(
    '6c all sockets, without a token, from one network',
    { addressFor: (i) => `2001:db8::${i.toString(16)}`, hasToken: false },
    Number(SETTINGS.ADDRESS_SOCKETS_MAX.fallback),
  ),
  waitingTasks,
];
