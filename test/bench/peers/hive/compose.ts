/** Composes the supergraph of Hive Gateway from Kling's description, and prints it, as `mesh-compose` does. */

import { writeFileSync } from 'node:fs';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DefaultLogger } from '@graphql-mesh/utils';
import { getComposedSchemaFromConfig } from '@graphql-mesh/compose-cli';
import { loadOpenAPISubgraph } from '@omnigraph/openapi';
import { DESCRIPTION } from './description.ts';

const source = join(mkdtempSync(join(tmpdir(), 'kling-hive-')), 'kling.json');
writeFileSync(source, JSON.stringify(DESCRIPTION));
const supergraph = await getComposedSchemaFromConfig(
  {
    subgraphs: [
      {
        sourceHandler: loadOpenAPISubgraph('Kling', { source, endpoint: process.env['KLING_BASE_URL'] ?? '' }),
      },
    ],
  },
  new DefaultLogger(),
);
process.stdout.write(supergraph);
