/**
 * The product's Worker, with a path that kills its objects while the process goes on. Only the chaos run uses it. Names of
 * classes, bindings and storage are the same.
 */

export { IssuerKeys, SocketOperations, Upload, Webhook } from '../../../src/index.ts';
import gateway, {
  Hub as ProductHub,
  KlingAccount as ProductAccount,
  TaskLedger as ProductLedger,
} from '../../../src/index.ts';
import { TENANT } from '../../support/token.ts';
import { shardName, SHARDS } from '../../../src/hub/pool.ts';
import type { TaskChange } from '../../../src/domain/records.ts';
import { isFinal } from '../../../src/domain/task.ts';
import type { AbortRequest, Moment, Step } from '../abort-request.ts';

/** The error of an object that was aborted and did not fail by itself. */
const REASON = 'aborted by the chaos run';

/** Resolves after the object has died. */
const ABORTED = 204;

/** The planned death of one object. */
class Doom {
  readonly #ctx: DurableObjectState;
  #at: Step | null = null;

  constructor(ctx: DurableObjectState) {
    this.#ctx = ctx;
  }

  /** Never returns. Its caller gets the abort as an error. */
  async wait({ inMs, at }: Moment): Promise<void> {
    this.#at = at;
    if (inMs > 0) await new Promise((resolve) => setTimeout(resolve, inMs));
    this.#ctx.abort(REASON);
  }

  /** Aborts if the object is to die at this step. All earlier writes are durable. */
  async reach(step: Step): Promise<void> {
    if (this.#at !== step) return;
    await this.#ctx.storage.sync();
    this.#ctx.abort(REASON);
  }

  async behind<T>(step: Step, work: T | Promise<T>): Promise<T> {
    const answer = await work;
    if (this.#at === step) this.#ctx.abort(REASON);
    return answer;
  }
}

export class Hub extends ProductHub {
  readonly #doom = new Doom(this.ctx);

  abort(moment: Moment): Promise<void> {
    return this.#doom.wait(moment);
  }

  override async deliver(...given: Parameters<ProductHub['deliver']>): Promise<number | null> {
    return this.#doom.behind('deliver', super.deliver(...given));
  }
}

/** Wraps the hubs for a ledger that can die around the push of a task's end. */
function watchPushes(hubs: Env['HUB'], doom: Doom): Env['HUB'] {
  return {
    getByName(name: string) {
      const hub = hubs.getByName(name);
      return {
        async deliver(tenant: string, prev: number, events: readonly TaskChange[]) {
          const newest = events.at(-1)?.task;
          const isEnd = newest !== undefined && isFinal(newest.status);
          if (isEnd) await doom.reach('push');
          const answer = await hub.deliver(tenant, prev, events);
          if (isEnd) await doom.reach('pushed');
          return answer;
        },
        skip: (tenant: string, seq: number) => hub.skip(tenant, seq),
      };
    },
  } as unknown as Env['HUB'];
}

export class TaskLedger extends ProductLedger {
  readonly #doom: Doom;

  constructor(ctx: DurableObjectState, env: Env) {
    const doom = new Doom(ctx);
    super(ctx, { ...env, HUB: watchPushes(env.HUB, doom) });
    this.#doom = doom;
  }

  abort(moment: Moment): Promise<void> {
    return this.#doom.wait(moment);
  }

  // @ts-expect-error -- over RPC a method may as well answer later
  override async ingest(...given: Parameters<ProductLedger['ingest']>): Promise<number> {
    const isProgress = given[1]?.status === 'PROCESSING';
    if (isProgress) await this.#doom.reach('ingest');
    const answer = super.ingest(...given);
    if (isProgress) await this.#doom.reach('ingested');
    return answer;
  }

  override createVoiceTask(
    ...given: Parameters<ProductLedger['createVoiceTask']>
  ): ReturnType<ProductLedger['createVoiceTask']> {
    return this.#doom.behind('create', super.createVoiceTask(...given));
  }

  override createLipSyncTask(
    ...given: Parameters<ProductLedger['createLipSyncTask']>
  ): ReturnType<ProductLedger['createLipSyncTask']> {
    return this.#doom.behind('create', super.createLipSyncTask(...given));
  }

  override catchUp(...given: Parameters<ProductLedger['catchUp']>): ReturnType<ProductLedger['catchUp']> {
    return this.#doom.behind('catchUp', super.catchUp(...given));
  }

  override async alarm(): Promise<void> {
    return this.#doom.behind('alarm', super.alarm());
  }
}

export class KlingAccount extends ProductAccount {
  readonly #doom = new Doom(this.ctx);

  abort(moment: Moment): Promise<void> {
    return this.#doom.wait(moment);
  }
}

interface Abortable extends Rpc.DurableObjectBranded {
  abort(moment: Moment): Promise<void>;
}

/** Answers 204 after the abort, and 500 for any other outcome. */
async function abortObject(env: Env, { object, shard, moment }: AbortRequest): Promise<Response> {
  const names = { TASK_LEDGER: TENANT, HUB: shardName(shard % SHARDS), KLING_ACCOUNT: 'account' };
  const namespace = env[object] as unknown as DurableObjectNamespace<Abortable>;
  try {
    await namespace.getByName(names[object]).abort(moment);
  } catch (error) {
    if (String(error).includes(REASON)) return new Response(null, { status: ABORTED });
    return new Response(String(error), { status: 500 });
  }
  return new Response('it lives', { status: 500 });
}

export default {
  async fetch(request, env, ctx) {
    if (new URL(request.url).pathname === '/chaos/abort') return abortObject(env, await request.json());
    return gateway.fetch(request, env, ctx);
  },
} satisfies ExportedHandler<Env>;
