import { closeSync, existsSync, fstatSync, openSync, renameSync, writeSync } from 'node:fs';
import { pino, type Logger } from 'pino';
import { LondisteError } from './errors.js';

export type Log = Logger;
export type LogLevel = 'debug' | 'info' | 'warn' | 'error' | 'silent';

export interface LogSettings {
  readonly level: LogLevel;
  /** Lines for people (the form of Skytools) or one JSON object a line for programs. */
  readonly format: 'text' | 'json';
  /** Where lines go: a file, or a descriptor when there is none. */
  readonly file?: string | undefined;
  readonly fd?: number;
  /** Bytes after which the file is put aside as `.1`, and how many are kept. */
  readonly maxBytes?: number;
  readonly keep?: number;
  readonly fields?: Record<string, unknown>;
}

/**
 * A log that is written synchronously: an asynchronous destination loses its last lines when a process ends, and the
 * last lines are the ones that matter.
 */
export function createLog(settings: LogSettings): Log & { reopen(): void } {
  const sink =
    settings.file === undefined ? new FdSink(settings.fd ?? 2) : new FileSink(settings.file, settings);
  const write =
    settings.format === 'json'
      ? sink
      : {
          write: (line: string) => {
            sink.write(asText(line));
          },
        };
  const log = pino({ level: settings.level, base: settings.fields ?? {} }, write);
  return Object.assign(log, {
    reopen: () => {
      sink.reopen();
    },
  });
}

/** The line form of Skytools: `2026-01-31 10:00:00,123 <pid> LEVEL message`, then the fields as `key=value`. */
function asText(line: string): string {
  const { level, time, msg, ...fields } = JSON.parse(line) as { level: number; time: number; msg?: string };
  const rest = Object.entries(fields)
    .map(
      ([key, value]) =>
        ` ${key}=${typeof value === 'string' ? quoteWhereNeeded(value) : JSON.stringify(value)}`,
    )
    .join('');
  return `${timestamp(new Date(time))} ${process.pid} ${levelName(level)} ${msg ?? ''}${rest}\n`;
}

function quoteWhereNeeded(value: string): string {
  return /^[^\s"=]+$/.test(value) ? value : JSON.stringify(value);
}

function levelName(level: number): string {
  return (pino.levels.labels[level] ?? 'info').toUpperCase().replace('WARN', 'WARNING');
}

function timestamp(at: Date): string {
  const two = (n: number): string => String(n).padStart(2, '0');
  const date = `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
  const time = `${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}`;
  return `${date} ${time},${String(at.getMilliseconds()).padStart(3, '0')}`;
}

class FdSink {
  constructor(readonly fd: number) {}

  write(line: string): void {
    try {
      writeSync(this.fd, line);
    } catch {
      // A reader that went away, or a full disk, is no reason to stop replicating.
    }
  }

  reopen(): void {
    // A descriptor that was handed to us stays what it is.
  }
}

class FileSink {
  readonly #path: string;
  readonly #maxBytes: number;
  readonly #keep: number;
  #fd: number;
  #bytes: number;

  constructor(path: string, { maxBytes = 10_485_760, keep = 3 }: { maxBytes?: number; keep?: number }) {
    this.#path = path;
    this.#maxBytes = maxBytes;
    this.#keep = keep;
    try {
      this.#fd = openSync(path, 'a');
      this.#bytes = fstatSync(this.#fd).size;
    } catch (cause) {
      throw new LondisteError('config', `the log file cannot be written: ${(cause as Error).message}`, {
        cause,
        hint: 'correct logfile in the configuration, or make its directory writable',
      });
    }
  }

  write(line: string): void {
    try {
      if (this.#bytes >= this.#maxBytes) this.#rotate();
      this.#bytes += writeSync(this.#fd, line);
    } catch {
      // As above: a full disk must not stop replication.
    }
  }

  reopen(): void {
    let fd: number;
    try {
      fd = openSync(this.#path, 'a');
    } catch {
      // Its directory is gone, or ours no longer: the old file is better than none, and no reason to stop.
      return;
    }
    closeSync(this.#fd);
    this.#fd = fd;
    this.#bytes = fstatSync(fd).size;
  }

  #rotate(): void {
    for (let n = this.#keep - 1; n >= 0; n -= 1) {
      const from = n === 0 ? this.#path : `${this.#path}.${n}`;
      if (existsSync(from)) renameSync(from, `${this.#path}.${n + 1}`);
    }
    this.reopen();
  }
}
