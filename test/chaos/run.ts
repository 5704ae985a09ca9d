/**
 * `npm run chaos`: checks the promises of the gateway under faults. Clients reset connections and repeat requests, Kling
 * fails, loses and forges, watchers reconnect, the gateway is killed, and its objects are aborted.
 *
 * `--one-call` makes every task of a round in one call, from a video and a text.
 * `--seed N` repeats a run as far as the clocks allow. `--tasks N --kills N --aborts N --watchers N` apply to each round,
 * `--rounds N` to the run. `--seconds N` is the duration of the load. Then `--uploads N` files are uploaded while the
 * gateway is killed `--upload-kills N` times. `--short` is for CI. `--plant N` builds the gateway with a fault of
 * `plants.ts`, and must fail. `--log FILE` writes the gateway's log, with times since the start. Exits with 1 if a promise
 * was broken.
 */

import { appendFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { type Check, CHECKS, endDelays, type Evidence } from './check.ts';
import { HISTORY_CHECKS } from './history-check.ts';
import { ONE_CALL_CHECKS, oneCallFigures } from './one-call-check.ts';
import { PLANTS, type Plant } from './plants.ts';
import { createRandom } from './random.ts';
import { runRound } from './round.ts';
import { runUploads, UPLOAD_CHECKS } from './uploads.ts';
import { watchFigures } from './watch-figures.ts';
import { WEBHOOK_CHECKS, webhookFigures } from './webhook-check.ts';

const { values } = parseArgs({
  options: {
    seed: { type: 'string' },
    rounds: { type: 'string' },
    tasks: { type: 'string' },
    kills: { type: 'string' },
    aborts: { type: 'string' },
    watchers: { type: 'string' },
    seconds: { type: 'string' },
    uploads: { type: 'string' },
    'upload-kills': { type: 'string' },
    plant: { type: 'string' },
    log: { type: 'string' },
    short: { type: 'boolean', default: false },
    'one-call': { type: 'boolean', default: false },
  },
});
const SHORT = {
  tasks: 200,
  kills: 4,
  aborts: 8,
  watchers: 50,
  overMs: 20_000,
  slotsMs: null,
  uploads: 8,
  uploadKills: 3,
  uploadBytesMax: 6_000_000,
};
const LONG = {
  tasks: 2_000,
  kills: 30,
  aborts: 60,
  watchers: 60,
  overMs: 120_000,
  slotsMs: 75_000,
  uploads: 50,
  uploadKills: 30,
  uploadBytesMax: 30_000_000,
};
const usual = values.short ? SHORT : values['one-call'] ? { ...LONG, kills: 40, overMs: 150_000 } : LONG;
/** The share of the tasks that are made in one call. */
const oneCallShare = values['one-call'] ? 1 : 0.1;
const seed = count('seed', Math.floor(Math.random() * 1_000_000));
const rounds = count('rounds', 1);
const tasks = count('tasks', usual.tasks);
const kills = count('kills', usual.kills);
const aborts = count('aborts', usual.aborts);
const watchers = count('watchers', usual.watchers);
const seconds = count('seconds', usual.overMs / 1_000);
const uploads = count('uploads', usual.uploads);
const uploadKills = count('upload-kills', usual.uploadKills);
const plant = plantOf(count('plant', 0));

/** The violations of one promise that are printed. */
const SHOWN_MAX = 10;

function count(name: Exclude<keyof typeof values, 'log' | 'short' | 'one-call'>, fallback: number): number {
  const text = values[name];
  if (text === undefined) return fallback;
  if (!/^\d{1,9}$/.test(text)) throw new Error(`--${name} takes a whole number`);
  return Number(text);
}

/** Null for 0. */
function plantOf(number: number): Plant | null {
  const found = PLANTS.get(number) ?? null;
  if (found === null && number !== 0) throw new Error(`--plant takes one of ${[...PLANTS.keys()].join(', ')}`);
  return found;
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

/** Prints the figures and violations of a round. Returns the number of broken promises. */
function report(evidence: Evidence): number {
  const { views, ledger, kling } = evidence;
  const codes = new Map<string, number>();
  for (const { method, code } of kling.requests) {
    if (code !== 0) codes.set(`${method} ${code ?? 'html'}`, (codes.get(`${method} ${code ?? 'html'}`) ?? 0) + 1);
  }
  const delays = endDelays(evidence);
  const attempts = views.reduce((sum, view) => sum + view.attempts, 0);
  say(
    `clients: ${views.length} intents, ${attempts} creates sent, ${views.filter(({ taskId }) => taskId !== null).length} acknowledged, ${views.filter(({ refusedWith }) => refusedWith !== null).length} refused, ${views.filter(({ isCancelled }) => isCancelled).length} cancelled`,
  );
  say(
    `ledger: ${ledger.tasks.length} tasks, ${ledger.events.length} events, ${ledger.tasks.filter(({ sends }) => sends > 1).length} sent more than once`,
  );
  say(`Kling: ${kling.tasks.length} tasks, ${kling.unitsCharged} units, at most ${kling.inFlightMax} at once`);
  say(`  calls: ${JSON.stringify(kling.requestsByRoute)}`);
  say(`  refusals among the last 10,000: ${JSON.stringify(Object.fromEntries(codes))}`);
  say(`an acknowledged end shows after ${delays.at(delays.length >> 1)} ms (median), ${delays.at(-1)} ms (longest)`);
  for (const line of watchFigures(evidence)) say(line);
  for (const line of oneCallFigures(evidence)) say(line);
  say(webhookFigures(evidence));
  return check([...CHECKS, ...ONE_CALL_CHECKS, ...HISTORY_CHECKS, ...WEBHOOK_CHECKS], evidence);
}

/** Prints the promises and their violations. Returns the number of broken promises. */
function check<E>(checks: readonly Check<E>[], evidence: E): number {
  let broken = 0;
  for (const { promise, violations } of checks) {
    const found = violations(evidence);
    say(`${found.length === 0 ? 'ok    ' : 'BROKEN'} ${promise}`);
    for (const violation of found.slice(0, SHOWN_MAX)) say(`         ${violation}`);
    if (found.length > SHOWN_MAX) say(`         and ${found.length - SHOWN_MAX} more`);
    if (found.length > 0) broken += 1;
  }
  return broken;
}

// Every exit kills the processes under test.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => process.exit(130));

const startedMs = Date.now();
let broken = 0;
if (plant !== null) say(`planted: ${plant.fault}`);
for (let round = 0; round < rounds; round += 1) {
  say(
    `round ${round + 1} of ${rounds}: --seed ${seed + round} --tasks ${tasks} --kills ${kills} --aborts ${aborts} --watchers ${watchers}${values.short ? ' --short' : ''}${values['one-call'] ? ' --one-call' : ''}`,
  );
  const evidence = await runRound({
    random: createRandom(seed + round),
    tasks,
    kills,
    aborts,
    watchers,
    oneCallShare,
    overMs: seconds * 1_000,
    slotsMs: usual.slotsMs,
    plant,
    say,
    onGatewayOutput: (text) => {
      if (values.log !== undefined) appendFileSync(values.log, `${Date.now() - startedMs} ms\n${text}`);
    },
  });
  broken += report(evidence);
}
// The faults of plants are not about uploads.
if (plant === null && uploads > 0) {
  const random = createRandom(seed).fork('uploads');
  const bytesMax = usual.uploadBytesMax;
  broken += check(UPLOAD_CHECKS, await runUploads({ random, uploads, kills: uploadKills, bytesMax, say }));
}
say(
  `${broken === 0 ? 'every promise was kept' : `${broken} promises were broken`}, in ${((Date.now() - startedMs) / 1000).toFixed(0)} s`,
);
process.exitCode = broken === 0 ? 0 : 1;
