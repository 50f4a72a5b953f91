import type { LondisteContext, PgqadmContext } from './context.js';

/** One command of a program: its words, what it takes, and what it does. */
export interface Command<Context> {
  /** The words that are typed, as in `provider add`. */
  readonly words: string;
  /** Arguments in commander's notation: `<table...>`, `[queue]`. */
  readonly takes?: string;
  readonly summary: string;
  readonly options?: readonly CommandOption[];
  /** Lines shown under "Examples" in the command's help. */
  readonly examples?: readonly string[];
  /** The exit code of a failure, where 1 says something else. */
  readonly failsWith?: number;
  run(context: Context, call: Call): Promise<void>;
}

export interface CommandOption {
  readonly flags: string;
  readonly summary: string;
}

/** What came after the command's words. */
export interface Call {
  readonly args: readonly string[];
  readonly options: Readonly<Record<string, unknown>>;
}

export type LondisteCommand = Command<LondisteContext>;
export type PgqadmCommand = Command<PgqadmContext>;
