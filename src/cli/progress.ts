import type { CopyProgress } from '../londiste/copy-progress.js';

/** How fast a table's copy is at present, and when its rows will be here at that. */
export interface Pace {
  readonly rowsPerSecond: number;
  readonly bytesPerSecond: number;
  /** Seconds; undefined as long as nothing moves. */
  readonly left: number | undefined;
}

interface Sample {
  readonly at: number;
  readonly rows: number;
  readonly fraction: number;
}

/** Over how much of the past a pace is told, in milliseconds. */
const windowMs = 10_000;

/** Paces of tables by what was seen of them before. */
export class Paces {
  readonly #samples = new Map<string, Sample[]>();

  /** `at` in milliseconds, of one clock. Undefined when the table is not being copied, or was not seen before. */
  see({ table, state, rows, fraction = 0, bytesExpected }: CopyProgress, at: number): Pace | undefined {
    const before = this.#samples.get(table) ?? [];
    const isSameCopy = (before.at(-1)?.rows ?? 0) <= rows;
    const samples = [...(isSameCopy ? before : []), { at, rows, fraction }].filter(
      (sample) => at - sample.at <= windowMs,
    );
    this.#samples.set(table, samples);
    const first = samples[0];
    if (state !== 'copying' || first === undefined || first.at === at) return undefined;
    const seconds = (at - first.at) / 1000;
    const perSecond = (fraction - first.fraction) / seconds;
    return {
      rowsPerSecond: (rows - first.rows) / seconds,
      bytesPerSecond: perSecond * bytesExpected,
      left: perSecond > 0 ? (1 - fraction) / perSecond : undefined,
    };
  }
}

const barWidth = 20;

/** Tables, each with its pace where it is known. */
export type Seen = readonly (readonly [CopyProgress, Pace | undefined])[];

/** All of them for people, a line each, and their total. */
export function progressLines(seen: Seen): string[] {
  if (seen.length === 0) return ['All tables are ok.'];
  const total = totalLine(
    seen.map(([progress]) => progress),
    seen.map(([, pace]) => pace),
  );
  return [...seen.map(([progress, pace]) => progressLine(progress, pace)), total];
}

/** One table for people: bar, part, rows, bytes, rate, time left; an index while one is built. */
export function progressLine(progress: CopyProgress, pace: Pace | undefined): string {
  const { table, state, isPaused, error, index, indexesMissing, shadow } = progress;
  const head = `${table.padEnd(30)}  ${state.padEnd(11)}`;
  if (state === 'parked') return `${head}  ${error ?? ''}`.trimEnd();
  if (index !== undefined) {
    const part = index.fraction === undefined ? '' : ` ${percent(index.fraction)}`;
    return `${head}  index ${index.name}: ${index.phase}${part}${indexesMissing > 1 ? `, ${indexesMissing - 1} more to come` : ''}`;
  }
  const line = state === 'copying' ? `${head}  ${copiedPart(progress, pace)}` : head.trimEnd();
  return `${line}${shadow === undefined ? '' : `  into ${shadow}`}${isPaused ? '  paused' : ''}`;
}

/** All tables together, by their sizes. */
export function totalLine(all: readonly CopyProgress[], paces: readonly (Pace | undefined)[]): string {
  const known = all.filter(({ state }) => state !== 'parked');
  const bytes = sum(known.map(({ bytesExpected }) => bytesExpected));
  const done = sum(known.map(({ bytesExpected, fraction = 0 }) => bytesExpected * fraction));
  const perSecond = sum(paces.map((pace) => pace?.bytesPerSecond ?? 0));
  const rows = sum(known.map((progress) => progress.rows));
  const left = perSecond > 0 ? `  ${duration((bytes - done) / perSecond)} left` : '';
  const fraction = bytes === 0 ? 0 : done / bytes;
  return `${`${known.length} tables`.padEnd(43)}  ${bar(fraction)} ${percent(fraction)}  ${count(rows)} rows  ${size(done)} of ${size(bytes)}  ${size(perSecond)}/s${left}`;
}

function copiedPart(
  { fraction, rows, rowsExpected, bytesExpected }: CopyProgress,
  pace: Pace | undefined,
): string {
  const of = rowsExpected === undefined ? '' : ` of ${count(Math.max(rows, rowsExpected))}`;
  const parts = [
    ...(fraction === undefined ? [] : [`${bar(fraction)} ${percent(fraction)}`]),
    `${count(rows)}${of} rows`,
    ...(fraction === undefined ? [] : [`${size(fraction * bytesExpected)} of ${size(bytesExpected)}`]),
    ...(pace === undefined ? [] : [`${count(pace.rowsPerSecond)} rows/s`, `${size(pace.bytesPerSecond)}/s`]),
    ...(pace?.left === undefined ? [] : [`${duration(pace.left)} left`]),
  ];
  return parts.join('  ');
}

/** The same for programs: bytes, seconds, and fractions from 0 to 1. */
export function progressJson(progress: CopyProgress, pace: Pace | undefined): Record<string, unknown> {
  const { table, state, isPaused, error, fraction, rows, rowsExpected, bytesExpected } = progress;
  const { index, indexesMissing, shadow } = progress;
  return {
    table,
    state,
    paused: isPaused,
    error: error ?? null,
    fraction: fraction ?? null,
    rows,
    rows_expected: rowsExpected ?? null,
    bytes: fraction === undefined ? null : Math.round(fraction * bytesExpected),
    bytes_expected: bytesExpected,
    rows_per_second: pace?.rowsPerSecond ?? null,
    bytes_per_second: pace?.bytesPerSecond ?? null,
    seconds_left: pace?.left ?? null,
    index: index === undefined ? null : { ...index, fraction: index.fraction ?? null },
    indexes_missing: indexesMissing,
    shadow: shadow ?? null,
  };
}

function bar(fraction: number): string {
  const full = Math.round(fraction * barWidth);
  return `[${'#'.repeat(full)}${'.'.repeat(barWidth - full)}]`;
}

function percent(fraction: number): string {
  return `${String(Math.floor(fraction * 100)).padStart(3)} %`;
}

function count(value: number): string {
  return scaled(value, 1000, ['', ' k', ' M', ' G']);
}

function size(bytes: number): string {
  return scaled(bytes, 1024, [' B', ' kB', ' MB', ' GB', ' TB']);
}

function scaled(value: number, step: number, units: readonly string[]): string {
  let scale = 0;
  let rest = value;
  while (rest >= step && scale < units.length - 1) {
    rest /= step;
    scale += 1;
  }
  return `${scale > 0 && rest < 10 ? rest.toFixed(1) : Math.round(rest)}${units[scale] ?? ''}`;
}

function duration(seconds: number): string {
  const whole = Math.round(seconds);
  const parts = [Math.floor(whole / 3600), Math.floor((whole % 3600) / 60), whole % 60];
  return parts.map((part, n) => (n === 0 ? String(part) : String(part).padStart(2, '0'))).join(':');
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
