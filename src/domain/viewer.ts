import { GatewayError } from '../errors.ts';

/** What a token may allow. `operator` allows `account` alone: who runs the gateway need not be a tenant. */
export const SCOPES = ['voices:read', 'voices:write', 'lipsync:read', 'lipsync:write', 'operator'] as const;

export type Scope = (typeof SCOPES)[number];

/** The authenticated caller, as plain data: it is kept with a socket and crosses from one object to another. */
export interface Viewer {
  /** Whose tasks, voices and face scans are seen. Visible ASCII, at most 128 characters. */
  readonly tenant: string;
  /** The token's `sub`; null where nobody is asked for a token. */
  readonly subject: string | null;
  readonly scopes: readonly Scope[];
  /** From then on the token is worth nothing, in milliseconds since the epoch; null: never. */
  readonly expiresAtMs: number | null;
}

/** Everybody, where no token is asked for (development). */
export const EVERYBODY: Viewer = { tenant: 'default', subject: null, scopes: SCOPES, expiresAtMs: null };

export function isScope(text: string): text is Scope {
  return SCOPES.some((scope) => scope === text);
}

/** A tenant names a Durable Object and is part of keys that end at a line's end. */
export function isTenant(value: unknown): value is string {
  return typeof value === 'string' && /^[\x21-\x7e]{1,128}$/.test(value);
}

export function isPermitted({ scopes }: Viewer, scope: Scope): boolean {
  return scopes.includes(scope);
}

/** Throws `FORBIDDEN` for a viewer without the scope. */
export function requireScope(viewer: Viewer, scope: Scope): void {
  if (isPermitted(viewer, scope)) return;
  throw new GatewayError({ code: 'FORBIDDEN', message: `The token lacks the scope "${scope}".`, retryable: false });
}
