import type { Upstream } from '../domain/ports.ts';
import type { KlingClient } from './client.ts';
import type { PresetLibrary } from './preset-library.ts';

export interface UpstreamDeps {
  readonly client: Pick<KlingClient, 'listPresetVoices' | 'listVoiceTasks' | 'listLipSyncTasks' | 'listResourcePacks'>;
  readonly library: PresetLibrary;
  /** Takes one read from the tenant's rate. Throws `RATE_LIMITED` if none is left. */
  readonly takeRead: () => Promise<void>;
}

/** Creates the reads of Kling for one request. Each list is read once per arguments, even if several fields ask for it. */
export function createUpstream({ client, library, takeRead }: UpstreamDeps): Upstream {
  function sharedRead<A, T>(read: (args: A) => Promise<T>): (args: A) => Promise<T> {
    const reads = new Map<string, Promise<T>>();
    return (args) => {
      const key = JSON.stringify(args);
      const running = reads.get(key) ?? takeRead().then(() => read(args));
      reads.set(key, running);
      return running;
    };
  }

  const listPresetVoices = sharedRead(client.listPresetVoices);
  let voices: ReturnType<Upstream['presetVoices']> | null = null;
  return {
    presetVoices: () => (voices ??= library.voices(listPresetVoices)),
    listPresetVoices,
    listVoiceTasks: sharedRead(client.listVoiceTasks),
    listLipSyncTasks: sharedRead(client.listLipSyncTasks),
    listResourcePacks: sharedRead(client.listResourcePacks),
  };
}
