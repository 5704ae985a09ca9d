/** Hive Gateway on Node, in front of what `compose.ts` has made of Kling's description. */

import { createServer } from 'node:http';
import { createGatewayRuntime } from '@graphql-hive/gateway';
import { PORT, PREPARED } from '../settings.ts';

const gateway = createGatewayRuntime({ supergraph: PREPARED });
// oxlint-disable-next-line typescript/no-misused-promises -- as its documentation has it
createServer(gateway).listen(PORT, '127.0.0.1');
