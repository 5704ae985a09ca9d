import { getNamedType, type GraphQLArgument } from 'graphql';
import type { Chance } from './chance.ts';

const VARIABLES = {
  i: 'Int',
  i1: 'Int! = 5',
  iN: 'Int!',
  s: 'String = "by default"',
  s0: 'String',
  sN: 'String!',
  b: 'Boolean!',
  b1: 'Boolean = true',
  bD: 'Boolean! = false',
  c: 'Color',
  c1: 'Color! = BLUE',
  l: '[Int!]',
  box: 'Box',
  boxN: 'Box!',
  one: 'One',
  odd: 'Odd',
} as const;

type Variable = keyof typeof VARIABLES;

/** Values for each type of an argument, as GraphQL text. A name after `$` is one of the variables. */
const LITERALS: Readonly<Record<string, readonly string[]>> = {
  Int: ['1', '-7', '$i1', '$iN', '$i'],
  String: ['"text"', 'null', '$s', '$s0', '$sN', '""'],
  Color: ['GREEN', 'null', '$c'],
  '[Int!]': ['[]', '[1, 2]', '3', 'null', '$l', '[1, $i1]'],
  Box: [
    '{}',
    '{ x: 3, y: [RED] }',
    '$boxN',
    '{ x: $i }',
    '{ y: [$c1], z: $sN, inner: { x: $i1, odd: $odd } }',
    '{ inner: $box }',
  ],
  One: ['{ a: 1 }', '{ b: $sN }', 'null', '$one', '{ c: { x: 2 } }'],
  Odd: ['1', '3', '$odd', 'null'],
  Boolean: ['true', '$b', '$b1'],
};

/** Values that a client may send for the variables, right and wrong. The first is right. */
const VALUES: Readonly<Record<Variable, readonly unknown[]>> = {
  i: [1, null, 2 ** 40],
  i1: [3, null],
  iN: [4, 'four'],
  s: ['sent', null],
  s0: ['sent', null, 6],
  sN: ['sent'],
  b: [true, false, 'true'],
  b1: [true, false, null],
  bD: [true, false],
  c: ['RED', null, 'PINK'],
  c1: ['GREEN'],
  l: [[1, 2], 3, null, [null]],
  box: [{}, { x: null, y: ['BLUE'] }, { inner: { x: 1, odd: 3 } }, null, { nope: 1 }, { odd: 2 }],
  boxN: [{ z: 'zz' }, { x: 1 }, { y: 'RED' }],
  one: [{ a: 1 }, { b: 'b' }, null, {}, { a: 1, b: 'b' }],
  odd: [1, null, 2],
};

export function createRandomArguments(chance: Chance) {
  const used = new Set<Variable>();

  function use(text: string): string {
    for (const [, name] of text.matchAll(/\$(\w+)/g)) used.add(name as Variable);
    return text;
  }

  return {
    /** Returns an argument as text. The text is empty if the argument is left out. */
    argument: ({ name, type, default: byDefault }: GraphQLArgument): string => {
      const isRequired = String(type).endsWith('!') && byDefault === undefined;
      if (!isRequired && chance.below(3) === 0) return '';
      const kind = String(type).replace(/!$/, '');
      const literals = LITERALS[kind] ?? LITERALS[getNamedType(type).name] ?? [];
      const nullable = new Set(['null', ...(isRequired ? ['$i'] : [])]);
      const fitting = String(type).endsWith('!') ? literals.filter((text) => !nullable.has(text)) : literals;
      return `${name}: ${use(chance.pick(fitting))}`;
    },
    condition: (): string =>
      use(
        chance.pick([
          '@skip(if: $b)',
          '@include(if: $b)',
          '@include(if: $bD) @skip(if: $b)',
          '@skip(if: true)',
          '@include(if: true)',
          '@include(if: $b1)',
        ]),
      ),
    variables: (): string =>
      used.size === 0 ? '' : `(${[...used].map((name) => `$${name}: ${VARIABLES[name]}`).join(', ')})`,
  };
}

/** Chooses mostly right values, because an operation with refused variables executes nothing. */
export function randomVariables(chance: Chance): Record<string, unknown> {
  const values: Record<string, unknown> = {};
  for (const [name, choices] of Object.entries(VALUES)) {
    const type = VARIABLES[name as Variable];
    if (!type.endsWith('!') && chance.permille(300)) continue;
    if (!type.includes('!') && chance.permille(100)) values[name] = null;
    else values[name] = chance.permille(12) ? chance.pick(choices) : choices[0];
  }
  for (const name of ['b', 'bD'] as const) if (chance.permille(500)) values[name] = !(values[name] === true);
  return values;
}
