import { buildSchema, type ExecutionResult, parse } from 'graphql';
import { describe, it } from 'vitest';
import { execute } from '../../src/engine/run.ts';

const schema = buildSchema('type Query { rows: [Row!]! row: Row } type Row { a: Int must: Int! row: Row }');

const TOO_MANY = 'There are too many errors: the others are not reported.';

async function run(query: string, row: object, errorsMax?: number): Promise<ExecutionResult> {
  const rootValue = { rows: Array(50).fill(row), row };
  return await execute({ schema, document: parse(query), rootValue }, { errorsMax });
}

function fail(): never {
  throw new Error('failed');
}

/** Rows whose fields fail synchronously, and rows whose fields fail in promises. */
const ROWS = [
  ['synchronously', { a: fail, must: fail, row: { must: fail } }],
  ['in promises', { a: async () => fail(), must: async () => fail(), row: async () => ({ must: async () => fail() }) }],
] as const;

describe.for(ROWS)('errors of fields that fail %s', ([, row]) => {
  it('are all reported by default', async ({ expect }) => {
    const { errors } = await run('{ rows { a } }', row);
    expect(errors).toHaveLength(50);
  });

  it('are reported up to the limit, then once for all others, with unchanged data', async ({ expect }) => {
    const { errors, data } = await run('{ rows { a row { must } } }', row, 7);
    expect(errors?.map(({ message }) => message)).toEqual([...Array<string>(7).fill('failed'), TOO_MANY]);
    expect(errors?.[7]?.path).toEqual(expect.arrayContaining(['rows']));
    expect(data?.['rows']).toEqual(Array.from({ length: 50 }, () => ({ a: null, row: null })));
  });

  it('are all reported if their number equals the limit', async ({ expect }) => {
    expect((await run('{ rows { a } }', row, 50)).errors).toHaveLength(50);
  });

  it('null the parent of a non-null field past the limit too', async ({ expect }) => {
    const { errors, data } = await run('{ row { must } rows { a must } }', row, 1);
    expect(data).toBeNull();
    expect(errors?.length).toBeLessThanOrEqual(2);
  });
});
