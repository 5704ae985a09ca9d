import type { Operation } from './operations.ts';
import type { Command } from './server-process.ts';

/** A measured server. Each runs in its own process on the last core. */
export interface Server {
  readonly name: string;
  readonly title: string;
  /** The size of the deployed script. Null for Node. */
  readonly gzipBytes: number | null;
  /** The format of its answers: the gateway's schema, Kling's JSON, or a schema derived from a description of Kling's API. */
  readonly words: 'SCHEMA' | 'KLING' | 'OPENAPI';
  /** Returns the command of an instance. `instance` names its files, and separates it from others. */
  command(instance: string): Promise<Command>;
  /** Returns the request of an operation, or null if it is not supported. `learning` adds the text of a persisted document. */
  request(operation: Operation, learning?: boolean): Buffer | null;
}

/** The address of the fake Kling, and the folder for files of the servers. */
export interface Place {
  readonly klingUrl: string;
  readonly dir: string;
}

/** The key for the fake Kling, which ignores it. */
export const KLING_API_KEY = 'an-api-key-of-the-fake-kling';
