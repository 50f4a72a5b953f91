import { LondisteError } from '../kernel/errors.js';
import type { CommandOption } from './command.js';

/** How many rows a list shows at the most. */
export const mostOption: CommandOption = { flags: '--limit <n>', summary: 'show so many at the most (100)' };

export function mostOf({ limit }: Readonly<Record<string, unknown>>): number {
  if (limit === undefined) return 100;
  const written = typeof limit === 'string' ? limit : '';
  const most = /^\d{1,9}$/.test(written) ? Number(written) : 0;
  if (most > 0) return most;
  throw new LondisteError('usage', `--limit: expected a whole number from 1 on, got "${written}"`);
}

/** Ids that somebody typed; undefined where there are none. */
export function idsOf(what: string, written: unknown): number[] | undefined {
  if (!Array.isArray(written)) return undefined;
  return written.map((text) => {
    if (/^\d{1,15}$/.test(String(text))) return Number(text);
    throw new LondisteError('usage', `${what}: expected a whole number, got "${String(text)}"`);
  });
}

/** A command that cannot be taken back wants to be told what it is about, and be it by `--all`. */
export function requireChoice(options: Readonly<Record<string, unknown>>, names: readonly string[]): void {
  if (names.some((name) => options[name] !== undefined)) return;
  const flags = names.map((name) => `--${name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`);
  throw new LondisteError('usage', 'which events are meant?', { hint: `say so: ${flags.join(', ')}` });
}
