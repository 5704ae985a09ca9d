import { GatewayError } from '../errors.ts';

/** The scopes of a token. `operator` allows the query `operator`: an operator of the gateway need not be a tenant. */
export const SCOPES = [
  'voices:read',
  'voices:write',
  'lipsync:read',
  'lipsync:write',
  'webhooks:read',
  'webhooks:write',
  'operator',
] as const;

export type Scope = (typeof SCOPES)[number];

/** The authenticated caller, as plain data that is stored with a socket and sent between objects. */
export interface Viewer {
  /** The owner of the tasks, voices and face scans that the viewer sees. Visible ASCII, at most 128 characters. */
  readonly tenant: string;
  /** The token's `sub`; null if no token is required. */
  readonly subject: string | null;
  readonly scopes: readonly Scope[];
  /** The end of the token, in milliseconds since the epoch; null if it never ends. */
  readonly expiresAtMs: number | null;
}

/** The viewer of every request if no token is required, as in development. */
export const EVERYBODY: Viewer = { tenant: 'default', subject: null, scopes: SCOPES, expiresAtMs: null };

export function isScope(text: string): text is Scope {
  return SCOPES.some((scope) => scope === text);
}

/** Checks the id of a tenant. It names a Durable Object, and is part of keys that a line break ends. */
export function isTenant(value: unknown): value is string {
  return typeof value === 'string' && /^[\x21-\x7e]{1,128}$/.test(value);
}

export function isPermitted({ scopes }: Viewer, scope: Scope): boolean {
  return scopes.includes(scope);
}

/** Throws `FORBIDDEN` for a viewer with none of the scopes. The error names the last one. */
export function requireScope(viewer: Viewer, ...anyOf: readonly [Scope, ...Scope[]]): void {
  if (anyOf.some((scope) => isPermitted(viewer, scope))) return;
  const message = `The token lacks the scope "${anyOf.at(-1)}".`;
  throw new GatewayError({ code: 'FORBIDDEN', message, retryable: false });
}
