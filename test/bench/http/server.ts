import type { Operation } from './operations.ts';
import type { Command } from './server-process.ts';

/** What is measured: each in a process of its own, on the last core. */
export interface Server {
  readonly name: string;
  readonly title: string;
  /** Of the script as it is deployed; null for Node. */
  readonly gzipBytes: number | null;
  /** Whose words its answers are in: the gateway's schema, Kling's own JSON, or a schema made from a description of Kling's. */
  readonly words: 'SCHEMA' | 'KLING' | 'OPENAPI';
  /** How an instance is started; `instance` names its files, and keeps it apart from others. */
  command(instance: string): Promise<Command>;
  /** What it is asked; null when it cannot answer that. `learning`: with the text of a document that is named by its hash after. */
  request(operation: Operation, learning?: boolean): Buffer | null;
}

/** Where servers find the fake Kling, and where their files go. */
export interface Place {
  readonly klingUrl: string;
  readonly dir: string;
}

/** Everybody's key to the fake Kling, which does not look at it. */
export const KLING_API_KEY = 'an-api-key-of-the-fake-kling';
