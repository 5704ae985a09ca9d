import { spawn } from 'node:child_process';
import { join } from 'node:path';
import type { Outcome, Target } from './attack.ts';

/** The process of tenant A. */
export interface Attacker {
  begin(): void;
  stop(): Promise<Outcome>;
  kill(): void;
}

const STOP_MS_MAX = 5_000;

/** Resolves once the attack is prepared. The process has the lowest priority, so that it takes no core from the gateway. */
export async function startAttacker(name: string, target: Target): Promise<Attacker> {
  const args = [process.execPath, join(import.meta.dirname, 'attacker.ts'), JSON.stringify({ name, target })];
  const child = spawn('nice', ['-n', '10', ...args], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  const kill = (): void => void child.kill('SIGKILL');
  process.once('exit', kill);
  child.once('exit', () => process.off('exit', kill));
  await new Promise<void>((resolve, reject) => {
    child.once('message', () => resolve());
    child.once('error', reject);
    child.once('exit', (code) => reject(new Error(`the attacker ended with ${code}`)));
  });
  return {
    begin: () => void child.send('begin'),
    async stop() {
      return new Promise((resolve) => {
        const timer = setTimeout(() => {
          kill();
          resolve({ notes: 'did not stop in time', excess: null });
        }, STOP_MS_MAX);
        child.once('message', (message) => {
          clearTimeout(timer);
          resolve(message as Outcome);
        });
        child.send('stop');
      });
    },
    kill,
  };
}
