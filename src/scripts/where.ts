/** Part of `npm start`: prints the URLs when the gateway is up. */

import { setTimeout as sleep } from 'node:timers/promises';

const DEFAULT = 'http://localhost:8787';
const GATEWAY = process.env['GATEWAY_URL'] ?? DEFAULT;
const SANDBOX = process.env['SANDBOX_URL'] ?? 'http://localhost:8788';
const DEMO = GATEWAY === DEFAULT ? 'npm run demo' : `GATEWAY_URL=${GATEWAY} npm run demo`;
const LINES = [
  '',
  `  Studio    ${GATEWAY}/`,
  `  GraphiQL  ${GATEWAY}/graphiql`,
  `  GraphQL   ${GATEWAY}/graphql`,
  `  Sandbox   ${SANDBOX}`,
  '',
  '  Files to try, which play:',
  `  Video     ${SANDBOX}/files/examples/interview-sandbox-two-faces-10s.mp4`,
  `  Audio     ${SANDBOX}/files/examples/hello-5s.mp3`,
  `  Voice     ${SANDBOX}/files/examples/narrator-12s.mp3`,
  '',
  `  In a second terminal: ${DEMO}`,
  '',
];

async function isUp(): Promise<boolean> {
  try {
    return (await fetch(`${GATEWAY}/health`)).ok;
  } catch {
    return false;
  }
}

while (!(await isUp())) await sleep(300);
process.stdout.write(LINES.join('\n'));
// `npm start` ends when one of its programs ends, so this one keeps running.
setInterval(() => {}, 2 ** 30);
