import { type Connection, type HttpAnswer, openConnection, toRequest } from '../../http/http-client.ts';

/** Requests to one port, each on a connection that is free or new: none waits for another on this side. */
export interface HttpPool {
  /** Rejects when the connection breaks. */
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

/** Who asks: a bearer of a tenant's token, from an address as Cloudflare tells it. */
export interface Caller {
  readonly authorization: string;
  readonly address: string;
}

/** The bytes of a GraphQL request. */
export function toGraphqlRequest({ authorization, address }: Caller, operation: object, accept?: string): Buffer {
  return toRequest('POST', '/graphql', JSON.stringify(operation), {
    Authorization: authorization,
    'CF-Connecting-IP': address,
    ...(accept === undefined ? {} : { Accept: accept }),
  });
}

/** Tells the gateway of a change as Kling does. */
export function toCallbackRequest({ callbackUrl, body }: { callbackUrl: string; body: string }): Buffer {
  return toRequest('POST', new URL(callbackUrl).pathname, body);
}
