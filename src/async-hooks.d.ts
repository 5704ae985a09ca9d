/** The only module of Node that the Worker uses. The compatibility flag `nodejs_als` provides it. The types of Node stay out. */
declare module 'node:async_hooks' {
  export class AsyncLocalStorage<T> {
    run<R>(store: T, callback: () => R): R;
    getStore(): T | undefined;
  }
}
