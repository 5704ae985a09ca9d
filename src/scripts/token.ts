/**
 * `npm run token`: prints the tokens of local development, for `authorization: Bearer ...`. A name, as in
 * `npm run -s token tenant-a`, prints only that token.
 */

import { DEV_CALLERS, mintDevToken, type DevCaller } from './dev-token.ts';

const [name] = process.argv.slice(2);
const callers = Object.keys(DEV_CALLERS) as DevCaller[];

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

if (name === undefined) {
  for (const caller of callers) say(`${caller} (${DEV_CALLERS[caller]}):\n${await mintDevToken(caller)}\n`);
} else {
  const caller = callers.find((candidate) => candidate === name);
  if (caller === undefined) {
    process.stderr.write(`There is no token for ${name}: choose one of ${callers.join(', ')}.\n`);
    process.exitCode = 1;
  } else {
    say(await mintDevToken(caller));
  }
}
