/** SHA-256 over the JSON of a checked input, in hexadecimal: tells whether an idempotency key came with the same input. */
export async function digestOf(input: unknown): Promise<string> {
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(JSON.stringify(input)));
  return [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}
