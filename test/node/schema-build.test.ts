import {
  isIntrospectionType,
  isSpecifiedScalarType,
  type GraphQLFieldConfig,
  type GraphQLInterfaceTypeConfig,
  type GraphQLSchema,
} from 'graphql';
import { beforeAll, describe, it, vi } from 'vitest';

/** The same definitions, built by Pothos and by what stands in its place when deployed, and in the tests in workerd too. */
let byPothos: GraphQLSchema;
let deployed: GraphQLSchema;

beforeAll(async () => {
  byPothos = (await import('../../src/schema/schema.ts')).schema;
  vi.resetModules();
  vi.doMock('@pothos/core', () => import('../../src/schema/build/index.ts'));
  deployed = (await import('../../src/schema/schema.ts')).schema;
});

describe('the schema that is deployed', () => {
  it('is not built by Pothos', ({ expect }) => {
    expect(byPothos.getQueryType()?.extensions).toHaveProperty('pothosConfig');
    expect(deployed.getQueryType()?.extensions).toEqual({});
  });

  it('has the types that Pothos builds', ({ expect }) => {
    const types = byPothos.getTypeMap();
    expect(Object.keys(types).length).toBeGreaterThan(70);
    expect(Object.keys(deployed.getTypeMap()).toSorted()).toEqual(Object.keys(types).toSorted());
    for (const [name, type] of Object.entries(types)) {
      // By their names: Pothos and these tests do not load the same build of graphql.
      if (isIntrospectionType(type) || isSpecifiedScalarType(type)) continue;
      expect(plain(deployed.getType(name)?.toConfig()), name).toEqual(plain(type.toConfig()));
    }
  });

  it('has the root types and directives that Pothos gives it', ({ expect }) => {
    const { types: _types, ...config } = deployed.toConfig();
    const { types: _built, ...expected } = byPothos.toConfig();
    expect(plain(config)).toEqual(plain(expected));
  });
});

type Plain = string | number | boolean | null | undefined | readonly Plain[] | { readonly [key: string]: Plain };

/** What a definition brings with it. Pothos and graphql put functions of their own around or beside others. */
const DEFINED = new Set(['resolve', 'subscribe', 'resolveType', 'serialize', 'parseValue']);

/** A configuration as data: types by their names, functions by their source. */
function plain(value: unknown, key = ''): Plain {
  if (typeof value === 'function') return DEFINED.has(key) ? String(value) : 'a function';
  if (Array.isArray(value)) return value.map((item) => plain(item));
  if (typeof value !== 'object' || value === null) return value as Plain;
  if (Object.prototype.toString.call(value) !== '[object Object]') return JSON.stringify(value);
  const entries = Object.entries(isField(value) ? readingOf(value) : isInterface(value) ? unwrapped(value) : value);
  return Object.fromEntries(
    entries.flatMap(([name, entry]) => (name === 'extensions' ? [] : [[name, plain(entry, name)]])),
  );
}

type Field = GraphQLFieldConfig<unknown, unknown>;
type Interface = GraphQLInterfaceTypeConfig<unknown, unknown>;

function isInterface(value: object): value is Interface {
  return 'resolveType' in value;
}

/** As it was defined: Pothos looks for brands of its own before it asks. */
function unwrapped({ resolveType, extensions, ...rest }: Interface) {
  const options = extensions?.['pothosOptions'] as Partial<Interface> | undefined;
  return { ...rest, resolveType: options === undefined ? resolveType : options.resolveType };
}

function isField(value: object): value is Field {
  return 'resolve' in value && 'args' in value;
}

/** What is read of the parent counts, and not how that is written. */
function readingOf({ resolve, extensions, ...rest }: Field) {
  const exposed = extensions?.['pothosExposedField'];
  if (exposed === undefined) return { ...rest, resolve };
  if (resolve === undefined) return { ...rest, exposed, reads: 'by name' };
  // Else the engine would call it, as if something had been put around it.
  return { ...rest, exposed, reads: 'otherwise', isOwn: extensions?.['pothosOriginalResolve'] === resolve };
}
