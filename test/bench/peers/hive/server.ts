/** Hive Gateway on Node, with the supergraph of `compose.ts`. */

import { createServer } from 'node:http';
import { createGatewayRuntime } from '@graphql-hive/gateway';
import { PORT, PREPARED } from '../settings.ts';

const gateway = createGatewayRuntime({ supergraph: PREPARED });
// oxlint-disable-next-line typescript/no-misused-promises -- as in its documentation
createServer(gateway).listen(PORT, '127.0.0.1');
