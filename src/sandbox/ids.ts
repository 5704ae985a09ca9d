/** An id of 18 digits, above what a JSON number can hold exactly. */
export function createDigitsId(): string {
  const [high = 0, low = 0] = crypto.getRandomValues(new Uint32Array(2));
  const digits = (BigInt(high) * 4_294_967_296n + BigInt(low)) % 100_000_000_000_000_000n;
  return `8${digits.toString().padStart(17, '0')}`;
}

/** An id of 16 random bytes in base64, with the characters that have to be escaped in a path. */
export function createBase64Id(): string {
  return btoa(String.fromCharCode(...crypto.getRandomValues(new Uint8Array(16))));
}

/** The id of the nth task: of every eight, six are of digits, one is a UUID and one base64. */
export function createTaskId(n: number, digitsOnly: boolean): string {
  if (!digitsOnly && n % 8 === 3) return crypto.randomUUID();
  if (!digitsOnly && n % 8 === 6) return createBase64Id();
  return createDigitsId();
}

/** The id of one exchange. */
export function createRequestId(n: number): string {
  return n % 3 === 0 ? createBase64Id() : crypto.randomUUID();
}
