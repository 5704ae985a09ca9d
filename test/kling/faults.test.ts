import { describe, it } from 'vitest';
import { ERROR_TABLE, isFault } from '../../src/kling/errors.ts';
import processing from '../fixtures/kling/lip-sync-processing.json?raw';
import { createUpstream, IDENTITY, LIP_SYNC, refusal, type Answer } from './support.ts';

/** Every documented code with its status. Only a fault inside Kling counts against its health. */
const DOCUMENTED: readonly (readonly [code: number, status: number, fault: boolean])[] = [
  ...[1000, 1001, 1002, 1003, 1004].map((code) => [code, 401, false] as const),
  ...[1100, 1101, 1102].map((code) => [code, 429, false] as const),
  [1103, 403, false],
  [1200, 400, false],
  [1201, 400, false],
  [1202, 404, false],
  [1203, 404, false],
  [1300, 400, false],
  [1301, 400, false],
  [1302, 429, false],
  [1303, 429, false],
  [1304, 429, false],
  [5000, 500, true],
  [5001, 503, true],
  [5002, 504, true],
];

/** Unusual statuses. A documented code decides alone, an undocumented one by its band or a status from 500. */
const UNUSUAL: typeof DOCUMENTED = [
  [5000, 200, true],
  [5001, 400, true],
  [5002, 429, true],
  [1201, 500, false],
  [1302, 503, false],
  [1303, 500, false],
  [1299, 400, false],
  [1299, 500, true],
  [5999, 200, true],
  [7777, 400, false],
  [-1, 502, true],
];

const html = (status: number): Answer => ({ status, body: '<html>' });
const spring = (status: number): Answer => ({ status, body: `{"timestamp":1,"status":${status},"error":"no"}` });

/** Answers without an envelope. A refusal of one request is no sign of an outage. */
const BARE: readonly (readonly [name: string, answer: Answer, fault: boolean])[] = [
  ...[400, 401, 403, 404, 405, 413, 414, 415, 422, 425, 429].flatMap((status) => [
    [`HTML with ${status}`, html(status), false] as const,
    [`JSON without a code with ${status}`, spring(status), false] as const,
  ]),
  ...[408, 499, 500, 502, 503, 504, 520].flatMap((status) => [
    [`HTML with ${status}`, html(status), true] as const,
    [`JSON without a code with ${status}`, spring(status), true] as const,
  ]),
  ['HTML with 200', html(200), true],
  ['a redirect', { status: 302, body: '' }, true],
  ['an empty body', '', true],
  ['half a body', processing.slice(0, processing.length / 2), true],
  ['a lost connection', () => Promise.reject(new TypeError('connection reset')), true],
  ['a result', processing, false],
  ['a result of an unexpected shape', '{"code":0,"message":"","data":[]}', false],
];

async function faultsOf(answer: Answer): Promise<readonly boolean[]> {
  const { client, events } = createUpstream(Array.from({ length: 8 }, () => answer));
  await client.readLipSyncTask('1').catch(() => null);
  await client.createLipSyncTask(LIP_SYNC, IDENTITY).catch(() => null);
  return [...new Set(events.map((event) => isFault(event)))];
}

describe('isFault, of a read and of a create', () => {
  it.for([...DOCUMENTED, ...UNUSUAL])('code %i with HTTP %i: %s', async ([code, status, fault], { expect }) => {
    expect(await faultsOf(refusal(code, status))).toEqual([fault]);
  });

  it.for(BARE)('%s: %s', async ([, answer, fault], { expect }) => {
    expect(await faultsOf(answer)).toEqual([fault]);
  });

  it('covers every documented code in these tables', ({ expect }) => {
    expect(DOCUMENTED.map(([code]) => code)).toEqual([...ERROR_TABLE.keys()]);
  });

  it.for([
    ['TIMEOUT', null, null, true],
    ['TIMEOUT', 200, null, true],
    ['TIMEOUT', 404, null, true],
    ['NETWORK', 200, null, true],
    // Not Kling's fault: the caller aborted, or a scan found no face.
    ['CANCELLED', null, null, false],
    ['FAILED', 200, 0, false],
  ] as const)('%s, HTTP %s, code %s: %s', ([outcome, httpStatus, klingCode, fault], { expect }) => {
    expect(isFault({ outcome, httpStatus, klingCode })).toBe(fault);
  });
});
