import { setTimeout as wait } from 'node:timers/promises';
import { toRequest } from '../../http/http-client.ts';
import { addressOf, createTally, floodHttp, harmless, type Tally, type Target, type TenantAttack } from './attack.ts';
import { createHttpPool, toGraphqlRequest } from './http-pool.ts';
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

/** 5 MB of what looks like an MP3, in base64. */
const AUDIO = `SUQz${'A'.repeat(6_990_000)}`;
const SCAN = 'mutation ($input: IdentifyFacesInput!) { identifyFaces(input: $input) { faceScan { faces { id } } } }';
const LIP_SYNC = 'mutation ($input: CreateLipSyncTaskInput!) { createLipSyncTask(input: $input) { task { id } } }';

const waitingTasks: TenantAttack = {
  name: '7 waiting tasks of 7 MB each, 5 a second',
  vars: { KLING_CONCURRENCY: '60', TENANT_MUTATIONS_PER_MINUTE: '300' },
  tasksBefore: 58,
  async prepare(target) {
    const pool = createHttpPool(target.port);
    const video = { url: 'https://example.com/person-10s.mp4' };
    const scanned = await pool.ask(toGraphqlRequest(target, { query: SCAN, variables: { input: { video } } }));
    pool.close();
    const { data } = JSON.parse(scanned.body.toString()) as {
      data: { identifyFaces: { faceScan: { faces: { id: string }[] } } };
    };
    const faceId = data.identifyFaces.faceScan.faces[0]?.id;
    const placement = { cropStartMs: 0, cropEndMs: 3_000, insertAtMs: 500, videoDurationMs: 10_000 };
    const variables = { input: { faceId, sound: { base64: AUDIO }, placement } };
    const body = JSON.stringify({ query: LIP_SYNC, variables });
    // No external id: each is another task.
    const request = toRequest('POST', '/graphql', body, { Authorization: target.authorization });
    return async (stop) => {
      const tally = createTally();
      await floodHttp(target, () => request, { perSecond: 5, inFlight: 2 }, tally, stop);
      return harmless(tally);
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
