/** The errors that were made since this was loaded, which has to be before anything else. */
export const errorsMade: string[] = [];

for (const name of ['Error', 'TypeError', 'RangeError', 'SyntaxError', 'DOMException'] as const) {
  const Original = globalThis[name];
  Object.assign(globalThis, {
    [name]: new Proxy(Original, {
      construct(target, args: unknown[], newTarget) {
        errorsMade.push(`${name}: ${String(args[0])}`);
        // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what the target makes is an object
        return Reflect.construct(target, args, newTarget) as object;
      },
    }),
  });
}
