import { type Connection, type HttpAnswer, openConnection, toRequest } from '../../http/http-client.ts';

/** A pool of connections to one port. A request takes a free connection or opens a new one, and never waits. */
export interface HttpPool {
  /** Sends a request. Rejects if the connection breaks. */
  ask(request: Buffer): Promise<HttpAnswer>;
  close(): void;
}

interface Pooled {
  readonly connection: Connection;
  fail: (error: Error) => void;
}

export function createHttpPool(port: number): HttpPool {
  const free: Pooled[] = [];
  const all = new Set<Pooled>();

  async function open(): Promise<Pooled> {
    let pooled: Pooled | null = null;
    const connection = await openConnection(port, (reason) => {
      if (pooled === null) return;
      all.delete(pooled);
      const at = free.indexOf(pooled);
      if (at >= 0) free.splice(at, 1);
      pooled.fail(new Error(reason));
    });
    pooled = { connection, fail: () => {} };
    all.add(pooled);
    return pooled;
  }

  return {
    async ask(request) {
      const pooled = free.pop() ?? (await open());
      return new Promise((resolve, reject) => {
        pooled.fail = reject;
        pooled.connection.send(request, (answer) => {
          pooled.fail = () => {};
          free.push(pooled);
          resolve(answer);
        });
      });
    },
    close() {
      for (const { connection } of all) connection.close();
    },
  };
}

/** A caller: a tenant's token, and the address that Cloudflare reports. */
export interface Caller {
  readonly authorization: string;
  readonly address: string;
}

/** Creates the bytes of a GraphQL request. */
export function toGraphqlRequest({ authorization, address }: Caller, operation: object, accept?: string): Buffer {
  return toRequest('POST', '/graphql', JSON.stringify(operation), {
    Authorization: authorization,
    'CF-Connecting-IP': address,
    ...(accept === undefined ? {} : { Accept: accept }),
  });
}

/** Creates the request of a callback from Kling. */
export function toCallbackRequest({ callbackUrl, body }: { callbackUrl: string; body: string }): Buffer {
  return toRequest('POST', new URL(callbackUrl).pathname, body);
}
