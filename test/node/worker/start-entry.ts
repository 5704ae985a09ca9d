/** The product's Worker, with a path that reports what its start has done. Only one test uses it. */

import { errorsMade } from './errors-made.ts';
import gateway from '../../../src/index.ts';

export { Hub, IssuerKeys, KlingAccount, SocketOperations, TaskLedger, Upload, Webhook } from '../../../src/index.ts';

const errors = [...errorsMade];
const ofNode = ['process', 'Buffer', 'setImmediate'].filter((name) => name in globalThis);

export default {
  async fetch(request, env, ctx) {
    if (new URL(request.url).pathname === '/errors') throw new Error('made to be counted');
    if (new URL(request.url).pathname !== '/start') return gateway.fetch(request, env, ctx);
    return Response.json({ errors, ofNode, errorsSince: errorsMade.length - errors.length });
  },
} satisfies ExportedHandler<Env>;
