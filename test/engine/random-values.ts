import {
  GraphQLError,
  type GraphQLOutputType,
  type GraphQLSchema,
  isAbstractType,
  isListType,
  isNonNullType,
  isObjectType,
} from 'graphql';
import { type Chance, createChance } from './chance.ts';
import { createSource } from './source.ts';
import { turns } from './turns.ts';
import { type Mood, note } from './world.ts';

const TROUBLES = [
  () => null,
  () => undefined,
  () => null,
  () => {
    throw new Error('thrown');
  },
  () => {
    throw new GraphQLError('of graphql', { extensions: { code: 'CODE' } });
  },
  () => {
    throw 'a text';
  },
  () => {
    throw undefined;
  },
  () => {
    throw Object.assign(new Error('with a path'), { path: ['its', 'own'], extensions: { own: true } });
  },
  () => new Error('returned'),
  () => new GraphQLError('returned of graphql'),
  () => 'a wrong text',
  () => 17.5,
  () => ({ wrong: true }),
  () => Symbol.iterator,
] as const;

const LEAVES: Readonly<Record<string, readonly unknown[]>> = {
  ID: ['id-1', 'id-2', 7, 8n],
  String: ['text', 'ö"\\\n', '', 5, true, { valueOf: () => 'of an object' }],
  Int: [1, -0, 2 ** 31 - 1, '12', true],
  Float: [1.5, 0, '2.5', 3],
  Boolean: [true, false, 1, 0],
  Color: ['RED', 'GREEN', 'BLUE'],
  Odd: [1, 3, 5, 7, 9, 11, 13],
};

/** Returns a value of the type, a promise of one, or a wrong value, or throws. */
export function randomValue(schema: GraphQLSchema, type: GraphQLOutputType, seed: number, mood: Mood): unknown {
  const chance = createChance(seed);
  if (chance.permille(mood.promises)) {
    const inner = chance.seed();
    return later(chance, () => randomValue(schema, type, inner, { ...mood, promises: 0 }));
  }
  if (chance.permille(mood.troubles)) return chance.pick(TROUBLES)();
  const nullable = isNonNullType(type) ? type.ofType : type;
  if (nullable === type && chance.permille(60)) return null;
  if (isListType(nullable)) {
    const item: GraphQLOutputType = nullable.ofType;
    const seeds = Array.from({ length: chance.below(4) }, () => chance.seed());
    // Graphql itself leaves unhandled rejections if non-null items of an async iterable fail.
    const mayBeAsync = !isNonNullType(item) && chance.below(3) === 0;
    return randomList(chance, seeds, (each) => randomValue(schema, item, each, mood), mayBeAsync);
  }
  if (isObjectType(nullable)) return createSource(nullable.name, chance.seed());
  if (isAbstractType(nullable)) return createSource(chance.pick(schema.getPossibleTypes(nullable)).name, chance.seed());
  return chance.pick(LEAVES[nullable.toString()] ?? []);
}

function randomList(
  chance: Chance,
  seeds: readonly number[],
  make: (seed: number) => unknown,
  mayBeAsync: boolean,
): unknown {
  switch (chance.below(12)) {
    case 0:
      return new Set(seeds.map((seed) => caught(() => make(seed))));
    case 1:
      return (function* list() {
        for (const seed of seeds) {
          note('next of a list');
          yield make(seed);
        }
      })();
    case 2:
      return mayBeAsync ? asyncList(seeds, make) : [];
    default:
      return seeds.map((seed) => caught(() => make(seed)));
  }
}

async function* asyncList(seeds: readonly number[], make: (seed: number) => unknown): AsyncGenerator {
  for (const seed of seeds) {
    note('next of an asynchronous list');
    yield make(seed);
  }
}

/** Returns an error instead of throwing it, because items of an array cannot throw. */
function caught(make: () => unknown): unknown {
  try {
    return make();
  } catch (error) {
    return error instanceof Error ? error : handled(Promise.reject(error as Error));
  }
}

/** Returns a promise, or another thenable, that settles after a few microtasks. */
export function later(chance: Chance, make: () => unknown): unknown {
  const promise = handled(wait(chance.below(9), make));
  if (chance.below(8) > 0) return promise;
  // oxlint-disable-next-line unicorn/no-thenable -- graphql accepts thenables
  return { then: (...args: Parameters<typeof promise.then>) => promise.then(...args) };
}

/** Marks a promise as handled. Graphql ignores promises in a list that it does not read. */
function handled<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => undefined);
  return promise;
}

async function wait(count: number, make: () => unknown): Promise<unknown> {
  await turns(count);
  return make();
}
