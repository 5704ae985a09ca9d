import { buildSchema, type GraphQLSchema, isObjectType } from 'graphql';
import { attach } from './resolvers.ts';

/** The fields of every object type. They can merge everywhere, and each type resolves them in its own way. */
const FIELDS = `
  id: ID!
  s: String
  s1: String!
  i: Int
  i1: Int!
  f: Float
  b: Boolean!
  color: Color
  color1: Color!
  odd: Odd
  odd1: Odd!
  strings: [String]
  ints1: [Int!]!
  colors: [Color!]
  grid: [[Int!]]!
  grid1: [[Int!]!]
  dog: Dog
  cat1: Cat!
  rock: Rock
  node: Node
  node1: Node!
  named: Named
  pet: Pet
  pet1: Pet!
  dogs: [Dog]
  cats1: [Cat!]!
  nodes: [Node!]
  nodes1: [Node]!
  pets: [Pet!]!
  pets1: [Pet]
  matrix: [[Node]!]
  args(i: Int! = 4, s: String, c: Color = RED, l: [Int!], box: Box, one: One, odd: Odd): String
  must(i: Int!, b: Boolean = true): String
  many(box: Box!, first: Int = 2): [Node!]
`;

const SDL = `
  scalar Odd
  enum Color { RED GREEN BLUE }
  input Box { x: Int = 1, y: [Color!], z: String! = "z", inner: Box, odd: Odd }
  input One @oneOf { a: Int, b: String, c: Box }
  interface Node { ${FIELDS} }
  interface Named { ${FIELDS} }
  type Dog implements Node & Named { ${FIELDS} }
  type Cat implements Node { ${FIELDS} }
  type Rock implements Named { ${FIELDS} }
  union Pet = Dog | Cat | Rock
  type Query { ${FIELDS} }
  type Mutation { ${FIELDS} }
  type Subscription { ${FIELDS} }
`;

/** Creates a schema with all kinds of types, nullable and non-null, and with all kinds of resolvers. */
export function createRandomSchema(): GraphQLSchema {
  const schema = buildSchema(SDL);
  attach(schema);
  return schema;
}

/** Returns the object types, without those of introspection. */
export function objectTypes(schema: GraphQLSchema) {
  return Object.values(schema.getTypeMap()).filter((type) => isObjectType(type) && !type.name.startsWith('__'));
}
