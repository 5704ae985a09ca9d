import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  buildSchema,
  type GraphQLSchema,
  isEnumType,
  isInputObjectType,
  isInterfaceType,
  isIntrospectionType,
  isLeafType,
  isListType,
  isObjectType,
  isNonNullType,
  isScalarType,
  isSpecifiedScalarType,
  getNamedType,
} from 'graphql';
import { describe, it } from 'vitest';

const words = (text: string): ReadonlySet<string> => new Set(text.trim().split(/\s+/));

/** Hard keywords: https://kotlinlang.org/docs/keyword-reference.html (2026-11). Apollo Kotlin puts them in backticks. */
const KOTLIN_KEYWORDS =
  words(`as break class continue do else false for fun if in interface is null object package return
  super this throw true try typealias typeof val var when while`);

/** Members that every generated data class has: https://kotlinlang.org/docs/data-classes.html (2026-11). */
const KOTLIN_MEMBERS = /^(?:copy|equals|hashCode|toString|component\d+)$/;

/**
 * Names of enum values that Apollo Kotlin renames or uses itself, in any case: `escapeKotlinReservedWordInEnum` in the
 * package `compiler.internal` of its repository (2026-11).
 */
const KOTLIN_ENUM_VALUES = /^(?:name|ordinal|type|companion|unknown_|entries)_*$/i;

/** Types of Kotlin that generated code uses without a package. */
const KOTLIN_TYPES = words('Any Boolean Double Enum Float Int List Long Map Nothing Pair Set String Unit');

/** `FieldAccessorNamesToEscape` in `String+SwiftNameEscaping.swift` of Apollo iOS (2026-11). It puts them in backticks. */
const SWIFT_KEYWORDS =
  words(`as associatedtype break case catch class continue default defer deinit do else enum extension
  fallthrough false fileprivate for func guard if import in init inout internal is let nil operator precedencegroup private
  protocol public repeat rethrows return self static struct subscript super switch throw throws true try typealias var where
  while`);

/** Fields that Apollo iOS refuses (`DisallowedFieldNames` there), and members of Swift's own protocols. */
const SWIFT_MEMBERS = words('__data fragments hash hashValue description debugDescription');

/** `TypeNamesToSuffix` there: Apollo iOS renames such types, and the structs of such fields. */
const SWIFT_TYPES =
  words(`Any DataDict DocumentType Fragments FragmentContainer ParentType Protocol Schema Selection Self
  String Bool Int Float Double ID Type Error`);

/** Types of Swift and Foundation. Apollo iOS generates enums, inputs and scalars without a namespace. */
const SWIFT_GLOBALS =
  words(`Actor Array Bundle Calendar Character Data Date Decimal Dictionary Encoder Decoder Error Formatter
  Host Locale Measurement Mirror Never Notification Operation Optional Process Progress Range Result Set Stream Task Thread
  TimeZone Timer Unit URL URLRequest UUID`);

interface Name {
  readonly name: string;
  /** Where the name is in the schema. */
  readonly at: string;
}

/** Every name that a schema gives to mobile code. Plural lists and their singular are `structs`. */
function namesOf(schema: GraphQLSchema) {
  const types = Object.values(schema.getTypeMap()).filter(
    (type) => !isIntrospectionType(type) && !isSpecifiedScalarType(type),
  );
  const composite = types.filter((type) => isObjectType(type) || isInterfaceType(type));
  const fields = [...composite, ...types.filter(isInputObjectType)].flatMap((type) =>
    Object.values(type.getFields()).map(({ name }): Name => ({ name, at: `${type.name}.${name}` })),
  );
  const args = composite.flatMap((type) =>
    Object.values(type.getFields()).flatMap((field) =>
      field.args.map(({ name }): Name => ({ name, at: `${type.name}.${field.name}(${name}:)` })),
    ),
  );
  const structs = composite.flatMap((type) =>
    Object.values(type.getFields()).flatMap(({ name, type: output }): readonly Name[] => {
      if (isLeafType(getNamedType(output))) return [];
      const isList = isListType(isNonNullType(output) ? output.ofType : output);
      const one = isList
        ? name
            .replace(/ies$/, 'y')
            .replace(/(ch|s)es$/, '$1')
            .replace(/s$/, '')
        : name;
      return [{ name: one.charAt(0).toUpperCase() + one.slice(1), at: type.name }];
    }),
  );
  const values = types
    .filter(isEnumType)
    .flatMap((type) => type.getValues().map(({ name }): Name => ({ name, at: type.name })));
  const globals = types.filter((type) => isEnumType(type) || isInputObjectType(type) || isScalarType(type));
  return { types: types.map(({ name }): Name => ({ name, at: name })), fields, args, structs, values, globals };
}

/** An enum value as Apollo iOS writes it: `FACE_ANGLE` becomes `faceAngle`. */
function toSwiftCase(value: string): string {
  return value.toLowerCase().replaceAll(/_(.)/g, (_, letter: string) => letter.toUpperCase());
}

/** Returns the names that occur twice at one place, however they are written. */
function clashesIn(names: readonly Name[]): readonly string[] {
  const keys = names.map(({ name, at }) => `${at}: ${name.toLowerCase()}`);
  return keys.filter((key, i) => keys.indexOf(key) !== i);
}

/** Returns the places of bad names. */
function among(names: readonly Name[], isBad: (name: string) => boolean): readonly string[] {
  return names.filter(({ name }) => isBad(name)).map(({ name, at }) => (at.includes(name) ? at : `${at}: ${name}`));
}

/** Returns all problems of a schema, by the library that has them. */
function problemsOf(schema: GraphQLSchema) {
  const { types, fields, args, structs, values, globals } = namesOf(schema);
  const members = [...fields, ...args];
  return {
    kotlin: [
      ...among(members, (name) => KOTLIN_KEYWORDS.has(name) || KOTLIN_MEMBERS.test(name) || /^[^a-z]/.test(name)),
      ...among(values, (name) => KOTLIN_ENUM_VALUES.test(name) || KOTLIN_KEYWORDS.has(name)),
      ...among(types, (name) => KOTLIN_TYPES.has(name)),
    ],
    swift: [
      ...among(members, (name) => SWIFT_KEYWORDS.has(name) || SWIFT_MEMBERS.has(name)),
      ...among(values, (name) => SWIFT_KEYWORDS.has(toSwiftCase(name)) || SWIFT_MEMBERS.has(toSwiftCase(name))),
      ...among([...types, ...structs], (name) => SWIFT_TYPES.has(name)),
      ...among(
        globals.map(({ name }) => ({ name, at: name })),
        (name) => SWIFT_GLOBALS.has(name),
      ),
    ],
    // File systems of Macs and Windows ignore case, and each type becomes a file.
    clashes: [
      ...clashesIn(types.map(({ name }) => ({ name, at: 'types' }))),
      ...clashesIn(fields.map(({ name, at }) => ({ name, at: at.split('.')[0]! }))),
      ...clashesIn(values.map(({ name, at }) => ({ name: toSwiftCase(name), at }))),
      ...clashesIn(structs),
    ],
  };
}

describe('names of the schema in generated Kotlin and Swift', () => {
  it('are no reserved words and do not clash, apart from those that the generators handle', ({ expect }) => {
    const sdl = readFileSync(join(import.meta.dirname, '../../schema.graphql'), 'utf8');
    expect(problemsOf(buildSchema(sdl))).toEqual({
      kotlin: [],
      swift: [
        // After a dot, Swift needs no backticks: `data.operator`, `.internal`.
        'Query.operator',
        // Apollo iOS generates a property of the selection set, which has no `description` of its own.
        'WebhookEndpoint.description',
        'Mutation.createWebhookEndpoint(description:)',
        'Mutation.updateWebhookEndpoint(description:)',
        'ErrorCode: INTERNAL',
        // docs/clients.md says what to write beside Foundation.
        'Decimal',
        'URL',
      ],
      // Relay asks for both fields of `Query`. An operation that selects both fields gives one an alias.
      clashes: ['Mutation: createlipsynctask', 'Query: node'],
    });
  });

  it('are reported if they are reserved or clash', ({ expect }) => {
    const schema = buildSchema(`
      type Query { class(in: Int): Type, hashCode: Int, description: Int, Shout: Int, video: Video, videos: [Video!]!, aB: Int, ab: Int }
      type Video { fragments: Int }
      type video { init: Int }
      type Type { error: Video }
      type List { a: Int }
      enum Data { NAME TYPE SELF A_B AB }
    `);
    expect(problemsOf(schema)).toEqual({
      kotlin: ['Query.class', 'Query.hashCode', 'Query.Shout', 'Query.class(in:)', 'Data: NAME', 'Data: TYPE', 'List'],
      swift: [
        'Query.class',
        'Query.description',
        'Video.fragments',
        'video.init',
        'Query.class(in:)',
        'Data: SELF',
        'Type',
        'Type: Error',
        'Data',
      ],
      clashes: ['types: video', 'Query: ab', 'Data: ab', 'Query: video'],
    });
  });
});
