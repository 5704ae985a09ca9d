/**
 * In the place of graphql's modules for validation (`[alias]` in wrangler.toml). Documents are validated by
 * ./validate-document.ts, which Yoga is given too; that the schema is valid is for a test to tell.
 */
export function validate(): never {
  throw new TypeError('documents are validated elsewhere');
}

export { validate as assertValidSchema, validate as validateSchema };
