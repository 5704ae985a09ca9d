import { GraphQLEnumType } from 'graphql';

const NO_VALUES = new GraphQLEnumType({ name: 'NoValues', values: {} });
const PREFIX = 'Enum "NoValues" cannot represent value: ';

/** A value as graphql writes it in its errors. It does not export its way, but an enum without values has to say it. */
export function inspect(value: unknown): string {
  try {
    NO_VALUES.coerceOutputValue(value);
  } catch (error) {
    if (error instanceof Error && error.message.startsWith(PREFIX)) return error.message.slice(PREFIX.length);
    throw error;
  }
  return '';
}
