import { createIsoTime } from '../lib/iso-time.ts';
import { builder } from './builder.ts';

const toIsoTime = createIsoTime();

builder.scalarType('DateTime', {
  description: 'An instant in UTC, ISO-8601 with milliseconds, as in `2026-09-01T12:00:00.000Z`. Only in answers.',
  specifiedByURL: 'https://scalars.graphql.org/andimarek/date-time.html',
  serialize: toIsoTime,
  parseValue() {
    throw new TypeError('DateTime is never an input');
  },
});
