import type { SandboxPaidCall } from '../support/sandbox-account.ts';
import type { Check, Death, Evidence } from './check.ts';
import { localId } from './events.ts';
import type { StoredPaidCall, StoredTask } from './ledger-file.ts';
import type { ClientView } from './load.ts';
import { REFUSING_WORDS } from './one-call-plan.ts';

type Stage = 'SCANNING' | 'SPEAKING';

/** A one-call task, as its client, the ledger and Kling know it. */
interface OneCallTask {
  readonly view: ClientView;
  readonly task: StoredTask;
  /** The video and the text, as the sandbox records them. Null for a video that was never made. */
  readonly sources: Readonly<Record<Stage, string | null>>;
}

/** A scan or a speech that a task has asked for and that Kling has not refused. */
interface Step {
  readonly of: OneCallTask;
  readonly stage: Stage;
  readonly call: StoredPaidCall;
  /** The request in Kling's record. Null if none arrived. */
  readonly arrived: SandboxPaidCall | null;
}

/** Why the answer to a step was lost. */
type Cause = 'kill' | 'abort' | 'fault at Kling' | 'timeout' | 'unexplained';

const STAGES: readonly Stage[] = ['SCANNING', 'SPEAKING'];
const PATHS = { SCANNING: '/v1/videos/identify-face', SPEAKING: '/v1/audio/tts' } as const;

/** The longest time for a request to arrive at Kling, or for its answer to come back, on a busy machine. */
const TRAVEL_MS = 3_000;
/** The delay of an answer with the word `slow`. */
const SLOW_MS = 3_000;
/** The gateway waits 5 s for an answer, and its log then says this. */
const TIMEOUT_MS = 4_900;
const TIMED_OUT = 'did not answer in time';

/** Whether Kling may have carried out a call, as far as its answer shows. */
function mayHaveActed({ code, isMade }: SandboxPaidCall): boolean {
  return isMade || code === null || code >= 5_000;
}

function oneCallTasks({ views, ledger }: Evidence): readonly OneCallTask[] {
  const byExternalId = new Map(ledger.tasks.map((task) => [task.externalId, task]));
  const byId = new Map(ledger.tasks.map((task) => [task.id, task]));
  return views.flatMap((view) => {
    const { externalId, oneCall } = view.intent;
    const task = byExternalId.get(externalId);
    if (oneCall === undefined || task === undefined) return [];
    const videoId = byId.get(localId(view.afterId ?? ''))?.videos?.[0]?.videoId ?? null;
    const sources = { SCANNING: view.afterId === null ? oneCall.videoUrl : videoId, SPEAKING: oneCall.text };
    return [{ view, task, sources }];
  });
}

/** Returns the steps that are on disk. One that Kling has refused is not. */
function stepsOf(evidence: Evidence): readonly Step[] {
  const calls = new Map(evidence.ledger.paidCalls.map((call) => [call.key, call]));
  const asked = Map.groupBy(evidence.kling.paidCalls, ({ path, source }) => `${path} ${source}`);
  const steps = oneCallTasks(evidence).flatMap((of) =>
    STAGES.flatMap((stage) => {
      const call = calls.get(`${of.task.id}/${stage}`);
      return call === undefined ? [] : [{ of, stage, call }];
    }),
  );
  const bySource = Map.groupBy(steps, ({ of, stage }) => `${PATHS[stage]} ${of.sources[stage]}`);
  return [...bySource].flatMap(([source, same]) => {
    const inOrder = same.toSorted((a, b) => a.call.atMs - b.call.atMs);
    return inOrder.map((step, index) => {
      // Tasks with the same video ask one after the other.
      const untilMs = inOrder[index + 1]?.call.atMs ?? Number.POSITIVE_INFINITY;
      const arrived = (asked.get(source) ?? []).find(({ at }) => at >= step.call.atMs && at < untilMs) ?? null;
      return { ...step, arrived };
    });
  });
}

function causeOf({ of, stage, call, arrived }: Step, { deaths, ledger, stepFailures }: Evidence): Cause {
  if (arrived !== null && arrived.code !== 0) return 'fault at Kling';
  if (stepFailures.get(of.task.id)?.includes(TIMED_OUT) === true) {
    const end = ledger.events.find(({ taskId, status }) => taskId === of.task.id && status === 'FAILED');
    return (end?.atMs ?? 0) - call.atMs >= TIMEOUT_MS ? 'timeout' : 'unexplained';
  }
  const isSlow = of.sources[stage]?.includes('sandbox-slow') === true;
  const untilMs = (arrived?.at ?? call.atMs) + TRAVEL_MS + (isSlow ? SLOW_MS : 0);
  const death = deaths.find(({ fromMs, toMs }: Death) => toMs >= call.atMs && fromMs <= untilMs);
  return death?.cause ?? 'unexplained';
}

function nameOf({ view, task }: OneCallTask): string {
  return `${task.id} (${view.intent.externalId}, ${view.intent.word ?? 'no word'})`;
}

/** Whether a task goes on without a lost answer: its caller has cancelled it, or another task has scanned the video since. */
function isSpared({ task, sources }: OneCallTask, shared: ReadonlySet<string | null>): boolean {
  return task.status === 'CANCELLED' || (task.stage !== 'SCANNING' && shared.has(sources.SCANNING));
}

const isUnknown = ({ failure }: StoredTask): boolean => failure?.code === 'STAGE_OUTCOME_UNKNOWN';

/** Checks the promises about tasks that are made in one call. */
export const ONE_CALL_CHECKS: readonly Check[] = [
  {
    promise: 'the tasks that are made in one call have put something to the test',
    violations(evidence) {
      const tasks = oneCallTasks(evidence);
      const succeeded = tasks.filter(({ task }) => task.status === 'SUCCEEDED').length;
      return [
        ...(succeeded > tasks.length * 0.4 ? [] : [`only ${succeeded} of ${tasks.length} have succeeded`]),
        ...(stepsOf(evidence).some(({ call }) => !call.isAnswered) ? [] : ['no answer was lost']),
      ];
    },
  },
  {
    promise: "by Kling's record, no task has a scan or a speech carried out twice, or asked for after it may have been",
    violations(evidence) {
      const asked = Map.groupBy(evidence.kling.paidCalls, ({ path, source }) => `${path} ${source}`);
      const tasks = oneCallTasks(evidence);
      const steps = Map.groupBy(stepsOf(evidence), ({ of, stage }) => `${PATHS[stage]} ${of.sources[stage]}`);
      return STAGES.flatMap((stage) =>
        [...Map.groupBy(tasks, ({ sources }) => `${PATHS[stage]} ${sources[stage]}`)].flatMap(([source, same]) => {
          const calls = asked.get(source) ?? [];
          const acted = calls.filter(mayHaveActed);
          // Each call has a task of its own, and each task at most one.
          const payers = steps.get(source)?.length ?? 0;
          const isAskedAfter = same.length === 1 && acted.length > 0 && calls.at(-1) !== acted[0];
          if (acted.length <= Math.min(payers, same.length) && !isAskedAfter) return [];
          const codes = calls.map(({ code, isMade }) => `${code}${isMade ? ' made' : ''}`).join(', ');
          return [`${source}: ${same.length} tasks, ${payers} on disk; at Kling ${codes}`];
        }),
      );
    },
  },
  {
    promise: 'a stored answer to a scan or a speech is one that Kling has given',
    violations: (evidence) =>
      stepsOf(evidence)
        .filter(({ call, arrived }) => call.isAnswered && !(arrived?.code === 0 && arrived.isMade))
        .map(({ of, stage, arrived }) => `${nameOf(of)}, ${stage}: ${JSON.stringify(arrived)}`),
  },
  {
    promise: 'an answer that is lost ends its task, and nothing else ends one as STAGE_OUTCOME_UNKNOWN',
    violations(evidence) {
      const tasks = oneCallTasks(evidence);
      const lost = new Set(stepsOf(evidence).flatMap(({ of, call }) => (call.isAnswered ? [] : [of.task.id])));
      const videos = Map.groupBy(tasks, ({ sources }) => sources.SCANNING);
      const shared = new Set([...videos].filter(([, same]) => same.length > 1).map(([source]) => source));
      return tasks.flatMap((of) => {
        const isLost = lost.has(of.task.id);
        if (isLost ? isUnknown(of.task) || isSpared(of, shared) : !isUnknown(of.task)) return [];
        return [`${nameOf(of)}: ${of.task.status} ${of.task.failure?.code ?? ''}, ${isLost ? 'lost' : 'nothing lost'}`];
      });
    },
  },
  {
    promise: 'STAGE_OUTCOME_UNKNOWN occurs only with a death or a fault between the send and the record',
    violations: (evidence) =>
      stepsOf(evidence)
        .filter((step) => !step.call.isAnswered && causeOf(step, evidence) === 'unexplained')
        .map(({ of, stage, call, arrived }) => {
          const afterMs = evidence.deaths.map(({ fromMs }) => fromMs - call.atMs).filter((ms) => ms > 0);
          const why = evidence.stepFailures.get(of.task.id) ?? 'no log';
          const next = `next death ${Math.min(...afterMs)} ms later`;
          return `${nameOf(of)}, ${stage} at ${call.atMs}: ${JSON.stringify(arrived)}, ${next}, ${why.slice(0, 40)}`;
        }),
  },
  {
    promise: 'a task that is made in one call fails for no other reason than its own',
    violations(evidence) {
      const made = new Map(evidence.ledger.tasks.map((task) => [task.id, task]));
      const failedAtKling = new Set(
        evidence.kling.tasks.filter(({ status }) => status === 'failed').map(({ externalTaskId }) => externalTaskId),
      );
      return oneCallTasks(evidence).flatMap((of) => {
        const { view, task } = of;
        if (task.status !== 'FAILED' || isUnknown(task) || failedAtKling.has(task.id)) return [];
        const isRefused = REFUSING_WORDS.has(view.intent.word ?? '');
        const isTooLate = view.afterId !== null && made.get(localId(view.afterId))?.status !== 'SUCCEEDED';
        return isRefused || isTooLate ? [] : [`${nameOf(of)}: ${task.failure?.code}`];
      });
    },
  },
];

/** Formats the figures of the one-call tasks of a round. */
export function oneCallFigures(evidence: Evidence): readonly string[] {
  const tasks = oneCallTasks(evidence);
  const steps = stepsOf(evidence);
  const lost = steps.filter(({ call }) => !call.isAnswered);
  const ends = countBy(tasks.map(({ task }) => task.failure?.code ?? task.status));
  const causes = countBy(lost.map((step) => `${step.stage} by ${causeOf(step, evidence)}`));
  const made = evidence.kling.paidCalls.filter(({ isMade }) => isMade);
  const ofLost = lost.filter(({ arrived }) => arrived?.isMade === true).length;
  const sources = new Set(tasks.map(({ sources: { SCANNING: video } }) => video)).size;
  const chained = tasks.filter(({ view }) => view.afterId !== null).length;
  return [
    `one call: ${tasks.length} tasks of ${sources} videos, ${chained} of them after another task; ${ends}`,
    `  carried out at Kling: ${countBy(made.map(({ path }) => path))}; asked for: ${evidence.kling.paidCalls.length}`,
    `  STAGE_OUTCOME_UNKNOWN: ${tasks.filter(({ task }) => isUnknown(task)).length}; lost answers: ${causes}; ${ofLost} of them carried out`,
  ];
}

function countBy(names: readonly string[]): string {
  const counts = [...Map.groupBy(names, (name) => name)].map(([name, same]) => `${same.length} x ${name}`);
  return counts.length === 0 ? 'none' : counts.toSorted().join(', ');
}
