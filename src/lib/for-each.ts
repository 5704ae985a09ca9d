/** Calls for each item, at most `atOnce` at a time, in order. A call that throws ends it: `call` handles its own errors. */
export async function forEachAtOnce<T>(
  items: readonly T[],
  atOnce: number,
  call: (item: T) => Promise<void>,
): Promise<void> {
  const queue = items.values();
  const workers = Array.from({ length: Math.min(atOnce, items.length) }, async () => {
    for (const item of queue) await call(item);
  });
  await Promise.all(workers);
}
