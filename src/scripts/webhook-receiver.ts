import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { Webhook } from 'standardwebhooks';

/** A message, as docs/webhook.schema.json describes it. */
export interface WebhookMessage {
  readonly type: string;
  readonly sequence: number;
  readonly task: { readonly id: string; readonly status: string } | null;
}

/** A server that receives webhooks on this machine. It answers 401 to a message without a valid signature. */
export interface WebhookReceiver {
  readonly url: string;
  /** The verified messages, the oldest first. */
  readonly messages: readonly WebhookMessage[];
  /** Sets the secret of the endpoint. */
  trust(secret: string): void;
  close(): void;
}

/** Starts a receiver on a free port. */
export async function startReceiver(): Promise<WebhookReceiver> {
  const messages: WebhookMessage[] = [];
  let verifier: Webhook | null = null;

  async function receive(request: IncomingMessage): Promise<number> {
    const body = await text(request);
    if (verifier === null) return 401;
    try {
      messages.push(verifier.verify(body, request.headers as Record<string, string>) as WebhookMessage);
      return 204;
    } catch {
      return 401;
    }
  }

  const server = createServer((request, response) => {
    void receive(request).then((status) => response.writeHead(status).end());
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/`,
    messages,
    trust(secret) {
      verifier = new Webhook(secret);
    },
    close: () => server.close(),
  };
}
