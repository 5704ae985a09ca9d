import SchemaBuilder from '@pothos/core';
import type { GatewayContext } from '../context.ts';

/** The one schema builder. Fields are non-null and arguments required unless they say otherwise. */
export const builder = new SchemaBuilder<{
  Context: GatewayContext;
  DefaultFieldNullability: false;
  DefaultInputFieldRequiredness: true;
  Scalars: {
    ID: { Input: string; Output: string };
    /** Output in milliseconds since the epoch; never an input. */
    DateTime: { Input: never; Output: number };
  };
}>({
  defaultFieldNullability: false,
  defaultInputFieldRequiredness: true,
});

builder.queryType({ description: 'Reads. None of them costs units at Kling, and none changes anything.' });
builder.mutationType({
  description:
    'Paid or lasting work at Kling. Several in one request run one after another; one that fails is null and the others stay done, so that no paid answer is lost with it.',
});
