import { sha256 } from '../lib/sha256.ts';

/** SHA-256 over the JSON of a checked input, in hexadecimal: tells whether an idempotency key came with the same input. */
export async function digestOf(input: unknown): Promise<string> {
  return sha256(JSON.stringify(input));
}
