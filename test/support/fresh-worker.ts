import { env } from 'cloudflare:workers';
import { vi } from 'vitest';
import unsafe from 'workerd:unsafe';

/**
 * Gives each test file a Worker as if it had just been deployed, although files share one runtime: bindings have their
 * first values, no object has a past, and modules are evaluated again. `reset` of cloudflare:test does the same to objects,
 * but that module imports the whole gateway, which half of the files do not need.
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
