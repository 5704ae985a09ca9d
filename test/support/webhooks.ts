import { runInDurableObject } from 'cloudflare:test';
import { Webhook } from 'standardwebhooks';
import { expect } from 'vitest';
import type { WebhookDelivery, WebhookSecret } from '../../src/domain/webhook.ts';
import type { ReceivedWebhook } from '../webhooks/receiver.ts';
import { env, type LedgerStub, type TestSandbox, valueOf, voiceInput } from './ledger.ts';

/** The body of a message. */
export interface Message {
  readonly type: string;
  readonly version: number;
  readonly timestamp: string;
  readonly sequence: number;
  readonly resync: boolean;
  // oxlint-disable-next-line typescript/no-explicit-any -- a task of either kind
  readonly task: any;
}

export const FINAL = ['SUCCEEDED', 'FAILED', 'CANCELLED'] as const;

/** A URL that this test alone uses. */
export function newBox(): { readonly url: string; readonly name: string } {
  const name = crypto.randomUUID();
  return { name, url: `https://receiver.test/${name}/hook?token=of-the-query` };
}

/** Returns what a box has received, oldest first. */
export async function inboxOf(name: string): Promise<readonly ReceivedWebhook[]> {
  return (await fetch(`https://inbox.test/${name}`)).json();
}

/** Tells a box what to answer: a status, or a word of the receiver. */
export async function answerWith(name: string, answer: string | number): Promise<void> {
  await (await fetch(`https://inbox.test/${name}`, { method: 'PUT', body: String(answer) })).text();
}

/** Verifies a message with the library of Standard Webhooks, and returns its body. */
export function verified({ headers, body }: ReceivedWebhook, secret: string): Message {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the body is checked by the test
  return new Webhook(secret).verify(body, { ...headers }) as Message;
}

/** Waits until a box has received this many messages. */
export async function received(name: string, count: number): Promise<readonly ReceivedWebhook[]> {
  await expect.poll(async () => (await inboxOf(name)).length).toBe(count);
  return inboxOf(name);
}

export async function openEndpoint(
  ledger: LedgerStub,
  url: string,
  statuses: readonly (typeof FINAL)[number][] = FINAL,
): Promise<WebhookSecret> {
  return valueOf(await ledger.createWebhookEndpoint({ url, statuses }));
}

/** Makes a voice task and lets it succeed. Returns its id. */
export async function finishTask(ledger: LedgerStub, sandbox: TestSandbox): Promise<string> {
  const { id } = valueOf(await ledger.createVoiceTask(voiceInput(null)));
  await sandbox.advance(id, 'succeed');
  await ledger.ingest(id, null);
  await expect.poll(async () => (await ledger.task({ id }))?.status).toBe('SUCCEEDED');
  return id;
}

export function objectOf(endpointId: string, tenant: string) {
  return env.WEBHOOK.getByName(`${endpointId} ${tenant}`);
}

/** Makes everything that waits due, and runs the alarm. */
export async function ringWebhook(endpointId: string, tenant: string): Promise<void> {
  await runInDurableObject(objectOf(endpointId, tenant), (instance) => instance.alarm());
}

/** Returns the deliveries of an endpoint, newest first. */
export async function deliveriesOf(ledger: LedgerStub, endpointId: string): Promise<readonly WebhookDelivery[]> {
  const { edges } = valueOf(await ledger.webhookDeliveries(endpointId, null, { first: 100, after: null }));
  return edges.map(({ node }) => node);
}
