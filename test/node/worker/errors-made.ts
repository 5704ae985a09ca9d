/** The errors that the script has made with `new` since this was loaded, which has to be before anything else. */
export const errorsMade: string[] = [];

const NAMES = [
  'Error',
  'AggregateError',
  'DOMException',
  'EvalError',
  'RangeError',
  'ReferenceError',
  'SyntaxError',
  'TypeError',
  'URIError',
] as const;

for (const name of NAMES) {
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
