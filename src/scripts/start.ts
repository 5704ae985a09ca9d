/**
 * `npm start`: the gateway, the sandbox in place of Kling, and a line that says where they are.
 *
 * `HOST` is this computer's address in the local network, such as `HOST=192.168.1.20 npm start`: then a phone reaches the
 * gateway, the sandbox and the videos that the sandbox makes. Without it, both listen on localhost only.
 */

import { concurrently } from 'concurrently';
import { execFileSync } from 'node:child_process';
import { isIPv4 } from 'node:net';
import { join } from 'node:path';

const host = process.env['HOST'];
if (host !== undefined && !isIPv4(host)) {
  process.stderr.write(
    `HOST must be an IPv4 address of this computer, as in HOST=192.168.1.20 npm start; it is ${host}.\n`,
  );
  process.exit(1);
}

execFileSync(process.execPath, [join(import.meta.dirname, 'studio.ts'), 'development'], { stdio: 'inherit' });

const listen = host === undefined ? '' : ' --ip 0.0.0.0';
// Results lie where the sandbox was asked: on a phone, localhost would be the phone.
const upstream = host === undefined ? '' : ` --var KLING_BASE_URL:http://${host}:8788`;

const { result } = concurrently(
  [
    {
      name: 'gateway',
      command:
        'wrangler dev --env-file .env.sandbox --assets dist/development --port 8787 --inspector-port 9787' +
        listen +
        upstream,
    },
    {
      name: 'sandbox',
      command: `wrangler dev --config src/sandbox/wrangler.toml --port 8788 --inspector-port 9788${listen}`,
    },
    { name: 'where', command: 'node src/scripts/where.ts', env: { HOST: host ?? 'localhost' } },
  ],
  { prefixColors: ['blue', 'magenta', 'green'], killOthersOn: ['failure', 'success'] },
);
await result.catch(() => {
  process.exitCode = 1;
});
