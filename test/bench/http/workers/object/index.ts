import { DurableObject } from 'cloudflare:workers';

interface ObjectEnv {
  readonly TASKS: DurableObjectNamespace<Tasks>;
}

/** Stores texts by id: the lower limit of an object with storage. */
export class Tasks extends DurableObject<ObjectEnv> {
  constructor(ctx: DurableObjectState, env: ObjectEnv) {
    super(ctx, env);
    ctx.storage.sql.exec('CREATE TABLE IF NOT EXISTS tasks (id TEXT PRIMARY KEY, body TEXT NOT NULL) WITHOUT ROWID');
  }

  put(key: string, body: string): void {
    this.ctx.storage.sql.exec('INSERT OR REPLACE INTO tasks (id, body) VALUES (?, ?)', key, body);
  }

  get(key: string): string | null {
    const [row] = this.ctx.storage.sql.exec<{ body: string }>('SELECT body FROM tasks WHERE id = ?', key);
    return row?.body ?? null;
  }
}

/** A Worker that reads one row of one object. */
export default {
  async fetch(request, env): Promise<Response> {
    const { pathname } = new URL(request.url);
    const tasks = env.TASKS.getByName('default');
    if (request.method === 'PUT') {
      await tasks.put(pathname, await request.text());
      return new Response(null, { status: 204 });
    }
    const body = await tasks.get(pathname);
    return new Response(body, { status: body === null ? 404 : 200, headers: { 'content-type': 'application/json' } });
  },
} satisfies ExportedHandler<ObjectEnv>;
