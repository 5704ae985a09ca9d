/** The errors that the script has created since this module was loaded. It must be the first import. */
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
    const error: object = Reflect.construct(Original, args, newTarget);
    return error;
  };
  Object.assign(globalThis, {
    [name]: new Proxy(Original, {
      apply: (target, _this, args: unknown[]) => make(args, target),
      construct: (_target, args: unknown[], newTarget) => make(args, newTarget),
    }),
  });
}
