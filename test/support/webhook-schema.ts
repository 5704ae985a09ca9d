import {
  getNullableType,
  type GraphQLOutputType,
  isAbstractType,
  isEnumType,
  isListType,
  isNonNullType,
  isObjectType,
  Kind,
  parse,
  type SelectionSetNode,
} from 'graphql';
import { schema } from '../../src/schema/schema.ts';
import { BODY_VERSION, CHANGE_TYPE, MESSAGE_TYPES, taskDocument, TEST_TYPE } from '../../src/webhooks/body.ts';

/** The part of JSON Schema that the body of a webhook needs. */
export interface JsonSchema {
  readonly type?: string | readonly string[];
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly anyOf?: readonly JsonSchema[];
  readonly items?: JsonSchema;
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
  readonly [keyword: string]: unknown;
}

/** Returns the JSON Schema of a webhook's body, from the schema and the document that makes the body. */
export function webhookSchema(): JsonSchema {
  const [operation] = parse(taskDocument()).definitions;
  if (operation?.kind !== Kind.OPERATION_DEFINITION) throw new TypeError('there is no operation');
  const update = operation.selectionSet.selections[0];
  const task =
    update?.kind === Kind.FIELD ? update.selectionSet?.selections.find((each) => isField(each, 'task')) : null;
  if (task?.kind !== Kind.FIELD || task.selectionSet === undefined) throw new TypeError('there is no task');
  const type = schema.getType('Task');
  if (!isAbstractType(type)) throw new TypeError('there is no type of tasks');
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'The body of a webhook',
    type: 'object',
    properties: {
      type: { enum: [...Object.values(MESSAGE_TYPES), CHANGE_TYPE, TEST_TYPE] },
      version: { const: BODY_VERSION },
      timestamp: { type: 'string', format: 'date-time' },
      sequence: { type: 'integer', minimum: 0 },
      resync: { type: 'boolean' },
      task: nullable(composite(type, task.selectionSet)),
    },
    required: ['type', 'version', 'timestamp', 'sequence', 'resync', 'task'],
  };
}

function isField(node: SelectionSetNode['selections'][number], name: string): boolean {
  return node.kind === Kind.FIELD && node.name.value === name;
}

function nullable(of: JsonSchema): JsonSchema {
  return { anyOf: [of, { type: 'null' }] };
}

function composite(type: GraphQLOutputType, set: SelectionSetNode): JsonSchema {
  const parts = set.selections.filter((each) => each.kind === Kind.INLINE_FRAGMENT);
  if (parts.length === 0) return objectOf(type, set, null);
  return {
    anyOf: parts.map(({ typeCondition, selectionSet }) => {
      const name = typeCondition?.name.value ?? '';
      return objectOf(schema.getType(name) as GraphQLOutputType, selectionSet, name);
    }),
  };
}

function objectOf(type: GraphQLOutputType, set: SelectionSetNode, typename: string | null): JsonSchema {
  if (!isObjectType(type)) throw new TypeError(`${String(type)} is no object type`);
  const fields = type.getFields();
  const properties: Record<string, JsonSchema> = typename === null ? {} : { __typename: { const: typename } };
  for (const node of set.selections) {
    if (node.kind !== Kind.FIELD) continue;
    const field = fields[node.name.value];
    if (field === undefined) throw new TypeError(`${type.name} has no ${node.name.value}`);
    const { description } = field;
    properties[node.name.value] = {
      ...(description ? { description } : {}),
      ...valueOf(field.type, node.selectionSet),
    };
  }
  return { type: 'object', properties, required: Object.keys(properties) };
}

function valueOf(type: GraphQLOutputType, set: SelectionSetNode | undefined): JsonSchema {
  if (!isNonNullType(type)) return nullable(present(type, set));
  return present(getNullableType(type), set);
}

const LEAVES: Readonly<Record<string, JsonSchema>> = {
  Boolean: { type: 'boolean' },
  Int: { type: 'integer' },
  Float: { type: 'number' },
  DateTime: { type: 'string', format: 'date-time' },
  URL: { type: 'string', format: 'uri' },
};

function present(type: GraphQLOutputType, set: SelectionSetNode | undefined): JsonSchema {
  if (isListType(type)) return { type: 'array', items: valueOf(type.ofType, set) };
  if (set !== undefined) return composite(type, set);
  // A status or code that is added later is no break, as in the schema.
  if (isEnumType(type)) return { type: 'string', examples: type.getValues().map(({ name }) => name) };
  return LEAVES[String(type)] ?? { type: 'string' };
}

/** Returns where a value breaks a schema; empty if it conforms. */
export function breaches(of: JsonSchema, value: unknown, path = '$'): readonly string[] {
  if (of.anyOf !== undefined) {
    const each = of.anyOf.map((option) => breaches(option, value, path));
    return each.find((found) => found.length === 0) ?? each.toSorted((a, b) => a.length - b.length)[0] ?? [];
  }
  if ('const' in of && of.const !== value) return [`${path} is not ${JSON.stringify(of.const)}`];
  if (of.enum !== undefined && !of.enum.includes(value)) return [`${path} is not one of the values`];
  if (of.type !== undefined && typeOf(value) !== of.type && !(of.type === 'number' && typeOf(value) === 'integer')) {
    return [`${path} is ${typeOf(value)}, not ${String(of.type)}`];
  }
  if (Array.isArray(value)) return value.flatMap((item, i) => breaches(of.items ?? {}, item, `${path}[${i}]`));
  if (of.properties === undefined || typeof value !== 'object' || value === null) return [];
  const known = of.properties;
  const missing = (of.required ?? []).filter((name) => !(name in value)).map((name) => `${path}.${name} is missing`);
  const unknown = Object.keys(value)
    .filter((name) => !(name in known))
    .map((name) => `${path}.${name} is unknown`);
  const wrong = Object.entries(value).flatMap(([name, each]) => breaches(known[name] ?? {}, each, `${path}.${name}`));
  return [...missing, ...unknown, ...wrong];
}

function typeOf(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  return Number.isInteger(value) ? 'integer' : typeof value;
}
