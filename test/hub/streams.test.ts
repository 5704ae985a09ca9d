import { evictDurableObject, runInDurableObject } from 'cloudflare:test';
import { describe, it } from 'vitest';
import { MULTIPART, SSE, type StreamFormat, streamFormatOf } from '../../src/http/stream.ts';
import { openSandbox } from '../support/ledger.ts';
import { startTask, type Told, withBusyHubs } from '../support/socket.ts';
import { APOLLO, openStream, type TestStream, URQL } from '../support/stream.ts';

const sandbox = openSandbox('streams');

/** Returns the JSON of an event, as the hub sends it. */
function printed({ cursor, sequence, resync, task: { id, status } }: Told): string {
  return `{"data":{"taskUpdates":{"cursor":"${cursor}","sequence":${sequence},"resync":${resync},"task":{"id":"${id}","status":"${status}"}}}}`;
}

function toldIn(text: string): Told {
  const [payload] = /\{"data":.*?\}\}\}\}/.exec(text) ?? [];
  return JSON.parse(payload!).data.taskUpdates;
}

function sseEvent(told: Told): string {
  return `id: ${told.cursor}\nevent: next\ndata: ${printed(told)}\n\n`;
}

function partOf(json: string): string {
  return `\r\nContent-Type: application/json\r\n\r\n${json}\r\n--graphql`;
}

async function nextSse(stream: TestStream): Promise<Told> {
  const text = await stream.until(/data: .*\n\n$/);
  return toldIn(text);
}

describe('the stream format', () => {
  it.for<[accept: string | null, format: StreamFormat | null]>([
    ['text/event-stream', SSE],
    [URQL, SSE],
    [APOLLO, MULTIPART],
    ['multipart/mixed;boundary="graphql";subscriptionSpec="1.0"', MULTIPART],
    ['multipart/mixed; deferSpec=20220824', null],
    ['multipart/mixed', null],
    ['application/json', null],
    ['*/*', null],
    [null, null],
  ])('follows from Accept: %s', ([accept, format], { expect }) => {
    expect(streamFormatOf(accept)).toBe(format);
  });

  it('of server-sent events has exactly these bytes', ({ expect }) => {
    expect(SSE.head + SSE.event('{}', 'c') + SSE.event('{}', null) + SSE.heartbeat + SSE.refusal('[]') + SSE.end).toBe(
      ':\n\nid: c\nevent: next\ndata: {}\n\nevent: next\ndata: {}\n\n:\n\nevent: next\ndata: {"errors":[]}\n\nevent: complete\ndata:\n\n',
    );
  });

  it('of multipart has exactly these bytes', ({ expect }) => {
    const { head, event, heartbeat, refusal, end } = MULTIPART;
    const json = 'Content-Type: application/json\r\n\r\n';
    expect(head + event('{"data":1}', 'c') + heartbeat + refusal('[]') + end).toBe(
      `\r\n--graphql\r\n${json}{}\r\n--graphql\r\n${json}{"payload":{"data":1}}\r\n--graphql\r\n${json}{}\r\n--graphql\r\n${json}{"payload":null,"errors":[]}\r\n--graphql--\r\n`,
    );
  });
});

describe('a stream', () => {
  it.for(['GET', 'POST'] as const)(
    'of server-sent events over %s is readable event by event',
    async (method, { expect }) => {
      const task = await startTask(sandbox);
      const stream = await openStream(method, URQL, task);
      expect(stream.response.status).toBe(200);
      expect(Object.fromEntries(stream.response.headers)).toMatchObject({
        'content-type': 'text/event-stream; charset=utf-8',
        'content-encoding': 'identity',
        'cache-control': 'private, no-store, no-transform',
        vary: 'Accept, Origin',
      });
      const first = await stream.until(/data: .*\n\n$/);
      const start = toldIn(first);
      expect(start).toMatchObject({ resync: false, task: { id: task.globalId, status: 'SUBMITTED' } });
      expect(first).toBe(`:\n\n${sseEvent(start)}`);
      await task.advance('processing');
      const second = await stream.until(/data: .*\n\n$/);
      expect(second).toBe(sseEvent(toldIn(second)));
      expect(toldIn(second)).toMatchObject({ sequence: start.sequence + 1, task: { status: 'PROCESSING' } });
      await task.advance('succeed');
      const rest = await stream.rest();
      expect(rest).toBe(`${sseEvent(toldIn(rest))}event: complete\ndata:\n\n`);
    },
  );

  it.for(['GET', 'POST'] as const)('of multipart over %s is readable part by part', async (method, { expect }) => {
    const task = await startTask(sandbox);
    const stream = await openStream(method, APOLLO, task);
    expect(stream.response.headers.get('content-type')).toBe('multipart/mixed;boundary="graphql";subscriptionSpec=1.0');
    expect(stream.response.headers.get('content-encoding')).toBe('identity');
    const first = await stream.until(/"payload":.*\r\n--graphql$/);
    expect(first).toBe(`\r\n--graphql${partOf('{}')}${partOf(`{"payload":${printed(toldIn(first))}}`)}`);
    await task.advance('processing');
    const second = await stream.until(/\r\n--graphql$/);
    expect(second).toBe(partOf(`{"payload":${printed(toldIn(second))}}`));
    await task.advance('failed');
    const rest = await stream.rest();
    expect(rest).toBe(`${partOf(`{"payload":${printed(toldIn(rest))}}`)}--\r\n`);
  });

  it('resumes after Last-Event-ID', async ({ expect }) => {
    const task = await startTask(sandbox);
    const stream = await openStream('GET', 'text/event-stream', task);
    const { cursor, sequence } = await nextSse(stream);
    await stream.leave();
    await task.advance('processing');
    const again = await openStream('GET', 'text/event-stream', task, { 'last-event-id': cursor });
    expect(await nextSse(again)).toMatchObject({ sequence: sequence + 1, task: { status: 'PROCESSING' } });
    await again.leave();
    const empty = await openStream('GET', 'text/event-stream', task, { 'last-event-id': '' });
    expect((await nextSse(empty)).task.status).toBe('PROCESSING');
    await empty.leave();
  });

  it.for([
    [
      'text/event-stream',
      /^:\n\nevent: next\ndata: \{"errors":\[\{"message":.*"code":"NOT_FOUND".*\}\]\}\n\nevent: complete\ndata:\n\n$/,
    ],
    [
      APOLLO,
      /^\r\n--graphql\r\nContent-Type: application\/json\r\n\r\n\{\}\r\n--graphql\r\nContent-Type: application\/json\r\n\r\n\{"payload":null,"errors":\[\{"message":.*"code":"NOT_FOUND".*\}\]\}\r\n--graphql--\r\n$/,
    ],
  ] as const)('of an unknown task is refused: %s', async ([accept, shape], { expect }) => {
    const stream = await openStream('POST', accept, { globalId: 'none' });
    expect(await stream.rest()).toMatch(shape);
  });

  it('with a garbled Last-Event-ID is refused', async ({ expect }) => {
    const task = await startTask(sandbox);
    const stream = await openStream('GET', 'text/event-stream', task, { 'last-event-id': 'garbled' });
    expect(await stream.rest()).toContain('"code":"BAD_USER_INPUT"');
  });

  it('is not sent to a client that accepts only JSON, which gets an error with what to accept', async ({ expect }) => {
    const task = await startTask(sandbox);
    const stream = await openStream('POST', 'application/json', task);
    const { errors } = JSON.parse(await stream.rest());
    expect(errors[0].message).toContain('text/event-stream');
    expect(errors[0].extensions.code).toBe('BAD_USER_INPUT');
  });

  it('continues without a gap or a repeat after its hub is evicted or reset', async ({ expect }) => {
    const task = await startTask(sandbox);
    const stream = await openStream('POST', 'text/event-stream', task);
    const start = await nextSse(stream);
    await withBusyHubs((hub) => evictDurableObject(hub));
    await task.advance('processing');
    expect(await nextSse(stream)).toMatchObject({ sequence: start.sequence + 1, task: { status: 'PROCESSING' } });
    await withBusyHubs((hub) =>
      runInDurableObject(hub, (_hub, state) => state.abort('reset by a test')).catch(() => {}),
    );
    await task.advance('succeed');
    const rest = await stream.rest();
    const last = toldIn(rest);
    expect(last).toMatchObject({ sequence: start.sequence + 2, task: { status: 'SUCCEEDED' } });
    expect(rest).toBe(`${sseEvent(last)}event: complete\ndata:\n\n`);
  });
});
