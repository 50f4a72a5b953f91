import type { DaemonSignal } from '../daemon/pidfile.js';

/** A command line before its commands are looked at: the configuration file comes first, switches anywhere. */
export interface CommandLine {
  readonly config: string | undefined;
  /** Everything else, for the command parser. */
  readonly rest: readonly string[];
  /** What -s, -k or -r ask for. */
  readonly signal: DaemonSignal | undefined;
}

const signals: Readonly<Record<string, DaemonSignal>> = {
  '-s': 'SIGINT',
  '--stop': 'SIGINT',
  '-k': 'SIGTERM',
  '--kill': 'SIGTERM',
  '-r': 'SIGHUP',
  '--reload': 'SIGHUP',
};

/**
 * Takes the configuration file out of `londiste replica.ini provider add entry`. The first word is the file unless it
 * is one of our commands; a word that looks like no file and is followed by no command is taken for a misspelt command.
 */
export function splitCommandLine(argv: readonly string[], commands: ReadonlySet<string>): CommandLine {
  const signal = argv.map((word) => signals[word]).find((found) => found !== undefined);
  const at = argv.findIndex((word, n) => !word.startsWith('-') && argv[n - 1] !== '--set');
  const word = argv[at];
  const looksLikeFile = word !== undefined && (/\.(ini|conf)$|\//.test(word) || signal !== undefined);
  const isFile = looksLikeFile || argv.slice(at + 1).some((next) => commands.has(next));
  if (word === undefined || commands.has(word) || !isFile) return { config: undefined, rest: argv, signal };
  return { config: word, rest: argv.filter((_, n) => n !== at), signal };
}
