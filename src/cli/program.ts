import { readFileSync } from 'node:fs';
import { Command as Commander, CommanderError } from 'commander';
import { asLondisteError } from '../kernel/errors.js';
import type { Command } from './command.js';
import type { Switches } from './context.js';

/** What a program is made of. `Context` is what its commands work with. */
export interface Program<Context> {
  readonly name: 'londiste' | 'pgqadm';
  readonly summary: string;
  readonly commands: readonly Command<Context>[];
  /** Commands that need no configuration file. */
  readonly withoutConfig: readonly Command<undefined>[];
  /** Reads the configuration and makes the context of a command. */
  open(config: string | undefined, switches: CommonSwitches): Context;
  /** Sends a signal to the daemon of a configuration: the switches -s, -k and -r. */
  signal(
    config: string | undefined,
    signal: 'SIGINT' | 'SIGTERM' | 'SIGHUP',
    switches: CommonSwitches,
  ): Promise<void>;
}

/** The switches that may stand anywhere on the command line. */
export interface CommonSwitches extends Switches {
  readonly stop?: boolean;
  readonly kill?: boolean;
  readonly reload?: boolean;
  /** `--set key=value`, as often as wanted. */
  readonly set?: readonly string[];
}

/** Runs a program with its arguments and returns the exit code; errors are told in one sentence and what to do. */
export async function runProgram<Context>(
  program: Program<Context>,
  argv: readonly string[],
): Promise<number> {
  const { config, rest } = takeConfig(program, argv);
  const commander = build(program, config);
  try {
    const switches = signalSwitch(rest);
    if (switches !== undefined && !hasCommand(program, rest)) {
      const common = parseSwitchesOnly(commander, rest);
      await program.signal(config, switches, common);
    } else {
      await commander.parseAsync([...rest], { from: 'user' });
    }
    return 0;
  } catch (error) {
    return tell(program.name, error);
  }
}

/**
 * The configuration file comes first, as in `londiste replica.ini provider add entry`. A first word that is none of
 * our commands' is taken for it.
 */
function takeConfig<Context>(
  program: Program<Context>,
  argv: readonly string[],
): { config: string | undefined; rest: string[] } {
  const at = argv.findIndex((word, n) => !word.startsWith('-') && argv[n - 1] !== '--set');
  const word = argv[at];
  if (word === undefined || firstWords(program).has(word)) return { config: undefined, rest: [...argv] };
  const mayBeFile =
    word.endsWith('.ini') ||
    word.endsWith('.conf') ||
    word.includes('/') ||
    argv.slice(at + 1).some((next) => firstWords(program).has(next));
  const signalsOnly = signalSwitch(argv) !== undefined;
  if (!mayBeFile && !signalsOnly) return { config: undefined, rest: [...argv] };
  return { config: word, rest: [...argv.slice(0, at), ...argv.slice(at + 1)] };
}

function firstWords<Context>({ commands, withoutConfig }: Program<Context>): Set<string> {
  return new Set([
    'help',
    ...[...commands, ...withoutConfig].map(({ words }) => words.split(' ')[0] ?? words),
  ]);
}

function hasCommand<Context>(program: Program<Context>, words: readonly string[]): boolean {
  return words.some((word) => firstWords(program).has(word));
}

const signals = {
  '-s': 'SIGINT',
  '--stop': 'SIGINT',
  '-k': 'SIGTERM',
  '--kill': 'SIGTERM',
  '-r': 'SIGHUP',
  '--reload': 'SIGHUP',
} as const;

function signalSwitch(words: readonly string[]): 'SIGINT' | 'SIGTERM' | 'SIGHUP' | undefined {
  const word = words.find((candidate): candidate is keyof typeof signals => candidate in signals);
  return word === undefined ? undefined : signals[word];
}

function build<Context>(program: Program<Context>, config: string | undefined): Commander {
  const root = withSwitches(new Commander(program.name))
    .description(program.summary)
    .usage('[switches] CONFIG COMMAND [arguments]')
    .version(packageVersion(), '-V, --version', 'print the version')
    .showHelpAfterError('(--help lists the commands and switches)')
    .configureHelp({ sortSubcommands: false })
    .exitOverride()
    .addHelpText(
      'after',
      `\nWithout CONFIG the file is looked for: $${program.name.toUpperCase()}_CONFIG, ./${program.name}.ini, /etc/londiste/${program.name}.ini`,
    );
  for (const command of program.withoutConfig) {
    add(root, command, (call) => command.run(undefined, call));
  }
  for (const command of program.commands) {
    add(root, command, async (call) => {
      const switches = root.opts<CommonSwitches>();
      const signal = signalSwitch(
        Object.entries({ '-s': switches.stop, '-k': switches.kill, '-r': switches.reload }).flatMap(
          ([key, on]) => (on === true ? [key] : []),
        ),
      );
      if (signal !== undefined) await program.signal(config, signal, switches);
      else await command.run(program.open(config, switches), call);
    });
  }
  return root;
}

/** Options that every command understands wherever they stand. */
function withSwitches(commander: Commander): Commander {
  return commander
    .option('-d, --daemon', 'go to the background')
    .option('-s, --stop', 'stop the daemon of this configuration once its batch is done')
    .option('-k, --kill', 'stop it at once')
    .option('-r, --reload', 'let it open its log file anew')
    .option('-q, --quiet', 'log only warnings and errors')
    .option('-v, --verbose', 'log details too')
    .option(
      '--set <key=value>',
      'override a setting of the configuration file',
      (value: string, all: string[] | undefined) => [...(all ?? []), value],
    );
}

function add<Context>(
  root: Commander,
  command: Command<Context>,
  run: (call: { args: string[]; options: Record<string, unknown> }) => Promise<void>,
): void {
  const words = command.words.split(' ');
  const parent = words.slice(0, -1).reduce((at, word) => group(at, word), root);
  const own = parent
    .command([words.at(-1) ?? '', command.takes ?? ''].join(' ').trim())
    .description(command.summary);
  for (const { flags, summary } of command.options ?? []) own.option(flags, summary);
  if (command.examples)
    own.addHelpText('after', `\nExamples:\n${command.examples.map((line) => `  ${line}`).join('\n')}`);
  own
    .exitOverride()
    .showHelpAfterError(`(londiste ${command.words} --help tells more)`.replace('londiste', root.name()));
  own.action(async () => {
    await run({
      args: own.processedArgs.flat().filter((arg): arg is string => typeof arg === 'string'),
      options: own.opts(),
    });
  });
}

/** The commands `provider …` and `subscriber …` hang on a word that does nothing by itself. */
function group(parent: Commander, word: string): Commander {
  const there = parent.commands.find((command) => command.name() === word);
  return (
    there ?? parent.command(word).description(`commands for the ${word}`).exitOverride().showHelpAfterError()
  );
}

function parseSwitchesOnly(commander: Commander, words: readonly string[]): CommonSwitches {
  const parsed = withSwitches(new Commander(commander.name()).exitOverride()).allowExcessArguments(false);
  return parsed.parse([...words], { from: 'user' }).opts<CommonSwitches>();
}

function tell(program: string, thrown: unknown): number {
  // Commander has said what was wrong already; asking for help or the version is no error.
  if (thrown instanceof CommanderError) return thrown.exitCode;
  const error = asLondisteError(thrown);
  process.stderr.write(`${program}: ${error.message}\n`);
  if (error.hint !== '') process.stderr.write(`${error.hint.replaceAll(/^/gm, '  → ')}\n`);
  if (error.kind === 'bug' && error.cause instanceof Error)
    process.stderr.write(`${error.cause.stack ?? ''}\n`);
  return 1;
}

function packageVersion(): string {
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}

/** A line for whoever called the command. */
export function sayLine(line: string): void {
  process.stdout.write(`${line}\n`);
}

/** What is not wrong and should be known all the same. */
export function warn(warnings: readonly string[], { quiet }: Switches): void {
  if (quiet !== true) for (const warning of warnings) process.stderr.write(`WARNING: ${warning}\n`);
}
