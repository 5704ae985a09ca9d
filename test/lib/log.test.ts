import { afterEach, describe, it, vi } from 'vitest';
import { createLog, logBug, type TenantForm, withFields } from '../../src/lib/log.ts';

afterEach(() => {
  vi.restoreAllMocks();
});

function printedBy(tenants: TenantForm, ...named: (string | undefined)[]): unknown[] {
  const printed = vi.spyOn(console, 'log').mockImplementation(() => {});
  const log = createLog(tenants);
  for (const tenant of named) log({ level: 'info', message: 'request', tenant, taskId: 'task-1' });
  return printed.mock.calls.map(([line]): unknown => JSON.parse(String(line)));
}

const LINE = { level: 'info', message: 'request', taskId: 'task-1' };

describe('a log line', () => {
  it.for<[form: TenantForm, shown: object]>([
    ['id', { tenant: 'tenant-a' }],
    // printf %s tenant-a | sha256sum | cut -c1-16
    ['hash', { tenant: '80a707af7dc77ee1' }],
    ['off', {}],
  ])('names its tenant as LOG_TENANT=%s says, every time', ([form, shown], { expect }) => {
    expect(printedBy(form, 'tenant-a', 'tenant-a')).toEqual([
      { ...LINE, ...shown },
      { ...LINE, ...shown },
    ]);
  });

  it('has no tenant if it is unknown', ({ expect }) => {
    for (const form of ['id', 'hash', 'off'] as const) {
      expect(printedBy(form, undefined)).toEqual([LINE]);
      vi.restoreAllMocks();
    }
  });

  it('has a different hash for each tenant', ({ expect }) => {
    const tenants = Array.from({ length: 5_000 }, (_, i) => `tenant-${i}~!`);
    const hashes = printedBy('hash', ...tenants, ...tenants).map((line) => (line as { tenant: string }).tenant);
    expect(new Set(hashes).size).toBe(tenants.length);
    expect(hashes.slice(tenants.length)).toEqual(hashes.slice(0, tenants.length));
  });

  it('is printed at its level', ({ expect }) => {
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => {});
    const error = vi.spyOn(console, 'error').mockImplementation(() => {});
    const log = withFields(createLog('id'), { tenant: 'tenant-a' });
    log({ level: 'warn', message: 'read failed' });
    logBug(log, 'request-1', 'odd');
    expect([...warn.mock.calls, ...error.mock.calls]).toEqual([
      ['{"level":"warn","message":"read failed","tenant":"tenant-a"}'],
      ['{"level":"error","message":"unexpected error","requestId":"request-1","tenant":"tenant-a","error":"odd"}'],
    ]);
  });
});
