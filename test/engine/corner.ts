import { buildSchema } from 'graphql';
import { turns } from './turns.ts';

/** The schema of the corner cases. It is small, so that each case is easy to read. */
export const cornerSchema = buildSchema(`
  interface Being { name: String! friend: Being }
  type Cat implements Being { name: String! friend: Being lives: Int }
  type Dog implements Being { name: String! friend: Being }
  type Stone { weight: Int }
  union Thing = Cat | Stone
  enum Size { SMALL LARGE }
  input By @oneOf { id: ID name: String }
  type Query {
    a: String
    b: String
    must: String!
    inner: Inner
    innerMust: Inner!
    list: [String]
    listMust: [String!]
    grid: [[Int!]!]
    beings: [Being]
    thing: Thing
    size: Size
    float: Float
    find(by: By, first: Int = 2, sizes: [Size!]): String
  }
  type Inner { a: String b: String must: String! also: String! inner: Inner list: [Inner!] }
  type Mutation { one: String two: Inner three: String! four: String }
`);

/** Creates a resolver that throws. */
export const fail = (message: string) => () => {
  throw new Error(message);
};
/** Resolves to a value after `count` microtasks. Rejects if the value is an error. */
export const later = async (count: number, value: unknown) => {
  await turns(count);
  if (value instanceof Error) throw value;
  return value;
};

/** One operation and its whole response. Errors are written as `path: message`, in order. */
export interface Corner {
  readonly query: string;
  readonly root?: () => object;
  readonly variables?: Record<string, unknown>;
  readonly data: unknown;
  readonly errors?: readonly string[];
}
