import { parseArgs } from 'node:util';
import { didYouMean } from '../../src/kernel/suggest.js';
import { peers, scenarios } from './catalogue.js';
import type { Peer } from './peer.js';
import type { Scenario } from './scenario.js';

export interface Arguments {
  readonly help: boolean;
  readonly scenarios: readonly Scenario[];
  readonly peers: readonly Peer[];
  readonly quick: boolean;
  readonly fsync: 'on' | 'off';
  readonly pgBin: string | undefined;
  /** Where the servers' data lies; a folder of its own is made in it. */
  readonly folder: string | undefined;
}

export const help = `npm run bench -- [SCENARIO...] [OPTION...]

Measures this project beside other ways to replicate, all on this machine and on the same PostgreSQL, and prints one table.
A figure counts once the rows of both sides were found equal; a run with one that does not ends with exit code 1.

Scenarios (all, when none is named):
${scenarios.map(({ name, summary }) => `  ${name.padEnd(10)} ${summary}`).join('\n')}

Options:
  --quick            smaller sizes and shorter times: about ten minutes for everything
  --peers A,B        of ${peers.map(({ name }) => name).join(', ')}; all that can run here when not given
  --pg-bin FOLDER    the PostgreSQL of all servers; else Debian's 15 where Londiste 3 takes part, else the newest there is
  --fsync on|off     whether the servers flush to disk; on when not given
  --folder FOLDER    where the servers' data lies, and is removed from at the end; else the system's temporary folder
  --help             this

Raw figures, a line of JSON each, and the table are kept in bench-results/.
`;

/** What was typed; throws a sentence for people when it makes no sense. */
export function parseArguments(typed: string[]): Arguments {
  const { values, positionals } = parseArgs({
    args: typed,
    allowPositionals: true,
    options: {
      help: { type: 'boolean', default: false },
      quick: { type: 'boolean', default: false },
      peers: { type: 'string' },
      'pg-bin': { type: 'string' },
      fsync: { type: 'string', default: 'on' },
      folder: { type: 'string' },
    },
  });
  if (values.fsync !== 'on' && values.fsync !== 'off')
    throw new Error(`--fsync: expected on or off, got "${values.fsync}"`);
  return {
    help: values.help,
    scenarios: choose('scenario', positionals, scenarios),
    peers: choose('peer', values.peers?.split(',') ?? [], peers),
    quick: values.quick,
    fsync: values.fsync,
    pgBin: values['pg-bin'],
    folder: values.folder,
  };
}

/** Those of `all` that are named, in the order of `all`; all when none is. */
function choose<T extends { readonly name: string }>(
  what: string,
  names: readonly string[],
  all: readonly T[],
): readonly T[] {
  const known = all.map(({ name }) => name);
  for (const name of names) {
    if (!known.includes(name))
      throw new Error(`expected a ${what} (${known.join(', ')}), got "${name}"${didYouMean(name, known)}`);
  }
  return names.length === 0 ? all : all.filter(({ name }) => names.includes(name));
}
