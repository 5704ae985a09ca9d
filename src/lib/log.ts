import { createBoundedCache } from './cache.ts';
import { hashOfTenant } from './hash.ts';

export type LogLevel = 'info' | 'warn' | 'error';

/** How log lines name a tenant: by its id, by a hash of it, or not at all. */
export type TenantForm = 'id' | 'hash' | 'off';

/** One structured log line. Values are ids, codes, counts and our own texts: never a secret, a token, a body or a header. */
export type LogEvent = {
  readonly level: LogLevel;
  readonly message: string;
  /** The id of the tenant. It is printed in the configured `TenantForm`. */
  readonly tenant?: string | undefined;
} & Readonly<Record<string, unknown>>;

/** Writes a log line. */
export type Log = (event: LogEvent) => void;

/** An id of a tenant has at most 128 characters. */
const HASHES = { charsPerEntryMax: 128, charsMax: 64 * 1024 };

/** Creates a log on the console. Workers Logs indexes the fields of a line that is a JSON object. */
export function createLog(tenants: TenantForm): Log {
  const hashes = createBoundedCache<string>(HASHES);

  function shown(tenant: string | undefined): string | undefined {
    if (tenant === undefined || tenants === 'off') return undefined;
    if (tenants === 'id') return tenant;
    const known = hashes.get(tenant) ?? hashOfTenant(tenant);
    hashes.set(tenant, known);
    return known;
  }

  return (event) => {
    // oxlint-disable-next-line no-console -- the one place that prints
    console[event.level === 'info' ? 'log' : event.level](JSON.stringify({ ...event, tenant: shown(event.tenant) }));
  };
}

/** Returns a log that adds fields to each line, such as the tenant of an object. */
export function withFields(log: Log, fields: Readonly<Record<string, unknown>>): Log {
  return (event) => log({ ...event, ...fields });
}

/** Logs a bug with its stack. Stacks are logged nowhere else, and sent nowhere. */
export function logBug(log: Log, requestId: string, cause: unknown, tenant?: string): void {
  const error =
    cause instanceof Error ? { error: cause.name, text: cause.message, stack: cause.stack } : { error: String(cause) };
  log({ level: 'error', message: 'unexpected error', requestId, tenant, ...error });
}
