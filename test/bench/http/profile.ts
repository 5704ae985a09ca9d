import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { freePort } from '../../node/raw-workerd.ts';
import { openInspector } from './inspector.ts';
import type { Kling } from './kling/start.ts';
import { runLoad } from './load.ts';
import type { Scenario } from './measure.ts';
import { OPERATIONS } from './operations.ts';
import { toProfileText } from './profile-text.ts';
import { checkAnswers, keyOf, startServer } from './running.ts';
import type { Place } from './server.ts';
import { GATEWAY } from './servers.ts';
import { createWorkerServer } from './worker-server.ts';

export interface ProfilePlan {
  /** The scenarios. Each of their operations is profiled. */
  readonly scenarios: readonly Scenario[];
  readonly seconds: number;
  /** The folder for the whole profiles, which Chrome's DevTools open. */
  readonly artefacts: string;
}

const CONNECTIONS = 32;
const WARM_UP_S = 3;

/**
 * Profiles the gateway's CPU by function and by file for each operation. The script is not minified, so that functions keep
 * their names. Everything else equals the deployed gateway.
 */
export async function profileGateway(
  kling: Kling,
  place: Place,
  { scenarios, seconds, artefacts }: ProfilePlan,
): Promise<string> {
  const inspectorPort = await freePort();
  const server = await createWorkerServer(place, {
    ...GATEWAY,
    buildArgs: ['--no-minify'],
    serveArgs: [`--inspector-addr=127.0.0.1:${inspectorPort}`],
  });
  const running = await startServer(server);
  try {
    const answers = await checkAnswers(kling, [running]);
    const scriptPath = join(place.dir, `${server.name}-script`, 'index.js');
    const script = readFileSync(scriptPath, 'utf8');
    copyFileSync(scriptPath, join(artefacts, 'bench-profiled.js'));
    const inspector = await openInspector(inspectorPort);
    const texts: string[] = [];
    for (const operation of OPERATIONS) {
      const request = server.request(operation);
      const expected = answers.get(keyOf(server, operation.name));
      if (!scenarios.some((scenario) => scenario.operation === operation.name)) continue;
      if (request === null || expected === undefined) continue;
      const load = {
        pid: running.process.pid,
        port: running.port,
        request,
        expected,
        connections: CONNECTIONS,
        klingPid: kling.pid,
      };
      await runLoad({ ...load, seconds: WARM_UP_S });
      await inspector.start();
      const round = await runLoad({ ...load, seconds });
      const profile = await inspector.stop();
      writeFileSync(join(artefacts, `bench-${operation.name}.cpuprofile`), JSON.stringify(profile));
      texts.push(
        `${operation.title}: ${round.requests} requests, ${round.cpuUsPerRequest.toFixed(0)} us of CPU each while profiled`,
        toProfileText(profile, script),
        '',
      );
    }
    inspector.close();
    return texts.join('\n');
  } finally {
    await running.process.kill();
  }
}
