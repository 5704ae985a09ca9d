/** Tenant A in its own process: prepares the attack, starts it on a message of its parent, and stops it. */

import { TENANT_ATTACKS } from './attacks.ts';
import type { Target } from './attack.ts';

const { name, target } = JSON.parse(process.argv[2] ?? '') as { readonly name: string; readonly target: Target };
const attack = TENANT_ATTACKS.find((one) => one.name === name);
if (attack === undefined) throw new Error(`there is no attack ${name}`);
process.once('disconnect', () => process.exit());

const run = await attack.prepare(target);
const stop = new AbortController();
process.on('message', (message) => {
  if (message === 'stop') stop.abort();
  else void run(stop.signal).then((outcome) => process.send?.(outcome, () => process.exit()));
});
process.send?.('ready');
