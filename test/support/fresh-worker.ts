import { reset } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { vi } from 'vitest';

/**
 * Gives each test file a Worker as if it had just been deployed, although files share one runtime: bindings have their
 * first values, no object has a past, and modules are evaluated again.
 */
const shared = globalThis as { firstBindings?: Readonly<Record<string, unknown>> };
const bindings = env as unknown as Record<string, unknown>;
shared.firstBindings ??= { ...bindings };
for (const name of Object.keys(bindings)) delete bindings[name];
Object.assign(bindings, shared.firstBindings);
vi.useRealTimers();
vi.unstubAllGlobals();
await reset();
vi.resetModules();
