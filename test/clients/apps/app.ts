/** An app that is made with one client library, as its tests use it. */
export interface App {
  /** Returns a line for each of the newest tasks. */
  list(): Promise<readonly string[]>;
  /** Clones a voice. Returns what the app tells the user. */
  cloneVoice(name: string, sampleUrl: string): Promise<readonly string[]>;
  /** Calls `onLine` for the present state and for each change of a task. Returns a function that stops it. */
  watch(onLine: (line: string) => void): () => void;
  close(): void;
}

/** The URLs of the gateway, and the token of the user. */
export interface AppOptions {
  readonly url: string;
  readonly socketUrl: string;
  readonly getToken: () => Promise<string>;
}
