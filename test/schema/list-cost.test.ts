import {
  buildSchema,
  getNamedType,
  getNullableType,
  GraphQLInt,
  type GraphQLField,
  type GraphQLResolveInfo,
  GraphQLList,
  GraphQLObjectType,
  GraphQLSchema,
  GraphQLString,
  isInterfaceType,
  isIntrospectionType,
  isListType,
  isObjectType,
} from 'graphql';
import { describe, it } from 'vitest';
import { failureOf, TASK_FAILURE_CODES } from '../../src/domain/failure.ts';
import { costOf } from '../../src/lib/field-cost.ts';
import { encodeGlobalId } from '../../src/schema/builder.ts';
import { schema } from '../../src/schema/schema.ts';
import { voiceTask } from '../support/fake-ledger.ts';
import { createGraphqlClient } from '../support/graphql-client.ts';

interface Place {
  readonly parent: string;
  readonly field: GraphQLField<unknown, unknown>;
}

function placesOf(of: GraphQLSchema): Place[] {
  return Object.values(of.getTypeMap())
    .filter((type) => !isIntrospectionType(type))
    .filter((type) => isObjectType(type) || isInterfaceType(type))
    .flatMap((type) => Object.values(type.getFields()).map((field) => ({ parent: type.name, field })));
}

const isList = ({ field }: Place) => isListType(getNullableType(field.type));
const nameOf = ({ parent, field }: Place) => `${parent}.${field.name}`;

/** Finds the lists without a stated length. A list may also be bounded by all fields that return its parent. */
function unstatedLists(of: GraphQLSchema): string[] {
  const places = placesOf(of);
  const isStatedAround = ({ parent }: Place) => {
    const around = places.filter(({ field }) => getNamedType(field.type).name === parent);
    return around.length > 0 && around.every((place) => !isList(place) && costOf(place.field).max !== undefined);
  };
  return places
    .filter((place) => isList(place) && costOf(place.field).max === undefined && !isStatedAround(place))
    .map(nameOf);
}

describe('the failure of a task', () => {
  const [LipSyncTask, Failure] = ['LipSyncTask', 'Failure'].map((name) => schema.getType(name));
  if (!isObjectType(LipSyncTask) || !isInterfaceType(Failure)) throw new TypeError('the schema lacks a type');
  const { types } = costOf(LipSyncTask.getFields()['failure']!);

  it.for(TASK_FAILURE_CODES)('has one of the types that its field states: %s', (code, { expect }) => {
    const failure = failureOf({ code, message: '' });
    expect(types).toContain(Failure.resolveType?.({ failure }, null, {} as GraphQLResolveInfo, Failure));
  });
});

/** The fields with an argument for the number of items. */
const sized = placesOf(schema).filter(({ field }) => costOf(field).list !== undefined);

describe('every list', () => {
  it('states its largest length', ({ expect }) => {
    expect(unstatedLists(schema)).toEqual([]);
  });

  it.for([
    ['a new list', 'type Query { items(first: Int): [String] }', ['Query.items']],
    ['a new list of lists', 'type Query { items(first: Int): [[String!]!]! }', ['Query.items']],
    ['a connection', 'type Query { all(first: Int): All } type All { edges: [Int] }', ['All.edges']],
    ['a list of an interface', 'type Query { one: One } interface One { items: [Int] }', ['One.items']],
    ['no list', 'type Query { one: One } type One { name: String }', []],
  ] as const)('is found by this test if it states no length: %s', ([, sdl, found], { expect }) => {
    expect(unstatedLists(buildSchema(sdl))).toEqual(found);
  });

  it('is found by this test if one of two fields that return its parent states no length', ({ expect }) => {
    const extensions = { cost: { list: 'first', max: 10 } };
    const args = { first: { type: GraphQLInt } };
    const all = new GraphQLObjectType({
      name: 'All',
      fields: { edges: { type: new GraphQLList(GraphQLString) } },
    });
    const made = (second: object) =>
      new GraphQLSchema({
        query: new GraphQLObjectType({
          name: 'Query',
          fields: { one: { type: all, args, extensions }, other: { type: all, args, ...second } },
        }),
      });
    expect(unstatedLists(made({}))).toEqual(['All.edges']);
    expect(unstatedLists(made({ extensions }))).toEqual([]);
  });
});

describe('a stated length', () => {
  it('is found on all lists with an argument for it', ({ expect }) => {
    const names = sized.map(({ field }) => field.name);
    expect(new Set(names)).toEqual(
      new Set([
        'tasks',
        'voices',
        'presetVoices',
        'faceScans',
        'speeches',
        'media',
        'klingTasks',
        'taskUpdates',
        'nodes',
        'deliveries',
        'createLipSyncTasks',
      ]),
    );
  });

  it.for(sized.map((place) => [nameOf(place), place] as const))(
    'of %s has the default of its argument',
    ([, { field }], { expect }) => {
      const { list, max, default: byDefault } = costOf(field);
      const argument = field.args.find(({ name }) => name === list);
      expect(argument).toBeDefined();
      expect(max).toBeGreaterThan(0);
      if (String(argument!.type).startsWith('['))
        // The list must be given.
        expect([String(argument!.type).endsWith('!'), byDefault]).toEqual([true, undefined]);
      else expect(argument!.defaultValue ?? argument!.default?.value).toBe(byDefault);
    },
  );

  const client = createGraphqlClient();
  client.ledger.tasksKept = [voiceTask('v')];
  const id = encodeGlobalId('VoiceTask', 'v');
  const AROUND: Readonly<Record<string, (field: string) => string>> = {
    Query: (field) => `{ ${field} }`,
    OperatorQuery: (field) => `{ operator { ${field} } }`,
    Task: (field) => `{ node(id: "${id}") { ... on Task { ${field} } } }`,
  };
  // Types that implement Task have the fields of the interface, and are not tried again.
  const asked = sized.filter(({ parent }) => parent in AROUND);

  it.for(asked.map((place) => [nameOf(place), place] as const))(
    'of %s is the largest that is accepted',
    async ([, { parent, field }], { expect }) => {
      const { list, max } = costOf(field);
      const isIds = list === 'ids';
      const query = (items: number) => {
        const value = isIds ? `[${'"x" '.repeat(items)}]` : String(items);
        const also = field.name === 'klingTasks' ? 'list: CUSTOM_VOICES, ' : '';
        return AROUND[parent]!(`${field.name}(${also}${list}: ${value}) { __typename }`);
      };
      expect((await client.execute(query(max!))).errors).toBeUndefined();
      const { errors } = await client.execute(query(max! + 1));
      expect(errors).toMatchObject([{ extensions: { code: 'BAD_USER_INPUT', issues: [{ path: [list] }] } }]);
    },
  );
});
