export type LogLevel = 'info' | 'warn' | 'error';

/** One structured line. Values are ids, codes, counts and texts of our own: never a secret, a token, a body or a header. */
export type LogEvent = { readonly level: LogLevel; readonly message: string } & Readonly<Record<string, unknown>>;

/** Where lines go. Workers Logs takes each as a JSON object whose fields can be searched. */
export type Log = (event: LogEvent) => void;

export function createLog(): Log {
  return (event) => {
    // oxlint-disable-next-line no-console -- the one place that prints
    console[event.level === 'info' ? 'log' : event.level](JSON.stringify(event));
  };
}

/** One line about a bug, with its stack: the only place where a stack goes. */
export function logBug(log: Log, requestId: string, cause: unknown): void {
  const error =
    cause instanceof Error ? { error: cause.name, text: cause.message, stack: cause.stack } : { error: String(cause) };
  log({ level: 'error', message: 'unexpected error', requestId, ...error });
}
