/**
 * In the place of two modules of graphql's that are called `./validate.mjs` where their folders' index names them
 * (`[alias]` in wrangler.toml): that for documents and that for schemas. Only the built script has this one in it, which
 * test/clients and test/node run. Documents are validated by ./validate-document.ts, which Yoga is given too.
 */
export function validate(): never {
  throw new TypeError('documents are validated elsewhere');
}

/** That the one schema there is is valid, a test tells. */
export function assertValidSchema(): void {}

export function validateSchema(): readonly [] {
  return [];
}
