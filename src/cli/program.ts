import { readFileSync } from 'node:fs';
import { Command as Commander, CommanderError } from 'commander';
import { asLondisteError } from '../kernel/errors.js';
import type { LondisteSettings, PgqadmSettings } from '../config/load.js';
import { signalDaemon } from '../daemon/pidfile.js';
import { splitCommandLine } from './command-line.js';
import type { Command } from './command.js';
import type { Context, Switches } from './context.js';

type AnySettings = LondisteSettings | PgqadmSettings;

/** What a program is made of. */
export interface Program<Settings extends LondisteSettings | PgqadmSettings> {
  readonly name: 'londiste' | 'pgqadm';
  readonly summary: string;
  readonly commands: readonly Command<Context<Settings>>[];
  /** Commands that need no configuration file. */
  readonly withoutConfig: readonly Command<undefined>[];
  /** Reads the configuration, of that name or wherever it is looked for. */
  load(path: string | undefined, overrides: readonly string[] | undefined): Settings;
}

/** The switches that may stand anywhere on the command line. */
export interface CommonSwitches extends Switches {
  /** `--set key=value`, as often as wanted. */
  readonly set?: readonly string[];
}

/** Runs a program with its arguments and returns the exit code; errors are told in one sentence and what to do. */
export async function runProgram<Settings extends AnySettings>(
  program: Program<Settings>,
  argv: readonly string[],
): Promise<number> {
  // Whoever reads our output may have read enough, as head does.
  process.stdout.on('error', () => process.exit(0));
  const { config, rest, signal } = splitCommandLine(argv, firstWords(program));
  const exit: Exit = { code: 0, ofFailure: 1 };
  try {
    if (signal === undefined) {
      await build(program, { config, typed: rest }, exit).parseAsync([...rest], { from: 'user' });
    } else {
      // The command may stand there as well, as in `replay -s`; only the switches matter.
      const { set } = withSwitches(new Commander(program.name).exitOverride())
        .allowExcessArguments(true)
        .parse([...rest], { from: 'user' })
        .opts<CommonSwitches>();
      await signalDaemon({ pidfile: program.load(config, set).pidfile, signal });
    }
    return exit.code;
  } catch (error) {
    return tell(program.name, error) === 0 ? 0 : exit.ofFailure;
  }
}

/** What the command that runs makes of the exit code. */
interface Exit {
  code: number;
  ofFailure: number;
}

function firstWords<Settings extends AnySettings>(program: Program<Settings>): ReadonlySet<string> {
  const commands = [...program.commands, ...program.withoutConfig];
  return new Set(['help', ...commands.map(({ words }) => words.split(' ')[0] ?? words)]);
}

function build<Settings extends AnySettings>(
  program: Program<Settings>,
  { config, typed }: { config: string | undefined; typed: readonly string[] },
  exit: Exit,
): Commander {
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
    add(root, { command, exit }, (call) => command.run(undefined, call));
  }
  for (const command of program.commands) {
    add(root, { command, exit }, async (call) => {
      const switches = root.opts<CommonSwitches>();
      const readAgain = (): Settings => program.load(config, switches.set);
      const settings = readAgain();
      warn(settings.warnings, switches);
      const exitWith = (code: number): void => {
        exit.code = code;
      };
      const retype = (override: string, other?: string): string =>
        retyped(
          [program.name, ...(config === undefined ? [] : [config])],
          override,
          other?.split(' ') ?? typed,
        );
      await command.run({ settings, switches, readAgain, retype, say: sayLine, exitWith }, call);
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
    .option('-r, --reload', 'let it open its log file anew; a ticker reads its configuration anew too')
    .option('-q, --quiet', 'log only warnings and errors')
    .option('-v, --verbose', 'log details too')
    .option(
      '--set <key=value>',
      'override a setting of the configuration file',
      (value: string, all: string[] | undefined) => [...(all ?? []), value],
    );
}

function add<Given>(
  root: Commander,
  { command, exit }: { command: Command<Given>; exit: Exit },
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
    .exitOverride((error) => {
      exit.ofFailure = command.failsWith ?? 1;
      throw error;
    })
    .showHelpAfterError(`(${root.name()} ${command.words} --help tells more)`);
  own.action(async () => {
    exit.ofFailure = command.failsWith ?? 1;
    await run({
      args: own.processedArgs.flat().filter((arg): arg is string => typeof arg === 'string'),
      options: own.opts(),
    });
  });
}

/** A command line for a shell: whichever setting of that key was typed before is replaced. */
function retyped(begin: readonly string[], override: string, rest: readonly string[]): string {
  const key = override.replace(/=.*/s, '=');
  const kept = rest.filter(
    (word, n) =>
      !word.startsWith(`--set=${key}`) &&
      !(word === '--set' && rest[n + 1]?.startsWith(key)) &&
      !(word.startsWith(key) && rest[n - 1] === '--set'),
  );
  const quoted = (word: string): string =>
    /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
  return [...begin, '--set', override, ...kept].map(quoted).join(' ');
}

/** What commands of two words are about, where the first of them does not say it. */
const aboutOf: Readonly<Record<string, string>> = {
  copy: 'copies of tables',
  retry: 'events that consumers want to see again',
  dead: 'events that consumers have given up',
};

/** Commands of two words hang on the first, which does nothing by itself. */
function group(parent: Commander, word: string): Commander {
  const there = parent.commands.find((command) => command.name() === word);
  return (
    there ??
    parent
      .command(word)
      .description(`commands for ${aboutOf[word] ?? `the ${word}`}`)
      .exitOverride()
      .showHelpAfterError()
  );
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
function sayLine(line: string): void {
  process.stdout.write(`${line}\n`);
}

/** What is not wrong and should be known all the same. */
function warn(warnings: readonly string[], { quiet }: Switches): void {
  if (quiet !== true) for (const warning of warnings) process.stderr.write(`WARNING: ${warning}\n`);
}
