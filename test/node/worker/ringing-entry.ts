/** The product's Worker, with a path that runs the alarm of a ledger. Only the bench of history uses it. */

export { Hub, IssuerKeys, KlingAccount, SocketOperations, Upload, Webhook } from '../../../src/index.ts';
import type { Rung } from '../../bench/history/rung.ts';
import gateway, { TaskLedger as ProductLedger } from '../../../src/index.ts';

export class TaskLedger extends ProductLedger {
  async ring(times: number): Promise<Rung> {
    for (let i = 0; i < times; i += 1) await this.alarm();
    return { nextAtMs: await this.ctx.storage.getAlarm(), databaseBytes: this.ctx.storage.sql.databaseSize };
  }
}

interface Ringing extends Rpc.DurableObjectBranded {
  ring(times: number): Promise<Rung>;
}

export default {
  async fetch(request, env, ctx) {
    const url = new URL(request.url);
    if (url.pathname !== '/bench/alarm') return gateway.fetch(request, env, ctx);
    const ledgers = env.TASK_LEDGER as unknown as DurableObjectNamespace<Ringing>;
    const [tenant, times] = [url.searchParams.get('tenant') ?? '', Number(url.searchParams.get('times'))];
    return Response.json(await ledgers.getByName(tenant).ring(times));
  },
} satisfies ExportedHandler<Env>;
