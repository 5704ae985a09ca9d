/** The errors that the script has made since this was loaded, which has to be before anything else. */
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
  const make = (args: unknown[], newTarget: Function): object => {
    errorsMade.push(`${name}: ${String(args[0])}`);
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what the target makes is an object
    return Reflect.construct(Original, args, newTarget) as object;
  };
  Object.assign(globalThis, {
    [name]: new Proxy(Original, {
      apply: (target, _this, args: unknown[]) => make(args, target),
      construct: (_target, args: unknown[], newTarget) => make(args, newTarget),
    }),
  });
}
