import type { Figure } from './figures.js';
import type { Machine } from './machine.js';
import type { PeerName } from './peer.js';

/** What was measured, where and with what. */
export interface Facts {
  readonly began: string;
  readonly machine: Machine;
  readonly sizes: 'full' | 'quick';
  /** Of all servers. */
  readonly settings: Record<string, string>;
  /** The version of each. */
  readonly peers: Record<string, string>;
}

/** What must stand above a table of figures. */
export function headline({ began, machine, sizes, settings, peers }: Facts): string {
  const { processor, cores, memoryGB, kernel, system, node, postgres, load } = machine;
  const set = Object.entries(settings).map(([name, value]) => `${name} = ${value}`);
  return [
    `${began.slice(0, 16)}, ${sizes} sizes; ${processor}, ${cores} cores, ${memoryGB} GB, ${system}, ${kernel}; Node ${node}; load before ${load}`,
    `All servers: ${postgres}; ${set.join(', ')}`,
    '',
    ...Object.entries(peers).map(([name, version]) => `- ${name}: ${version}`),
  ].join('\n');
}

/** What our own figure is compared with. */
const rivals: readonly PeerName[] = ['native', 'londiste3'];

/**
 * One line for each metric, one column for each peer, and how many times as good we are as each other peer: twice the rate
 * and half the time are both 2.0. Behind transactions a second stands their share of those without replication. As
 * Markdown, so that it can be put into a document as it is.
 */
export function tableOf(figures: readonly Figure[], peers: readonly PeerName[]): string {
  const compared = peers.includes('londiste') ? rivals.filter((name) => peers.includes(name)) : [];
  const header = ['what', 'unit', ...peers, ...compared.map((name) => `ours to ${name}`)];
  const rows = metricsOf(figures).map((metric) => {
    const found = figures.filter((figure) => figure.metric === metric);
    const of = (name: PeerName): Figure | undefined => found.find(({ peer }) => peer === name);
    return [
      metric,
      found[0]?.unit ?? '',
      ...peers.map((name) => show(of(name), of('none'))),
      ...compared.map((name) => ratio(of('londiste'), of(name))),
    ];
  });
  return markdown([header, ...rows]);
}

/** By scenario as they were run, within one as we have them: `none` lacks most. */
function metricsOf(figures: readonly Figure[]): string[] {
  const scenarios = [...new Set(figures.map(({ scenario }) => scenario))];
  return scenarios.flatMap((scenario) => {
    const found = figures.filter((figure) => figure.scenario === scenario).reverse();
    const last = found[0]?.peer;
    const ordered = [...found.filter(({ peer }) => peer === last).reverse(), ...found];
    return [...new Set(ordered.map(({ metric }) => metric))];
  });
}

function show(figure: Figure | undefined, bare: Figure | undefined): string {
  if (!figure) return '';
  if (figure.compared === 'different') return 'WRONG';
  const share =
    figure.unit === 'tps' && bare && figure !== bare ? ` (${(figure.value / bare.value).toFixed(2)})` : '';
  return number(figure.value) + share;
}

function number(value: number): string {
  if (Math.abs(value) >= 100) return Math.round(value).toLocaleString('en');
  return value.toFixed(Math.abs(value) >= 10 ? 1 : 2);
}

function ratio(ours: Figure | undefined, theirs: Figure | undefined): string {
  if (!ours || !theirs || ours.compared === 'different' || theirs.compared === 'different') return '';
  const times = ours.better === 'higher' ? ours.value / theirs.value : theirs.value / ours.value;
  return Number.isFinite(times) && times > 0 ? times.toFixed(2) : '';
}

/** Columns as wide as their widest cell, numbers to the right. */
function markdown(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(3, ...rows.map((row) => (row[column] ?? '').length)),
  );
  const line = (row: readonly string[]): string =>
    `| ${widths.map((width, n) => (n < 2 ? (row[n] ?? '').padEnd(width) : (row[n] ?? '').padStart(width))).join(' | ')} |`;
  const rule = `| ${widths.map((width, n) => (n < 2 ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`)).join(' | ')} |`;
  const [header = [], ...body] = rows;
  return [line(header), rule, ...body.map(line)].join('\n');
}
