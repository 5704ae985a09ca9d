import type { CpuProfile, ProfileNode } from './inspector.ts';

/** The largest number of functions, and of files, in the text. */
const FUNCTIONS_MAX = 30;
const FILES_MAX = 20;

/** The comment that the bundler writes above the code of each file. */
const FILE_MARK = /^\/\/ ((?:\.\.\/|[\w@.-]+\/)*[\w@.-]+\.(?:ts|js|mjs|cjs|json))$/;

/** V8's name for idle time. */
const IDLE = '(idle)';

/** The longest time of a sample that counts. Samples come every 0.25 ms, so a longer time means that the process had no core. */
const SAMPLE_US_MAX = 5_000;

/** The name for time outside of scripts. */
const ENGINE = '(engine)';

/**
 * Prints the functions with the most self time, and the files including the engine's work for them, in percent of the busy
 * time.
 */
export function toProfileText({ nodes, samples, timeDeltas }: CpuProfile, script: string): string {
  const fileAt = filesByLine(script);
  const parents = new Map(nodes.flatMap((node) => (node.children ?? []).map((child) => [child, node] as const)));
  const selfUs = new Map<number, number>();
  samples.forEach((id, i) => {
    const us = Math.min(Math.max(0, timeDeltas[i] ?? 0), SAMPLE_US_MAX);
    selfUs.set(id, (selfUs.get(id) ?? 0) + us);
  });
  const functions = new Map<string, number>();
  const files = new Map<string, number>();
  let totalUs = 0;
  for (const node of nodes) {
    const us = selfUs.get(node.id) ?? 0;
    if (us === 0 || node.callFrame.functionName === IDLE) continue;
    totalUs += us;
    const file = fileOf(node, fileAt);
    add(functions, `${node.callFrame.functionName || '(anonymous)'}  ${placeOf(node, file)}`, us);
    add(files, packageOf(callerOf(node)), us);
  }
  function callerOf(node: ProfileNode): string {
    for (let at: ProfileNode | undefined = node; at !== undefined; at = parents.get(at.id)) {
      const file = fileOf(at, fileAt);
      if (file !== ENGINE) return file;
    }
    return node.callFrame.functionName || ENGINE;
  }

  const table = (all: ReadonlyMap<string, number>, max: number): string =>
    [...all]
      .toSorted(([, a], [, b]) => b - a)
      .slice(0, max)
      .map(([name, us]) => `${((us * 100) / totalUs).toFixed(1).padStart(6)} %  ${name}`)
      .join('\n');
  return `${table(functions, FUNCTIONS_MAX)}\n\n  by file or package, with what the engine did for it\n${table(files, FILES_MAX)}`;
}

function add(sums: Map<string, number>, name: string, us: number): void {
  sums.set(name, (sums.get(name) ?? 0) + us);
}

/** Returns the source file of each line of a bundle, and the line where its code starts. */
function filesByLine(script: string): readonly { readonly file: string; readonly from: number }[] {
  let current = { file: '(bundle)', from: 0 };
  return script.split('\n').map((line, i) => {
    const file = FILE_MARK.exec(line)?.[1];
    if (file !== undefined) current = { file, from: i };
    return current;
  });
}

function fileOf({ callFrame: { url, lineNumber } }: ProfileNode, fileAt: ReturnType<typeof filesByLine>): string {
  if (lineNumber < 0 || url === '') return ENGINE;
  return url.includes('index.js') ? (fileAt[lineNumber]?.file ?? '(bundle)') : url;
}

/** Returns a place with the line in the bundle, which is saved next to the profile. */
function placeOf({ callFrame: { lineNumber } }: ProfileNode, file: string): string {
  return file === ENGINE ? file : `${withoutFolder(file)} (line ${lineNumber + 1} of the bundle)`;
}

/** Returns the package of a file, or the file itself if it belongs to the project. */
function packageOf(file: string): string {
  const inside = withoutFolder(file);
  if (inside === file) return file;
  const parts = inside.split('/');
  return `package ${inside.startsWith('@') ? parts.slice(0, 2).join('/') : parts[0]}`;
}

/** Removes the folders above the package of a file. */
function withoutFolder(file: string): string {
  return file.split('node_modules/').at(-1) ?? file;
}
