/**
 * In the place of graphql's channels for tracing (`[alias]` in wrangler.toml), which nothing here listens to: to look for
 * Node's `diagnostics_channel` has workerd load much of its Node before the first answer.
 */
export const parseChannel = undefined;
export const validateChannel = undefined;
export const executeChannel = undefined;
export const executeVariableCoercionChannel = undefined;
export const executeRootSelectionSetChannel = undefined;
export const subscribeChannel = undefined;
export const resolveChannel = undefined;

export function shouldTrace(): boolean {
  return false;
}

export function traceMixed<T>(_channel: unknown, _context: unknown, work: () => T): T {
  return work();
}
