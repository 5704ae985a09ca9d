/**
 * In the place of graphql's modules for validation (`[alias]` in wrangler.toml). Documents are validated by
 * ./validate-document.ts, which Yoga is given too.
 */
export function validate(): never {
  throw new TypeError('documents are validated elsewhere');
}

/** That the one schema there is is valid, a test tells. */
export function assertValidSchema(): void {}

export function validateSchema(): readonly [] {
  return [];
}
