import {
  doTypesOverlap,
  getNamedType,
  type GraphQLArgument,
  type GraphQLCompositeType,
  type GraphQLSchema,
  isCompositeType,
  isInterfaceType,
  isObjectType,
} from 'graphql';
import { type Chance, hash } from './chance.ts';
import { createRandomArguments } from './random-arguments.ts';

const DEPTH_MAX = 4;
const FRAGMENT_TYPES = ['Node', 'Dog', 'Pet', 'Cat', 'Named', 'Rock', 'Query'];
const CONDITION_TYPES = ['Dog', 'Node', 'Cat', 'Pet', 'Rock', 'Named'];

/** Creates a document that is valid for the schema. */
export function randomDocument(schema: GraphQLSchema, chance: Chance): string {
  const { argument, condition, variables } = createRandomArguments(chance);
  const fragments = new Map<number, string>();

  function selections(type: GraphQLCompositeType, depth: number, fragment: number): string {
    const count = 1 + chance.below(depth === 0 ? 6 : 4);
    return `{ ${Array.from({ length: count }, () => selection(type, depth, fragment)).join(' ')} }`;
  }

  function selection(type: GraphQLCompositeType, depth: number, fragment: number): string {
    switch (chance.below(10)) {
      case 7:
        return inlineFragment(type, depth, fragment);
      case 8:
        return spread(type, depth, fragment);
      case 9:
        return `${chance.pick(['', 't: ', '_: '])}__typename${directives()}`;
      default:
        return field(type, depth, fragment);
    }
  }

  function field(type: GraphQLCompositeType, depth: number, fragment: number): string {
    if (!isObjectType(type) && !isInterfaceType(type)) return `__typename${directives()}`;
    if (type.name === 'Query' && chance.permille(30)) return introspection();
    const fields = Object.values(type.getFields()).filter(
      ({ type: of }) => depth < DEPTH_MAX || !isCompositeType(getNamedType(of)),
    );
    const { name, args, type: of } = chance.pick(fields);
    const given = args.map((each: GraphQLArgument) => argument(each)).filter((text) => text !== '');
    const text = given.length > 0 ? `(${given.join(', ')})` : '';
    const inner = getNamedType(of);
    const set = isCompositeType(inner) ? selections(inner, depth + 1, fragment) : '';
    return `${alias(name, text)}${name}${text}${directives()} ${set}`;
  }

  /** Derives the alias from the field and its arguments, so that fields with one response key can merge. */
  function alias(name: string, args: string): string {
    if (args !== '') return `${name}_${hash(1, args).toString(36)}: `;
    if (name === 's') return chance.pick(['', '__proto__: ', 'toJSON: ']);
    if (name === 'b') return chance.pick(['', 'constructor: ', 'then: ']);
    return chance.pick(['', '', '', `a_${name}: `, `__${name}: `]);
  }

  function inlineFragment(type: GraphQLCompositeType, depth: number, fragment: number): string {
    const of = chance.pick(['', ...CONDITION_TYPES]);
    const narrowed = of === '' ? type : (schema.getType(of) as GraphQLCompositeType);
    if (!doTypesOverlap(schema, type, narrowed)) return field(type, depth, fragment);
    return `... ${of === '' ? '' : `on ${of}`}${directives()} ${selections(narrowed, depth, fragment)}`;
  }

  /** Spreads only later fragments, so that there is no cycle. */
  function spread(type: GraphQLCompositeType, depth: number, fragment: number): string {
    const index = fragment + 1 + chance.below(FRAGMENT_TYPES.length);
    const of = schema.getType(FRAGMENT_TYPES[index] ?? '') as GraphQLCompositeType | undefined;
    if (of === undefined || !doTypesOverlap(schema, type, of)) return field(type, depth, fragment);
    if (!fragments.has(index)) {
      fragments.set(index, '');
      fragments.set(index, `fragment F${index} on ${of.name} ${selections(of, Math.max(depth, 2), index)}`);
    }
    return `...F${index}${directives()}`;
  }

  function directives(): string {
    return chance.permille(120) ? ` ${condition()}` : '';
  }

  function introspection(): string {
    return chance.pick([
      '__type(name: "Dog") { name kind fields { name args { name defaultValue } type { kind name } } }',
      '__schema { queryType { name } directives { name isRepeatable } types { name possibleTypes { name } } }',
    ]);
  }

  const kind = chance.pick(['query', 'query', 'query', 'mutation', 'subscription'] as const);
  const root = schema.getType(kind === 'query' ? 'Query' : kind === 'mutation' ? 'Mutation' : 'Subscription');
  if (!isObjectType(root)) throw new TypeError('no root');
  const set = kind === 'subscription' ? `{ ${rootField()} }` : selections(root, 0, -1);
  function rootField(): string {
    return `nodes1 ${selections(schema.getType('Node') as GraphQLCompositeType, 1, -1)}`;
  }
  return [`${kind} Q${variables()} ${set}`, ...fragments.values()].join('\n');
}
