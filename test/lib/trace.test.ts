import { describe, it } from 'vitest';
import type { LogEvent } from '../../src/lib/log.ts';
import { createTracedLog, traced } from '../../src/lib/durable-object.ts';

function openLog() {
  const lines: LogEvent[] = [];
  const log = createTracedLog((line) => lines.push(line));
  return { lines, write: (fields: object = {}) => log({ level: 'info', message: 'm', ...fields }) };
}

const LINE = { level: 'info', message: 'm' };

describe('a log line in traced work', () => {
  it('has the fields of all enclosing work, and other lines do not', ({ expect }) => {
    const { lines, write } = openLog();
    traced({ requestId: 'r' }, () => {
      traced({ taskId: 't' }, write);
      write();
    });
    write();
    expect(lines).toEqual([{ ...LINE, requestId: 'r', taskId: 't' }, { ...LINE, requestId: 'r' }, LINE]);
  });

  it('keeps its own fields', ({ expect }) => {
    const { lines, write } = openLog();
    traced({ requestId: 'r', taskId: 't' }, () => write({ taskId: 'another' }));
    expect(lines).toEqual([{ ...LINE, requestId: 'r', taskId: 'another' }]);
  });

  it('has the fields of its own work among concurrent work, also after the call has returned', async ({ expect }) => {
    const { lines, write } = openLog();
    const gate = Promise.withResolvers<void>();
    const works = ['a', 'b', 'c'].map((requestId) =>
      traced({ requestId }, async () => {
        await gate.promise;
        await Promise.resolve();
        write();
      }),
    );
    traced({ requestId: 'last' }, () => gate.resolve());
    await Promise.all(works);
    expect(lines.map((line) => line['requestId'])).toEqual(['a', 'b', 'c']);
  });
});
