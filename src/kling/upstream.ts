import type { Upstream } from '../domain/ports.ts';
import type { KlingClient } from './client.ts';
import type { PresetLibrary } from './preset-library.ts';

export interface UpstreamDeps {
  readonly client: Pick<KlingClient, 'listPresetVoices' | 'listVoiceTasks' | 'listLipSyncTasks' | 'listResourcePacks'>;
  readonly library: PresetLibrary;
  /** Takes one of the reads that the tenant may make. Throws `RATE_LIMITED` when none is left. */
  readonly takeRead: () => Promise<void>;
}

/** What one request reads of Kling: the same list with the same arguments is read once, however often it is asked for. */
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
