import { env } from 'cloudflare:workers';
import { vi } from 'vitest';
import unsafe from 'workerd:unsafe';

/**
 * Gives each test file a Worker as after a deployment, although files share one runtime: it restores the bindings, deletes
 * all objects, and evaluates modules again. `reset` of cloudflare:test also deletes objects, but that module imports the
 * whole gateway, which half of the files do not need.
 */
const shared = globalThis as { firstBindings?: Readonly<Record<string, unknown>> };
const bindings = env as unknown as Record<string, unknown>;
shared.firstBindings ??= { ...bindings };
for (const name of Object.keys(bindings)) delete bindings[name];
Object.assign(bindings, shared.firstBindings);
vi.useRealTimers();
vi.unstubAllGlobals();
await unsafe.deleteAllDurableObjects();
vi.resetModules();
