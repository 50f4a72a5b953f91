import { pino } from 'pino';
import type { Log } from '../../src/kernel/log.js';

/** A log whose lines, `LEVEL message`, a test can read; statistics are left out. */
export function memoryLog(level: 'info' | 'debug' = 'info'): { log: Log; lines: string[] } {
  const lines: string[] = [];
  const write = (line: string): void => {
    const { level, msg } = JSON.parse(line) as { level: number; msg: string };
    lines.push(`${pino.levels.labels[level] ?? ''} ${msg}`);
  };
  return { log: pino({ level }, { write }), lines };
}
