import {
  type DocumentNode,
  type FragmentDefinitionNode,
  type GraphQLSchema,
  Kind,
  type OperationDefinitionNode,
  OperationTypeNode,
  type VariableValues,
} from 'graphql';
import { type Conditions, findConditions, readConditions } from './conditions.ts';
import type { Plan, Select } from './info.ts';
import { compileSelection, compileSerialSelection } from './selection.ts';

/** An operation in closures. Returns the form for these variables: `@skip` and `@include` decide which fields it has. */
export type CompiledOperation = (variableValues: VariableValues) => Select;

type Parts = Pick<Plan, 'schema' | 'operation' | 'fragments'>;
type OnFields = (count: number) => void;

/** Forms that are kept per operation, each for one set of conditions. */
const VARIANTS_MAX = 8;
/** Compiled fields that are kept per schema, of all operations together. A field takes about 800 bytes. */
const FIELDS_MAX = 20_000;
/** What a document costs in memory, about 50 bytes a character, in fields. */
const CHARS_PER_FIELD = 16;

/**
 * Compiles an operation. Its selections are compiled when they are first used; `onFields` is told how many fields were
 * compiled, and how many were evicted as a negative number. Returns null for what only graphql can execute: an operation type
 * that the schema lacks, incremental delivery, directives other than `@skip` and `@include`, and fragments with variables.
 */
export function compileOperation(
  schema: GraphQLSchema,
  document: DocumentNode,
  operation: OperationDefinitionNode,
  onFields: OnFields = ignore,
): CompiledOperation | null {
  if (schema.getDirective('defer') || schema.getDirective('stream')) return null;
  const names = findConditions(document, operation);
  if (names === null || !schema.getRootType(operation.operation)) return null;
  const variantOf = createVariants({ schema, operation, fragments: fragmentsOf(document) }, onFields);
  return (variableValues) => variantOf(readConditions(names, variableValues));
}

function createVariants(parts: Parts, onFields: OnFields): (conditions: Conditions) => Select {
  const variants = new Map<string, { readonly select: Select; fields: number }>();

  function add(key: string, conditions: Conditions): Select {
    const variant = {
      select: compileRoot(parts, conditions, (count) => {
        variant.fields += count;
        onFields(count);
      }),
      fields: 0,
    };
    const [oldest] = variants;
    if (oldest !== undefined && variants.size >= VARIANTS_MAX) {
      variants.delete(oldest[0]);
      onFields(-oldest[1].fields);
    }
    variants.set(key, variant);
    return variant.select;
  }

  return (conditions) => {
    // Not kept: it holds the variables of its run.
    if (conditions.faulty !== null) return compileRoot(parts, conditions, ignore);
    const key = [...conditions.values.values()].map(Number).join('');
    return variants.get(key)?.select ?? add(key, conditions);
  };
}

function compileRoot(parts: Parts, conditions: Conditions, onFields: OnFields): Select {
  const { schema, operation } = parts;
  const type = schema.getRootType(operation.operation);
  if (!type) throw new TypeError(`no root type for ${operation.operation}`);
  const plan: Plan = {
    ...parts,
    conditions,
    onFields,
    selectionOf: (object, position) => compileSelection(plan, object, position),
  };
  const isSerial = operation.operation === OperationTypeNode.MUTATION;
  return isSerial ? compileSerialSelection(plan, type) : compileSelection(plan, type, null);
}

function fragmentsOf({ definitions }: DocumentNode): Plan['fragments'] {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- Object.create returns any
  const fragments = Object.create(null) as Record<string, FragmentDefinitionNode>;
  for (const definition of definitions) {
    if (definition.kind === Kind.FRAGMENT_DEFINITION) fragments[definition.name.value] = definition;
  }
  return fragments;
}

/** Finds the compiled form of an operation, or compiles it. Returns null if it cannot be compiled. */
type FindCompiled = (document: DocumentNode, operation: OperationDefinitionNode) => CompiledOperation | null;

const caches = new WeakMap<GraphQLSchema, FindCompiled>();

/** Finds the compiled form of an operation in the cache of its schema, or compiles it. */
export function findCompiled(
  schema: GraphQLSchema,
  document: DocumentNode,
  operation: OperationDefinitionNode,
): CompiledOperation | null {
  let find = caches.get(schema);
  if (find === undefined) caches.set(schema, (find = createCompiledCache(schema, FIELDS_MAX)));
  return find(document, operation);
}

interface Entry {
  readonly document: DocumentNode;
  readonly compiled: CompiledOperation;
  fields: number;
  isKept: boolean;
}

/**
 * Creates a cache of compiled operations that evicts the one unused for longest. It is bounded by fields, not by operations: a
 * short document may spread a fragment in many places. An entry holds its document, which counts too.
 */
export function createCompiledCache(schema: GraphQLSchema, fieldsMax: number): FindCompiled {
  // A Map keeps the order of insertion: the first entry is the one unused for longest.
  const entries = new Map<OperationDefinitionNode, Entry>();
  let sum = 0;

  function remove(operation: OperationDefinitionNode, entry: Entry): void {
    entries.delete(operation);
    sum -= entry.fields;
    entry.isKept = false;
  }

  function compile(document: DocumentNode, operation: OperationDefinitionNode): Entry | null {
    let entry: Entry | null = null;
    const compiled = compileOperation(schema, document, operation, (fields) => {
      if (entry?.isKept !== true) return;
      entry.fields += fields;
      sum += fields;
    });
    // A document that was parsed without locations does not hold its text.
    const chars = document.loc?.source.body.length ?? 0;
    if (compiled !== null)
      entry = { document, compiled, fields: 1 + Math.ceil(chars / CHARS_PER_FIELD), isKept: false };
    return entry;
  }

  return (document, operation) => {
    const before = entries.get(operation);
    // Documents may share an operation, but not its fragments.
    const entry = before?.document === document ? before : compile(document, operation);
    if (before !== undefined) remove(operation, before);
    if (entry === null) return null;
    entries.set(operation, entry);
    sum += entry.fields;
    entry.isKept = true;
    for (const [oldest, unused] of entries) {
      if (sum <= fieldsMax) break;
      remove(oldest, unused);
    }
    return entry.compiled;
  };
}

function ignore(): void {}
