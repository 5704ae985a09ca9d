import { setTimeout as wait } from 'node:timers/promises';
import { SETTINGS } from '../../../../src/settings.ts';
import {
  addressOf,
  createTally,
  floodHttp,
  harmless,
  outcomeOf,
  type Tally,
  type Target,
  type TenantAttack,
} from './attack.ts';
import { createHttpPool } from './http-pool.ts';
import { LARGE_MB, largeLipSync } from './large-lip-sync.ts';
import { initFrame, openSocketClient } from './socket-client.ts';
import { openStreamClient } from './stream-client.ts';

/** Nearly what all hubs of the pool hold. Of each workerd has two files open: the 10,000 would be more than many a machine allows. */
const SOCKETS_TRIED = 9_000;

/** A has so many refused in a row before it takes it that there is no more room. */
const REFUSED_MAX = 200;

/** Opens sockets and streams until no more are taken, and keeps them. `addressFor`: where the i-th comes from. */
async function takeAllSockets(target: Target, addressFor: (i: number) => string, withToken: boolean): Promise<Tally> {
  const tally = createTally();
  const so = { tried: 0, refused: 0 };
  function count(how: string, isTaken: boolean): void {
    tally.add(how);
    so.refused = isTaken ? 0 : so.refused + 1;
  }
  async function openSome(): Promise<void> {
    while (so.tried < SOCKETS_TRIED && so.refused < REFUSED_MAX) {
      const number = so.tried;
      so.tried += 1;
      await openOne(target, addressFor(number), withToken, number, count);
    }
  }
  await Promise.all(Array.from({ length: 50 }, openSome));
  return tally;
}

async function openOne(
  target: Target,
  address: string,
  withToken: boolean,
  number: number,
  count: (how: string, isTaken: boolean) => void,
): Promise<void> {
  const { promise: known, resolve } = Promise.withResolvers<void>();
  if (withToken && number % 4 === 0) {
    const operation = { query: 'subscription { tasksChanged { cursor } }' };
    const stream = openStreamClient(target.port, { ...target, address }, operation, () => {});
    void stream.closed.then((how) => {
      count(`stream ${how}`, false);
      return resolve();
    });
    // A stream that is kept says nothing until there is an event.
    await Promise.race([known, wait(200)]);
    return;
  }
  const caller = { authorization: withToken ? target.authorization : null, address };
  const onMessage = (message: Buffer): void => {
    if (message.includes('connection_ack')) count('socket taken', true);
    resolve();
  };
  try {
    const socket = await openSocketClient({ port: target.port, caller, onMessage });
    void socket.closed.then((code) => {
      count(`socket closed with ${code}`, false);
      return resolve();
    });
    if (withToken) socket.send(initFrame(target));
    else {
      count('socket taken', true);
      resolve();
    }
    await known;
  } catch (error) {
    count(`socket ${error instanceof Error ? error.message : String(error)}`, false);
  }
}

/** Goes on trying: a place that becomes free is taken. */
async function keepTrying(
  target: Target,
  addressFor: (i: number) => string,
  withToken: boolean,
  tally: Tally,
  stop: AbortSignal,
): Promise<void> {
  for (let i = SOCKETS_TRIED; !stop.aborted; i += 1) {
    void openOne(target, addressFor(i), withToken, i, (how) => tally.add(`later: ${how}`));
    await wait(20);
  }
}

function sockets(name: string, addressFor: (i: number) => string, withToken: boolean): TenantAttack {
  return {
    name,
    async prepare(target) {
      const taken = await takeAllSockets(target, addressFor, withToken);
      return async (stop) => {
        await keepTrying(target, addressFor, withToken, taken, stop);
        return harmless(taken);
      };
    },
  };
}

const WAITING_MB_MAX = Number(SETTINGS.TENANT_WAITING_BYTES_MAX.fallback) / 1e6;

/** At Kling: the tasks of both tenants soon wait. */
const SLOTS = 3;

/** Tasks that wait before the attack is timed, so that the bound is reached in its course. */
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
      // Each takes 80 ms of the thread that all share here.
      await floodHttp(target, () => request, { perSecond: 4, inFlight: 1 }, tally, stop);
      return outcomeOf(tally, 'MB of audio wait', tally.count('200') * LARGE_MB, WAITING_MB_MAX + SLOTS * LARGE_MB);
    };
  },
};

/** Those that take what there is only so much of. */
export const ROOM_ATTACKS: readonly TenantAttack[] = [
  sockets('6a all sockets, from many addresses', addressOf, true),
  sockets('6b all sockets, without a token, from one address', () => addressOf(0), false),
  sockets('6c all sockets, without a token, from one network', (i) => `2001:db8::${i.toString(16)}`, false),
  waitingTasks,
];
