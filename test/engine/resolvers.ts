import {
  type GraphQLField,
  type GraphQLObjectType,
  type GraphQLResolveInfo,
  type GraphQLSchema,
  isInterfaceType,
  isObjectType,
  isScalarType,
  responsePathAsArray,
} from 'graphql';
import { createChance, hash } from './chance.ts';
import { later, randomValue } from './random-values.ts';
import { prototypeOf, type Source } from './source.ts';
import { currentMood, note } from './world.ts';

/** Gives each field of each object type one of six kinds of resolvers, and each abstract type a way to find its object type. */
export function attach(schema: GraphQLSchema): void {
  for (const type of Object.values(schema.getTypeMap())) {
    if (type.name.startsWith('__')) continue;
    if (isObjectType(type)) Object.values(type.getFields()).forEach((field) => attachField(schema, type, field));
    if (isInterfaceType(type) && type.name === 'Node')
      type.resolveType = (source, _context, info) => typenameOf('Node', source, info) as string;
    if (isScalarType(type) && type.name === 'Odd')
      Object.assign(type, { coerceOutputValue: oddOut, coerceInputValue: oddIn });
  }
  for (const name of ['Dog', 'Rock']) {
    const type = schema.getType(name) as GraphQLObjectType;
    type.isTypeOf = (source: Source, _context, info) => isKind(name, source, info) as boolean;
  }
  for (const name of ['Dog', 'Cat']) {
    Object.defineProperty(prototypeOf(name), '__typename', {
      get(this: Source) {
        return name === 'Cat' || this.seed % 2 === 0 ? name : undefined;
      },
    });
  }
}

function attachField(schema: GraphQLSchema, type: GraphQLObjectType, field: GraphQLField<Source, unknown>): void {
  const { name } = field;
  const called = `${type.name}.${name}`;
  const value = (source: unknown, args: object, what: string) => {
    note(what);
    const seed = hash((source as Source | undefined)?.seed ?? 1, `${name}${JSON.stringify(args, bigints)}`);
    const given = randomValue(schema, field.type, seed, currentMood());
    return typeof given === 'string' && field.args.length > 0 ? `${given} ${JSON.stringify(args, bigints)}` : given;
  };
  const prototype = prototypeOf(type.name);
  switch (hash(7, called) % 6) {
    case 0:
      Object.defineProperty(prototype, name, {
        get(this: Source) {
          return value(this, {}, `${called} read`);
        },
      });
      break;
    case 1:
      Object.defineProperty(prototype, name, {
        value(this: Source, args: object, context: unknown, info: GraphQLResolveInfo) {
          return value(this, args, `${called} method ${JSON.stringify(context)} ${inWords(info)}`);
        },
      });
      break;
    case 2:
      if (field.args.length > 0) {
        field.resolve = (source, args, context) => value(source, args, `${called} ${JSON.stringify(context)}`);
        break;
      }
      Object.defineProperty(prototype, `x_${name}`, {
        get(this: Source) {
          return value(this, {}, `${called} exposed`);
        },
      });
      field.resolve = (source) => (source as unknown as Record<string, unknown>)[`x_${name}`];
      field.extensions = { pothosExposedField: `x_${name}`, pothosOriginalResolve: field.resolve };
      break;
    case 3:
      field.resolve = (source, args) => value(source, args, called);
      break;
    case 4:
      field.resolve = (source, args, _context, info) => value(source, args, `${called} ${inWords({ ...info })}`);
      break;
    default:
      // oxlint-disable-next-line func-names -- arrow functions have no `arguments`
      field.resolve = function (source, args) {
        return value(source, args, `${called} ${inWords(arguments[3] as GraphQLResolveInfo)}`);
      };
  }
}

/** Prints the `info` of a resolver. */
function inWords(info: GraphQLResolveInfo): string {
  const { fieldName, fieldNodes, returnType, parentType, path, fragments, operation, rootValue, variableValues } = info;
  return JSON.stringify([
    fieldName,
    fieldNodes.map(({ loc }) => loc?.start),
    String(returnType),
    parentType.name,
    responsePathAsArray(path),
    path.typename,
    path.prev?.typename,
    Object.keys(fragments),
    operation.operation,
    (rootValue as Source).seed,
    variableValues.coerced,
    info.schema.getType('Odd')?.name,
    info.getAbortSignal()?.aborted,
  ]);
}

function typenameOf(abstract: string, source: Source | undefined, info: GraphQLResolveInfo): unknown {
  note(`${abstract} resolveType ${inWords(info)}`);
  const chance = createChance(hash(source?.seed ?? 1, abstract));
  const typename = () => {
    if (!chance.permille(currentMood().troubles)) return source?.kind;
    const wrong = chance.pick([null, 'Nope', 'Color', 'Rock', 'Query', 5, {}, new Error('thrown')]);
    if (wrong instanceof Error) throw wrong;
    return wrong;
  };
  return chance.permille(currentMood().promises) ? later(chance, typename) : typename();
}

function isKind(name: string, source: Source | undefined, info: GraphQLResolveInfo): unknown {
  note(`${name} isTypeOf ${inWords(info)}`);
  const chance = createChance(hash(source?.seed ?? 1, name));
  const answer = () => {
    if (chance.permille(currentMood().troubles / 4)) throw new Error('thrown by isTypeOf');
    return source?.kind === name;
  };
  return chance.permille(currentMood().promises) ? later(chance, answer) : answer();
}

function oddOut(value: unknown): unknown {
  switch (value) {
    case 3:
      throw new RangeError('not three');
    case 5:
      return null;
    case 7:
      return Promise.resolve('seven');
    case 9:
      return { nine: [9] };
    case 11:
      return currentMood().troubles > 0 ? later(createChance(11), () => 'eleven') : 11;
    case 13:
      return currentMood().troubles > 0 ? later(createChance(13), () => Promise.reject(new Error('not thirteen'))) : 13;
    default:
      return String(value);
  }
}

function oddIn(value: unknown): unknown {
  if (typeof value !== 'number' || value % 2 === 0) throw new TypeError('not odd');
  return value;
}

function bigints(_key: string, value: unknown): unknown {
  return typeof value === 'bigint' ? String(value) : value;
}
