import { GraphQLError } from 'graphql';

/**
 * In the place of graphql's own (`[alias]` in wrangler.toml): what its rules throw when a document would take them too
 * long. A GraphQLError as far as clients see it, but without a stack, which would be made when the script starts.
 */
export const validationAbortedError: GraphQLError = Object.assign(Object.create(GraphQLError.prototype), {
  message: 'Validation aborted.',
  extensions: {},
});
