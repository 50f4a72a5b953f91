import type { CommandOption } from './command.js';

/** The switch of commands that print one JSON value instead of text. */
export const jsonOption: CommandOption = { flags: '--json', summary: 'one JSON value, for programs' };

/** Says what a command has to say: to people line by line, with `--json` as one value. */
export function tell(
  context: { say(line: string): void },
  { json }: Readonly<Record<string, unknown>>,
  value: unknown,
  lines: readonly string[],
): void {
  if (json === true) context.say(JSON.stringify(value, undefined, 2));
  else for (const line of lines) context.say(line);
}

/** Rows as lines with aligned columns; the first row is the head. */
export function columns(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] ?? []).map((_, n) => Math.max(...rows.map((row) => row[n]?.length ?? 0)));
  return rows.map((row) =>
    row
      .map((cell, n) => cell.padEnd(widths[n] ?? 0))
      .join('  ')
      .trimEnd(),
  );
}

/** Seconds for people; `-` where nothing is known. */
export function seconds(value: number | null): string {
  return value === null ? '-' : `${value.toFixed(1)}s`;
}

/** A text of any length and content on one line of a terminal. */
export function oneLine(text: string | null, most = 200): string {
  if (text === null) return '-';
  const cut = text.length > most ? `${text.slice(0, most)}…` : text;
  // What would move the cursor, or hide what follows, is shown as JSON shows it.
  return cut.replaceAll(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, (char) => JSON.stringify(char).slice(1, -1));
}
