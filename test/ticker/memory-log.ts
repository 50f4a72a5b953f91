import { pino } from 'pino';
import type { Log } from '../../src/kernel/log.js';

/** A line of a log with the database that it is about. */
export interface Line {
  readonly level: string;
  readonly msg: string;
  readonly database?: string;
}

/** A log whose lines a test can read. */
export function databaseLog(): { log: Log; lines: Line[] } {
  const lines: Line[] = [];
  const write = (text: string): void => {
    const { level, ...rest } = JSON.parse(text) as { level: number; msg: string; database?: string };
    lines.push({ ...rest, level: pino.levels.labels[level] ?? '' });
  };
  return { log: pino({ level: 'info' }, { write }), lines };
}

/** A log whose lines, `LEVEL message`, a test can read; statistics are left out. */
export function memoryLog(level: 'info' | 'debug' = 'info'): { log: Log; lines: string[] } {
  const lines: string[] = [];
  const write = (line: string): void => {
    const { level, msg } = JSON.parse(line) as { level: number; msg: string };
    lines.push(`${pino.levels.labels[level] ?? ''} ${msg}`);
  };
  return { log: pino({ level }, { write }), lines };
}
