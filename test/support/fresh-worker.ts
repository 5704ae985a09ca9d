import { env } from 'cloudflare:workers';
import { vi } from 'vitest';
import unsafe from 'workerd:unsafe';

/** The time in which calls of deleted objects arrive. */
const LATE_CALLS_MS = 50;

/**
 * Gives each test file a Worker as after a deployment, although files share one runtime: it restores the bindings, deletes
 * all objects, and evaluates modules again. `reset` of cloudflare:test also deletes objects, but that module imports the
 * whole gateway, which half of the files do not need.
 */
const shared = globalThis as {
  firstBindings?: Readonly<Record<string, unknown>>;
  usedObjects?: Map<string, () => DurableObjectStub>;
};
const bindings = env as unknown as Record<string, unknown>;
shared.firstBindings ??= { ...bindings };
for (const name of Object.keys(bindings)) delete bindings[name];
Object.assign(bindings, shared.firstBindings);
vi.useRealTimers();
vi.unstubAllGlobals();
await deleteObjects((shared.usedObjects ??= recordUsedObjects()));
vi.resetModules();

/**
 * Deletes all objects. A workaround: workerd 1.2026 deletes the storage of the objects in memory only, and evicts an object
 * after 10 s without a request. Each object that the file before has used is loaded again first. Remove when
 * `deleteAllDurableObjects` deletes evicted objects, too.
 */
async function deleteObjects(used: Map<string, () => DurableObjectStub>): Promise<void> {
  if (used.size > 0) {
    // The file that used objects has imported the gateway, so that this import is cached.
    const { runInDurableObject } = await import('cloudflare:test');
    // A stub belongs to the object that asked for it, so each is asked for again.
    const opened = [...used.values()];
    used.clear();
    // An alarm that is due would otherwise run in the next file.
    await Promise.all(
      opened.map((open) => runInDurableObject(open(), (_object, { storage }) => storage.deleteAlarm())),
    );
    await unsafe.deleteAllDurableObjects();
    // A call that one of them had sent may still load another, which would read its settings before the file has set them.
    await scheduler.wait(LATE_CALLS_MS);
  }
  await unsafe.deleteAllDurableObjects();
}

/** Records each object that is asked for by name from now on, as a function that asks for it again. */
function recordUsedObjects(): Map<string, () => DurableObjectStub> {
  const used = new Map<string, () => DurableObjectStub>();
  for (const [binding, namespace] of Object.entries(bindings)) {
    if (!isNamespace(namespace)) continue;
    const getByName = namespace.getByName.bind(namespace);
    namespace.getByName = (name, options) => {
      used.set(`${binding} ${name}`, () => getByName(name));
      return getByName(name, options);
    };
  }
  return used;
}

function isNamespace(value: unknown): value is DurableObjectNamespace {
  return Object.prototype.toString.call(value) === '[object DurableObjectNamespace]';
}
