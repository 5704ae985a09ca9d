import { taskKinds, type TaskKind } from './tasks/task.ts';

/** Probabilities (0 to 1) of random faults, drawn from a seeded generator. */
export interface Faults {
  readonly seed: number;
  readonly dropCallback: number;
  readonly duplicateCallback: number;
  /** The longest random delay. */
  readonly delayCallbackMs: number;
  readonly reorderCallback: number;
  readonly forgeCallback: number;
  /** A create answers 5000 and has no effect. */
  readonly errorBefore: number;
  /** A create is carried out, then answers 5000. */
  readonly errorAfter: number;
  /** A create is carried out, then answers 504 and 5002. */
  readonly timeoutAfter: number;
  /** A create is carried out `lateMs` after its client has gone. */
  readonly actsLate: number;
  /** The same, with the connection cut at once. */
  readonly actsLateCut: number;
  /** Any call answers 1302. */
  readonly tooManyRequests: number;
  /** A read answers 5000. */
  readonly readError: number;
}

/** How one account behaves. */
export interface Settings {
  /** A task starts this long after its creation. */
  readonly submittedMs: number;
  /** A task ends this long after its creation. */
  readonly processingMs: number;
  /** The tasks under way at once. */
  readonly concurrency: number;
  /** The size of the resource pack. */
  readonly units: number;
  /** A late create is carried out this long after its connection has ended. */
  readonly lateMs: number;
  /** The kinds of task whose repeated external ids are refused. Duplicates of other kinds are created and charged. */
  readonly uniqueExternalIds: readonly TaskKind[];
  /** A callback has one signature for each secret. */
  readonly webhookSecrets: readonly string[];
  readonly faults: Faults;
  /** Replaces the origin of every callback URL. Null keeps the origins. */
  readonly callbackOriginRewrite: string | null;
}

/** The settings that a control call changes. The others keep their values. */
export type SettingsChange = Partial<Omit<Settings, 'faults'>> & { readonly faults?: Partial<Faults> };

/** Settings without random faults. */
export const noFaults: Faults = {
  seed: 1,
  dropCallback: 0,
  duplicateCallback: 0,
  delayCallbackMs: 0,
  reorderCallback: 0,
  forgeCallback: 0,
  errorBefore: 0,
  errorAfter: 0,
  timeoutAfter: 0,
  actsLate: 0,
  actsLateCut: 0,
  tooManyRequests: 0,
  readError: 0,
};

/** Reads the settings of a new account from the Worker's variables. */
export function defaultSettings(env: SandboxEnv): Settings {
  return {
    submittedMs: Number(env.SANDBOX_SUBMITTED_MS),
    processingMs: Number(env.SANDBOX_PROCESSING_MS),
    concurrency: Number(env.SANDBOX_CONCURRENCY),
    units: Number(env.SANDBOX_UNITS),
    lateMs: 2_000,
    uniqueExternalIds: taskKinds,
    webhookSecrets: env.SANDBOX_WEBHOOK_SECRET.split(',').filter((secret) => secret !== ''),
    faults: noFaults,
    callbackOriginRewrite: null,
  };
}

type Check = (value: unknown) => boolean;
const isAmount: Check = (value) => typeof value === 'number' && Number.isFinite(value) && value >= 0;
const isCount: Check = (value) => Number.isSafeInteger(value) && isAmount(value);
const isProbability: Check = (value) => isAmount(value) && Number(value) <= 1;
const isSecret: Check = (value) => typeof value === 'string' && /^whsec_[A-Za-z0-9+/]+=*$/.test(value);

const settingChecks: Record<keyof Settings, Check> = {
  submittedMs: isCount,
  processingMs: isCount,
  concurrency: isCount,
  units: isAmount,
  lateMs: isCount,
  uniqueExternalIds: (value) =>
    Array.isArray(value) && value.every((kind) => taskKinds.some((known) => known === kind)),
  webhookSecrets: (value) => Array.isArray(value) && value.length <= 2 && value.every(isSecret),
  faults: (value) => isRecord(value),
  callbackOriginRewrite: (value) => value === null || (typeof value === 'string' && isOrigin(value)),
};

const faultChecks: Record<keyof Faults, Check> = {
  seed: isCount,
  dropCallback: isProbability,
  duplicateCallback: isProbability,
  delayCallbackMs: isCount,
  reorderCallback: isProbability,
  forgeCallback: isProbability,
  errorBefore: isProbability,
  errorAfter: isProbability,
  timeoutAfter: isProbability,
  actsLate: isProbability,
  actsLateCut: isProbability,
  tooManyRequests: isProbability,
  readError: isProbability,
};

/** Checks the JSON of a control call. Returns all problems at once, each with its field. An unknown field is a problem. */
export function parseSettingsChange(
  input: unknown,
): { readonly change: SettingsChange } | { readonly problems: readonly string[] } {
  if (!isRecord(input)) return { problems: ['the settings must be a JSON object'] };
  const problems = [
    ...findProblems(input, settingChecks, ''),
    ...(isRecord(input['faults']) ? findProblems(input['faults'], faultChecks, 'faults.') : []),
  ];
  return problems.length > 0 ? { problems } : { change: input };
}

/** Applies a change to settings. New faults replace all old ones. */
export function applySettings(settings: Settings, change: SettingsChange): Settings {
  return {
    ...settings,
    ...change,
    faults: change.faults === undefined ? settings.faults : { ...noFaults, ...change.faults },
  };
}

/** Whether a value is a JSON object. */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function findProblems(input: Record<string, unknown>, checks: Record<string, Check>, prefix: string): string[] {
  return Object.entries(input).flatMap(([field, value]) => {
    const check = Object.hasOwn(checks, field) ? checks[field] : undefined;
    if (check === undefined) return [`${prefix}${field}: unknown field`];
    return check(value) ? [] : [`${prefix}${field}: bad value ${JSON.stringify(value)}`];
  });
}

function isOrigin(value: string): boolean {
  return URL.canParse(value) && new URL(value).origin === value;
}
