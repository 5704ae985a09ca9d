import { Webhook } from 'standardwebhooks';

/** The Standard Webhooks headers of one message: a signature for each secret, two while a secret is being changed. */
export function signMessage(
  secrets: readonly string[],
  messageId: string,
  at: Date,
  body: string,
): Readonly<Record<string, string>> {
  if (secrets.length === 0) return {};
  return {
    'webhook-id': messageId,
    'webhook-timestamp': String(Math.floor(at.getTime() / 1000)),
    'webhook-signature': secrets.map((secret) => new Webhook(secret).sign(messageId, at, body)).join(' '),
  };
}
