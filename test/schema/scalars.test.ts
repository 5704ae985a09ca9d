import { getNamedType, isInputObjectType, isInterfaceType, isObjectType } from 'graphql';
import { describe, it } from 'vitest';
import { schema } from '../../src/schema/schema.ts';
import { lipSyncTask } from '../support/fake-ledger.ts';
import { createGraphqlClient } from '../support/graphql-client.ts';

const types = Object.values(schema.getTypeMap()).filter(({ name }) => !name.startsWith('__'));
const outputs = types
  .filter((type) => isObjectType(type) || isInterfaceType(type))
  .flatMap((type) => Object.values(type.getFields()).map((field) => ({ parent: type.name, field })));
const inputs = [
  ...outputs.flatMap(({ field }) => field.args),
  ...types.filter((type) => isInputObjectType(type)).flatMap((type) => Object.values(type.getFields())),
];

describe('the scalars of answers', () => {
  it.for([
    ['Decimal', /^units|Units$|^(?:usd|quota|listPrice)$/],
    ['Month', /^month$/],
    ['URL', /^url$|Url$/],
    ['DateTime', /At$/],
  ] as const)('include %s, which every field with such a name has', ([scalar, names], { expect }) => {
    const named = outputs.filter(({ field }) => names.test(field.name));
    expect(named.length).toBeGreaterThan(0);
    const others = named.filter(({ field }) => getNamedType(field.type).name !== scalar);
    expect(others.map(({ parent, field }) => `${parent}.${field.name}`)).toEqual([]);
  });

  it('are the type of no argument and of no input field, except instants, a month and a limit in units', ({
    expect,
  }) => {
    const used = inputs.map(({ type, name }) => [getNamedType(type).name, name]);
    expect(used.filter(([type]) => ['Decimal', 'URL'].includes(type!))).toEqual([['Decimal', 'maxUnits']]);
    expect(used.filter(([type]) => type === 'DateTime' || type === 'Month')).toEqual([
      ['Month', 'month'],
      ['DateTime', 'createdFrom'],
      ['DateTime', 'createdBefore'],
    ]);
  });

  it.for([
    ['a literal', '{ usage(month: "2026-13") { month } viewer { tenant } }', {}],
    ['a variable', 'query ($month: Month) { usage(month: $month) { month } viewer { tenant } }', { month: '2026-1' }],
  ] as const)('are checked by the gateway: a wrong month as %s', async ([, query, variables], { expect }) => {
    const client = createGraphqlClient();
    const { errors } = await client.execute(query, variables);
    const issue = { path: ['month'], code: 'MALFORMED', message: 'must be a year and a month, as in 2026-11' };
    expect(errors).toMatchObject([{ path: ['usage'], extensions: { code: 'BAD_USER_INPUT', issues: [issue] } }]);
    expect(client.ledger.calls).toEqual([]);
  });

  it('are texts in JSON', async ({ expect }) => {
    const client = createGraphqlClient();
    client.ledger.tasksKept = [lipSyncTask('a')];
    const { data } = await client.execute(`{
      usage(month: "2026-09") { month units unitsMax } lipSyncQuote(input: {
        face: { faceId: "f" } audio: { url: "u" } placement: { audioEndMs: 3000, insertAtMs: 0 }
      }) { ... on LipSyncQuote { units usd } }
      tasks { nodes { unitsCharged ... on LipSyncTask { sourceVideo { url } videos { url watermarkUrl } } } } }`);
    expect(data).toEqual({
      usage: { month: '2026-09', units: '1.5', unitsMax: '10' },
      lipSyncQuote: { units: '1.5', usd: '0.21' },
      tasks: {
        nodes: [
          {
            unitsCharged: '0.5',
            sourceVideo: { url: 'https://k.test/parent.mp4' },
            videos: [{ url: 'https://k.test/made.mp4', watermarkUrl: null }],
          },
        ],
      },
    });
  });
});
