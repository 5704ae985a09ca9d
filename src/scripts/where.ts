/** Part of `npm start`: says where to look, once there is something to see. */

import { setTimeout as sleep } from 'node:timers/promises';

const DEFAULT = 'http://localhost:8787';
const GATEWAY = process.env['GATEWAY_URL'] ?? DEFAULT;
const DEMO = GATEWAY === DEFAULT ? 'npm run demo' : `GATEWAY_URL=${GATEWAY} npm run demo`;
const LINES = [
  '',
  `  Studio    ${GATEWAY}/`,
  `  GraphiQL  ${GATEWAY}/graphiql`,
  `  GraphQL   ${GATEWAY}/graphql`,
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
// `npm start` ends when one of its programs does.
setInterval(() => {}, 2 ** 30);
