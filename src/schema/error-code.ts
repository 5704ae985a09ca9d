import { ERROR_CODES } from '../errors.ts';
import { builder } from './builder.ts';

builder.enumType('ErrorCode', {
  description: 'The codes of errors, in `extensions.code`. New codes may be added: treat an unknown one as `INTERNAL`.',
  values: Object.fromEntries(
    Object.entries(ERROR_CODES).map(([code, { meaning }]) => [code, { value: code, description: meaning }]),
  ),
});
