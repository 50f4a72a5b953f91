import { Session, type ConnectSettings } from '../db/session.js';
import { pinSettings } from '../db/settings.js';
import type { LondisteSettings, PgqadmSettings } from '../config/load.js';
import type { DaemonContext } from '../daemon/replay.js';
import { createLog, type Log } from '../kernel/log.js';
import { armFromText } from '../kernel/tap.js';
import type { CompareBench } from '../compare/bench.js';
import { requireBoth, type Ends } from '../setup/ends.js';

/** The switches that every command of both programs takes. */
export interface Switches {
  readonly verbose?: boolean;
  readonly quiet?: boolean;
  readonly daemon?: boolean;
}

/** What a command works with: the settings, and ways to connect, to say something and to log. */
export interface Context<Settings extends LondisteSettings | PgqadmSettings> {
  readonly settings: Settings;
  readonly switches: Switches;
  /** The settings as the configuration has them by now. */
  readAgain(): Settings;
  /** The command line as it was typed, with another setting, and another command if there is one. */
  retype(override: string, command?: string): string;
  /** A line for whoever called the command, on standard output. */
  say(line: string): void;
  /** What the program's exit code is to be although nothing failed. */
  exitWith(code: number): void;
}

export type LondisteContext = Context<LondisteSettings>;
export type PgqadmContext = Context<PgqadmSettings>;

/** Runs a daemon of these settings, in the background when `-d` was given. */
export async function runDaemon(
  { settings, switches }: LondisteContext | PgqadmContext,
  work: (context: DaemonContext) => Promise<void>,
): Promise<void> {
  const { runAsDaemon } = await import('../daemon/daemon.js');
  const { jobName, pidfile, logfile, logFormat, logSize, logCount } = settings;
  const level = switches.verbose === true ? 'debug' : switches.quiet === true ? 'warn' : 'info';
  const openLog = (): ReturnType<typeof createLog> =>
    createLog({ level, format: logFormat, file: logfile, maxBytes: logSize, keep: logCount });
  await runAsDaemon(
    { jobName, pidfile, logfile, background: switches.daemon === true, environment: process.env, openLog },
    work,
  );
}

/** Runs `work` with both ends connected, and closes them. */
export async function withEnds<T>(
  { settings, switches }: LondisteContext,
  work: (ends: Ends) => Promise<T>,
): Promise<T> {
  await using provider = await connect(settings.provider, 'provider', settings.jobName, switches);
  await using subscriber = await connect(settings.subscriber, 'subscriber', settings.jobName, switches);
  return await work({ name: settings.subscription, provider, subscriber });
}

export async function withProvider<T>(
  { settings, switches }: LondisteContext,
  work: (provider: Session) => Promise<T>,
): Promise<T> {
  await using provider = await connect(settings.provider, 'provider', settings.jobName, switches);
  return await work(provider);
}

export async function withSubscriber<T>(
  { settings, switches }: LondisteContext,
  work: (subscriber: Session) => Promise<T>,
): Promise<T> {
  await using subscriber = await connect(settings.subscriber, 'subscriber', settings.jobName, switches);
  return await work(subscriber);
}

/** Runs `work` with both ends connected twice, for asking and for reading rows, and closes them. */
export async function withCompareBench<T>(
  context: LondisteContext,
  work: (bench: CompareBench) => Promise<T>,
): Promise<T> {
  const { settings, switches } = context;
  const { compareHoldMs, compareWaitMs, lockTimeoutMs } = settings;
  return withEnds(context, async (ends) => {
    await requireBoth(ends);
    const taps = process.env['LONDISTE_TAP'];
    if (taps !== undefined) armFromText(taps, (line) => process.stderr.write(`${line}\n`));
    const open = (side: 'provider' | 'subscriber'): Promise<Session> =>
      connect(settings[side], side, settings.jobName, switches, {
        lock_timeout: String(lockTimeoutMs),
        jit: 'off',
      });
    await using provider = await open('provider');
    await using subscriber = await open('subscriber');
    return await work({
      ...ends,
      readers: { provider, subscriber },
      holdMs: compareHoldMs,
      waitMs: compareWaitMs,
      log: commandLog(context),
      stop: new AbortController().signal,
    });
  });
}

/** What a command that is no daemon has to say beside its results. */
export function commandLog({ switches }: LondisteContext): Log {
  return createLog({ level: switches.verbose === true ? 'debug' : 'warn', format: 'text' });
}

/** A session of a command, for one of its ends. */
export async function connect(
  settings: ConnectSettings,
  side: string,
  jobName: string,
  { quiet }: Switches,
  more: Readonly<Record<string, string>> = {},
): Promise<Session> {
  const session = await Session.open(settings, {
    side,
    applicationName: `londiste ${jobName} command`,
    onNotice: (message, severity) => {
      if (severity === 'WARNING' && quiet !== true) process.stderr.write(`WARNING: ${message}\n`);
    },
  });
  await pinSettings(session, more);
  return session;
}
