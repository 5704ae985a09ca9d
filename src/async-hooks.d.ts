/** The one part of Node that the Worker uses: the `nodejs_als` compatibility flag provides it. The types of Node stay out. */
declare module 'node:async_hooks' {
  export class AsyncLocalStorage<T> {
    run<R>(store: T, callback: () => R): R;
    getStore(): T | undefined;
  }
}
