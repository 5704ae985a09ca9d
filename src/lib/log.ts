import { hash } from 'fast-sha256';
import { createBoundedCache } from './bounded-cache.ts';

export type LogLevel = 'info' | 'warn' | 'error';

/** How lines name a tenant: by its id, by a hash of it, or not at all. */
export type TenantForm = 'id' | 'hash' | 'off';

/** One structured line. Values are ids, codes, counts and texts of our own: never a secret, a token, a body or a header. */
export type LogEvent = {
  readonly level: LogLevel;
  readonly message: string;
  /** The tenant's id, which is printed in its `TenantForm`. */
  readonly tenant?: string | undefined;
} & Readonly<Record<string, unknown>>;

/** Where lines go. Workers Logs takes each as a JSON object whose fields can be searched. */
export type Log = (event: LogEvent) => void;

/** A tenant's id has at most 128 characters. */
const HASHES = { charsPerEntryMax: 128, charsMax: 64 * 1024 };

/** 64 bits: two of a million tenants share a hash with a chance of one in 37 million. */
const HASH_BYTES = 8;

/** Every line of the gateway is printed here. `tenants` says how they name their tenant. */
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

/** The first 16 hexadecimal digits of SHA-256. Not `crypto.subtle`, which is asynchronous: a line is printed at once. */
export function hashOfTenant(tenant: string): string {
  const digest = hash(new TextEncoder().encode(tenant)).subarray(0, HASH_BYTES);
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** Adds fields to each line, such as the tenant whose object writes it. */
export function withFields(log: Log, fields: Readonly<Record<string, unknown>>): Log {
  return (event) => log({ ...event, ...fields });
}

/** One line about a bug, with its stack: the only place where a stack goes. */
export function logBug(log: Log, requestId: string, cause: unknown, tenant?: string): void {
  const error =
    cause instanceof Error ? { error: cause.name, text: cause.message, stack: cause.stack } : { error: String(cause) };
  log({ level: 'error', message: 'unexpected error', requestId, tenant, ...error });
}
