import { setTimeout as wait } from 'node:timers/promises';
import { toTextFrame } from '../../fanout/frames.ts';
import { changeTask, createTally, floodHttp, harmless, keepSockets, makeTasks, type TenantAttack } from './attack.ts';
import { toGraphqlRequest } from './http-pool.ts';
import { completeFrame, type SocketClient, subscribeFrame } from './socket-client.ts';

/** The number of operations that a socket may have at once. */
const OPERATIONS = 64;

/** Nearly the largest message. */
const MESSAGE_CHARS = 64_000;

/** Nearly the largest subscription. */
const SUBSCRIPTION_CHARS = 8_000;

const FILTERED = 'subscription ($f: TaskFilterInput) { taskUpdates(filter: $f) { cursor } }';

function unknownKeys(count: number): object {
  return Object.fromEntries(Array.from({ length: count }, (_, i) => [`k${i}`, 1]));
}

/** Sends the frames in turn, repeatedly. */
function repeating(frames: readonly Buffer[], perSecond: number) {
  return async (socket: SocketClient, isOpen: () => boolean): Promise<void> => {
    for (let i = 0; isOpen(); i += 1) {
      const frame = frames[i % frames.length];
      if (frame !== undefined) socket.send(frame);
      await wait(1_000 / perSecond);
    }
  };
}

/** Sends each frame once and keeps the socket open. */
function keeping(frames: readonly Buffer[]) {
  return async (socket: SocketClient): Promise<void> => {
    for (const frame of frames) {
      socket.send(frame);
      // Stays within the rate at which a socket may start operations.
      await wait(50);
    }
    await socket.closed;
  };
}

/** Creates a document with `$` before many `#`. It is exponential for an expression that allows nested comments. */
function afterDocument(hashes: number, fields = 'cursor'): string {
  return `subscription ($a: String) { taskUpdates(after: $a) { ${fields} } } #$${'#'.repeat(hashes)}`;
}

function framesOf(count: number, operation: (i: number) => object): readonly Buffer[] {
  return Array.from({ length: count }, (_, i) => subscribeFrame(String(i), operation(i)));
}

const expression: TenantAttack = {
  name: '1a many # after a $',
  prepare: async (target) => async (stop) => {
    const tally = createTally();
    const frames = framesOf(OPERATIONS, (i) => {
      return { query: afterDocument(i % 2 === 0 ? SUBSCRIPTION_CHARS : MESSAGE_CHARS) };
    });
    await keepSockets(target, { count: 10, isAuthorized: true, work: repeating(frames, 5) }, tally, stop);
    return harmless(tally);
  },
};

const smallMessages: TenantAttack = {
  name: '2d messages that do nothing, 4,000 a second',
  prepare: async (target) => async (stop) => {
    const tally = createTally();
    const ends = Buffer.concat(Array.from({ length: 10 }, (_, i) => completeFrame(String(i))));
    await keepSockets(target, { count: 20, isAuthorized: true, work: repeating([ends], 20) }, tally, stop);
    return harmless(tally);
  },
};

const NODE =
  'id externalId status createdAt updatedAt expiresAt unitsCharged kling { klingStatus klingTaskId } queuePosition';

/** Returns the size of the i-th attempt. Operations that are too expensive are refused, so A tries smaller sizes. */
function sizeOf(sizes: readonly number[], i: number): number {
  return sizes[i % sizes.length] ?? 1;
}

/** Creates a subscription that is expensive to parse and to validate. */
function largeSubscription(i: number): object {
  const lists = Array.from({ length: sizeOf([20, 10, 4, 1], i) }, (_, list) => {
    return `... on LipSyncTask { e${i}x${list}: face { startMs endMs scan { id faces { id startMs } } } }`;
  });
  return { query: afterDocument(18, `cursor task { ${lists.join(' ')} }`) };
}

const waking: TenantAttack = {
  name: '1b large subscriptions on a hub that wakes',
  quietSeconds: 13,
  prepare: async (target) => async (stop) => {
    const tally = createTally();
    await Promise.all(
      Array.from({ length: 16 }, (_, socket) => {
        const frames = framesOf(OPERATIONS, (i) => largeSubscription(socket * OPERATIONS + i));
        return keepSockets(target, { count: 1, isAuthorized: true, work: keeping(frames) }, tally, stop);
      }),
    );
    return harmless(tally);
  },
};

const unknownVariables: TenantAttack = {
  name: '2a variables of 5,000 unknown keys on 20 sockets',
  prepare: async (target) => async (stop) => {
    const tally = createTally();
    const frames = framesOf(OPERATIONS, () => ({ query: FILTERED, variables: { f: unknownKeys(5_000) } }));
    await keepSockets(target, { count: 20, isAuthorized: true, work: repeating(frames, 20) }, tally, stop);
    return harmless(tally);
  },
};

const unknownVariablesOverHttp: TenantAttack = {
  name: '2b variables of 9,000 unknown keys over HTTP',
  prepare: async (target) => async (stop) => {
    const tally = createTally();
    const query =
      'mutation ($input: CreateVoiceTaskInput!) { createVoiceTask(input: $input) { ... on VoiceTask { id } ... on Failure { code message } } }';
    const request = toGraphqlRequest(target, { query, variables: { input: unknownKeys(9_000) } });
    await floodHttp(target, () => request, { perSecond: 30, inFlight: 2 }, tally, stop);
    return harmless(tally);
  },
};

const pings: TenantAttack = {
  name: '2c pings of 44 KB without a token, 130 a second',
  prepare: async (target) => async (stop) => {
    const tally = createTally();
    const ping = toTextFrame(JSON.stringify({ type: 'ping', payload: { x: 'x'.repeat(44_000) } }));
    await keepSockets(target, { count: 13, isAuthorized: false, work: repeating([ping], 10) }, tally, stop);
    return harmless(tally);
  },
};

function heavySubscription(i: number): object {
  const calls = Array.from({ length: sizeOf([20, 14, 8, 4, 1], i) }, (_, call) => `e${i}x${call}: queuePosition`);
  return { query: `subscription { taskUpdates { cursor task { ${NODE} ${calls.join(' ')} } } }` };
}

/** The events that 300 mutations a minute cause. Each new task is two events. */
const EVENTS_PER_SECOND = 10;

/** Creates an attack with `heavy` sockets of distinct expensive operations, and `light` sockets that share one operation. */
function subscriptions(name: string, heavy: number, light: number): TenantAttack {
  return {
    name,
    async prepare(target) {
      const [task] = await makeTasks(target, 1);
      const { klingTaskId } = task ?? { klingTaskId: '' };
      const lightFrames = framesOf(OPERATIONS, () => ({ query: `subscription { taskUpdates { task { ${NODE} } } }` }));
      return async (stop) => {
        const tally = createTally();
        await Promise.all([
          changeTask(target, klingTaskId, { perSecond: EVENTS_PER_SECOND }, stop),
          keepSockets(target, { count: light, isAuthorized: true, work: keeping(lightFrames) }, tally, stop),
          ...Array.from({ length: heavy }, (_, socket) => {
            const frames = framesOf(OPERATIONS, (i) => heavySubscription(socket * OPERATIONS + i));
            return keepSockets(target, { count: 1, isAuthorized: true, work: keeping(frames) }, tally, stop);
          }),
        ]);
        return harmless(tally);
      };
    },
  };
}

const presentStates: TenantAttack = {
  name: '3b present states of 950 open tasks, in a loop',
  async prepare(target) {
    await makeTasks(target, 950);
    return async (stop) => {
      const tally = createTally();
      const subscribe = framesOf(OPERATIONS, (i) => {
        return { query: `subscription { taskUpdates { a${i}: cursor task { ${NODE} } } }` };
      });
      const frames = subscribe.flatMap((frame, i) => [frame, completeFrame(String((i + 60) % OPERATIONS))]);
      await keepSockets(target, { count: 10, isAuthorized: true, work: repeating(frames, 20) }, tally, stop);
      return harmless(tally);
    };
  },
};

/** The attacks on sockets and subscriptions. */
export const HUB_ATTACKS: readonly TenantAttack[] = [
  expression,
  waking,
  unknownVariables,
  unknownVariablesOverHttp,
  pings,
  smallMessages,
  subscriptions('3a 256 heavy live subscriptions, 10 events a second', 4, 0),
  presentStates,
  subscriptions('3c 5,000 live subscriptions, 10 events a second', 0, 78),
];
