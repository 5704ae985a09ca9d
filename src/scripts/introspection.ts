/** Writes what the studio's operations are typed by, from schema.graphql: `npm run generate -- schema` runs it. */

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { outputIntrospectionFile } from '@gql.tada/internal';
import { buildSchema, introspectionFromSchema } from 'graphql';

const ROOT = join(import.meta.dirname, '../..');

const schema = buildSchema(readFileSync(join(ROOT, 'schema.graphql'), 'utf8'));
const introspection = introspectionFromSchema(schema, { descriptions: false, oneOf: true });
writeFileSync(
  join(ROOT, 'src/studio/api/introspection.d.ts'),
  outputIntrospectionFile(introspection, { fileType: '.d.ts', shouldPreprocess: true }),
);
