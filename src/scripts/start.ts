/**
 * `npm start`: runs the gateway, and the sandbox instead of Kling, and prints their URLs.
 *
 * `HOST` is this computer's address in the local network, such as `HOST=192.168.1.20 npm start`. Then a phone can reach
 * the gateway, its uploads, the sandbox and the videos that the sandbox makes. Without `HOST`, both listen on localhost only.
 *
 * `PORT` is the port of the gateway, by default 8787. The sandbox gets the next port.
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

const port = Number(process.env['PORT'] ?? 8787);
if (!Number.isInteger(port) || port < 1024 || port > 60_000) {
  process.stderr.write(
    `PORT must be a whole number from 1024 to 60000, as in PORT=9000 npm start; it is ${process.env['PORT']}.\n`,
  );
  process.exit(1);
}
const sandboxPort = port + 1;
/** The distance from a server's port to the port of its debugger. */
const INSPECTOR = 1000;

const listen = host === undefined ? '' : ' --ip 0.0.0.0';
// URLs of results, examples, uploads and files start with these origins. A phone cannot use localhost.
const sandboxUrl = `http://${host ?? 'localhost'}:${sandboxPort}`;
const gatewayUrl = `http://${host ?? 'localhost'}:${port}`;
const settings = ` --var KLING_BASE_URL:${sandboxUrl} --var PUBLIC_URL:${gatewayUrl}`;

execFileSync(process.execPath, [join(import.meta.dirname, 'studio.ts'), 'development'], {
  stdio: 'inherit',
  env: { ...process.env, SANDBOX_URL: sandboxUrl },
});

const { result } = concurrently(
  [
    {
      name: 'gateway',
      command: `wrangler dev --env-file .env.sandbox --assets dist/development --port ${port} --inspector-port ${port + INSPECTOR}${listen}${settings}`,
    },
    {
      name: 'sandbox',
      command: `wrangler dev --config src/sandbox/wrangler.toml --port ${sandboxPort} --inspector-port ${sandboxPort + INSPECTOR}${listen}`,
    },
    {
      name: 'where',
      command: 'node src/scripts/where.ts',
      env: { GATEWAY_URL: gatewayUrl, SANDBOX_URL: sandboxUrl },
    },
  ],
  { prefixColors: ['blue', 'magenta', 'green'], killOthersOn: ['failure', 'success'] },
);
await result.catch(() => {
  process.exitCode = 1;
});
