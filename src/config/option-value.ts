import { resolve } from 'node:path';
import { LondisteError } from '../kernel/errors.js';
import { didYouMean } from '../kernel/suggest.js';
import { readConninfo, type Conninfo } from './conninfo.js';
import { expandHome } from './home.js';
import type { Alias, Kind } from './option.js';

export type Value = string | number | Conninfo;

/**
 * What a value means: text, an absolute path, a number (seconds as milliseconds), or a connection. `alias` is the name it was
 * given under, where that is not the option's own. Throws a `LondisteError` that says what was expected.
 */
export function parseValue(
  written: string,
  type: Kind,
  { environment, alias }: { environment: NodeJS.ProcessEnv; alias?: Alias | undefined },
): Value {
  switch (type.kind) {
    case 'text':
      if (/[\n\r\0]/.test(written)) fail('expected one line');
      return written;
    case 'path':
      if (/[\n\r\0]/.test(written)) fail('expected one line');
      return resolve(expandHome(written, environment));
    case 'integer':
      return numberWithin(written, type, /^[+-]?\d+$/, 'a whole number');
    case 'seconds':
      return seconds(written, type, alias?.times ?? 1);
    case 'bytes':
      return bytesWithin(written, type);
    case 'rate':
      return rate(written);
    case 'duration':
      return duration(written);
    case 'choice':
      if (!type.of.includes(written)) {
        fail(`expected ${type.of.join(' or ')}, got "${written}"${didYouMean(written, type.of)}`);
      }
      return written;
    case 'connection':
      return readConninfo(written, environment);
  }
}

function seconds(written: string, range: { least: number; most: number }, times: number): number {
  const unit = times === 60 ? 'minutes' : 'seconds';
  // Rounded up to three places: the range of the unit that is written must not promise less than is taken.
  const bounds = { least: Math.ceil((range.least / times) * 1000) / 1000, most: range.most / times };
  const number = numberWithin(
    written,
    bounds,
    /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i,
    `a number of ${unit}`,
  );
  return Math.round(number * times * 1000);
}

const units: Readonly<Record<string, number>> = { '': 1, b: 1, kb: 1024, mb: 1024 ** 2, gb: 1024 ** 3 };

function bytesOf(written: string): number {
  const [, number, unit = ''] = /^(\d+)\s*([a-z]*)$/i.exec(written) ?? [];
  return Number(number ?? NaN) * (units[unit.toLowerCase()] ?? NaN);
}

function bytesWithin(written: string, { least, most }: { least: string; most: string }): number {
  const bytes = bytesOf(written);
  if (bytes >= bytesOf(least) && bytes <= bytesOf(most)) return bytes;
  return fail(`expected a size between ${least} and ${most}, like 32MB, got "${written}"`);
}

function rate(written: string): number {
  if (written === 'none') return 0;
  const bytes = bytesOf(written.replace(/\s*\/\s*s$/i, ''));
  if (bytes >= 1024) return bytes;
  return fail(`expected a rate of at least 1kB/s, like 20MB/s, or none, got "${written}"`);
}

const durationUnits: Readonly<Record<string, number>> = { ms: 1, s: 1000, min: 60_000, h: 3_600_000 };

function duration(written: string): number {
  if (written === 'none') return 0;
  const [, number, unit = ''] = /^(\d+(?:\.\d+)?)\s*(ms|s|min|h)$/.exec(written) ?? [];
  const ms = Math.round(Number(number ?? NaN) * (durationUnits[unit] ?? NaN));
  if (ms > 0) return ms;
  return fail(`expected a time with its unit, like 10s or 2min, or none, got "${written}"`);
}

function numberWithin(
  written: string,
  { least, most }: { least: number; most: number },
  form: RegExp,
  what: string,
): number {
  const number = form.test(written) ? Number(written) : NaN;
  if (number >= least && number <= most) return number;
  return fail(`expected ${what} between ${least} and ${most}, got "${written}"`);
}

function fail(message: string): never {
  throw new LondisteError('config', message);
}
