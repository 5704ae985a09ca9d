import type { CpuProfile, ProfileNode } from './inspector.ts';

/** So many functions, and so many files. */
const FUNCTIONS_MAX = 30;
const FILES_MAX = 20;

/** The bundler writes the name of each file above its code. */
const FILE_MARK = /^\/\/ ((?:\.\.\/|[\w@.-]+\/)*[\w@.-]+\.(?:ts|js|mjs|cjs|json))$/;

/** The engine's own word for waiting. */
const IDLE = '(idle)';

/** A sample comes every quarter of a millisecond: after a longer time than this, the process had no core to itself. */
const SAMPLE_US_MAX = 5_000;

/** What has no place in a script. */
const ENGINE = '(engine)';

/**
 * The functions with the most time of their own, and the files with what the engine did for them, in percent of the time
 * that was not idle.
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

/** For each line of a bundle, the file it is from and the line that this begins at. */
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

/** The line is the bundle's: it is kept beside the profile. */
function placeOf({ callFrame: { lineNumber } }: ProfileNode, file: string): string {
  return file === ENGINE ? file : `${withoutFolder(file)} (line ${lineNumber + 1} of the bundle)`;
}

/** All of a package is one; of the project's own, each file. */
function packageOf(file: string): string {
  const inside = withoutFolder(file);
  if (inside === file) return file;
  const parts = inside.split('/');
  return `package ${inside.startsWith('@') ? parts.slice(0, 2).join('/') : parts[0]}`;
}

/** From the package on, for files of packages. */
function withoutFolder(file: string): string {
  return file.split('node_modules/').at(-1) ?? file;
}
