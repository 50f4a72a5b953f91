import { Screen } from '../kernel/screen.js';

/** What the live view shows. Lag is seconds. */
export interface Status {
  readonly captured: number;
  readonly applied: number;
  readonly lag: number;
  readonly tables: readonly {
    readonly name: string;
    readonly state: string;
    readonly error?: string | undefined;
  }[];
  readonly rows: { readonly provider: number; readonly subscriber: number };
  readonly sequence: { readonly provider: string; readonly subscriber: string };
}

/** Shows the status: redrawn in place on a terminal, a line now and then where there is none. */
export class View {
  readonly #out: NodeJS.WriteStream;
  readonly #screen: Screen;
  #lines = 0;

  constructor(out: NodeJS.WriteStream) {
    this.#out = out;
    this.#screen = new Screen(out);
  }

  show(status: Status): void {
    if (this.#out.isTTY) this.#screen.draw(asBlock(status));
    else if (this.#lines++ % 4 === 0) this.#out.write(`${asLine(status)}\n`);
  }
}

function asLine({ captured, applied, lag, tables, rows }: Status): string {
  const states = tables.map(({ name, state }) => `${name} ${state}`).join(', ');
  return `captured ${captured}  applied ${applied}  lag ${seconds(lag)}  rows ${rows.provider} -> ${rows.subscriber}  ${states}`;
}

function asBlock({ captured, applied, lag, tables, rows, sequence }: Status): string[] {
  return [
    `  captured  ${String(captured).padStart(10)}     rows      ${String(rows.provider).padStart(8)} -> ${rows.subscriber}`,
    `  applied   ${String(applied).padStart(10)}     sequence  ${sequence.provider.padStart(8)} -> ${sequence.subscriber}`,
    `  lag       ${seconds(lag).padStart(10)}`,
    ...tables.map(
      ({ name, state, error }) => `  ${name.padEnd(20)} ${state}${error === undefined ? '' : `  ${error}`}`,
    ),
    '  Ctrl-C stops everything.',
  ];
}

function seconds(lag: number): string {
  return `${lag.toFixed(2)} s`;
}
