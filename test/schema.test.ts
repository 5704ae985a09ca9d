import {
  type GraphQLNamedType,
  isEnumType,
  isInputObjectType,
  isInterfaceType,
  isIntrospectionType,
  isObjectType,
  isSpecifiedScalarType,
  lexicographicSortSchema,
  printSchema,
  validateSchema,
} from 'graphql';
import { describe, it } from 'vitest';
import { schema } from '../src/schema/schema.ts';

it('the schema prints as schema.graphql', async ({ expect }) => {
  await expect(`${printSchema(lexicographicSortSchema(schema))}\n`).toMatchFileSnapshot('../schema.graphql');
});

it('the schema is built by Pothos, as in the deployed script', ({ expect }) => {
  expect(schema.getQueryType()?.extensions).toHaveProperty('pothosConfig');
});

it('the schema is valid, because no other code checks it', ({ expect }) => {
  expect(validateSchema(schema)).toEqual([]);
});

type Element = readonly [name: string, description: string | null | undefined];

const elements: readonly Element[] = Object.values(schema.getTypeMap()).flatMap((type) =>
  isIntrospectionType(type) || isSpecifiedScalarType(type)
    ? []
    : [[type.name, type.description] as const, ...elementsIn(type)],
);

describe('every description', () => {
  it('exists', ({ expect }) => {
    expect(elements.filter(([, description]) => !description).map(([name]) => name)).toEqual([]);
  });

  it('adds something to the name', ({ expect }) => {
    const idle = elements.filter(([name, description]) => {
      const said = new Set(wordsOf(description ?? ''));
      for (const word of [...wordsOf(name.split('.').at(-1) ?? ''), ...EMPTY_WORDS]) said.delete(word);
      return said.size === 0;
    });
    expect(idle.map(([name]) => name)).toEqual([]);
  });

  it('is a sentence', ({ expect }) => {
    const fragments = elements.filter(([, description]) => !/^["`A-Z\d'].*[.]$/s.test(description ?? ''));
    expect(fragments.map(([name]) => name)).toEqual([]);
  });

  it('of a nullable field, or of its type, says when it is null', ({ expect }) => {
    const silent = Object.values(schema.getTypeMap())
      .filter((type) => !isIntrospectionType(type))
      .filter((type) => isObjectType(type) || isInterfaceType(type))
      .filter(({ description }) => !/\bA field is null\b/.test(description ?? ''))
      .flatMap((type) =>
        Object.values(type.getFields())
          .filter(({ type: fieldType }) => !String(fieldType).endsWith('!'))
          .filter(({ description }) => !/\bnull\b|\bset exactly\b|null beside/i.test(description ?? ''))
          .map((field) => `${type.name}.${field.name}`),
      );
    expect(silent).toEqual([]);
  });
});

it('every mutation states its price', ({ expect }) => {
  const mutations = Object.values(schema.getMutationType()!.getFields());
  expect(
    mutations.filter(({ description }) => !/Costs (nothing|\d)/.test(description ?? '')).map(({ name }) => name),
  ).toEqual([]);
});

function elementsIn(type: GraphQLNamedType): Element[] {
  if (isEnumType(type)) return type.getValues().map((value) => [`${type.name}.${value.name}`, value.description]);
  if (isInputObjectType(type)) {
    return Object.values(type.getFields()).map((field) => [`${type.name}.${field.name}`, field.description]);
  }
  if (!isObjectType(type) && !isInterfaceType(type)) return [];
  return Object.values(type.getFields()).flatMap((field) => [
    [`${type.name}.${field.name}`, field.description] as const,
    ...field.args.map((arg) => [`${type.name}.${field.name}.${arg.name}`, arg.description] as const),
  ]);
}

const EMPTY_WORDS = ['a', 'an', 'the', 'of', 'is', 'its', 'it', 'this', 'one'];

function wordsOf(text: string): string[] {
  const spaced = text.replace(/([a-z])([A-Z])/g, '$1 $2').replaceAll('_', ' ');
  return spaced.toLowerCase().match(/[a-z\d]+/g) ?? [];
}
