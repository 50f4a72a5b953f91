import type { CommonSettings } from '../config/load.js';
import { Bell, isStopped } from '../kernel/clock.js';
import { asLondisteError } from '../kernel/errors.js';
import type { Log } from '../kernel/log.js';
import { explain } from '../kernel/service.js';
import type { DaemonContext } from './replay.js';

/** The settings of a daemon that reads them anew when it is asked to. */
export interface Reloading<Settings extends CommonSettings> {
  readonly settings: Settings;
  /** Throws a `LondisteError` with everything that is wrong with the file. */
  readonly readAgain: () => Settings;
}

/** Milliseconds of one wait for a reload; what comes after it is the next one. */
const aWhileMs = 3_600_000;

/** What the process has already: its name, its pid file and its log, by the settings that they come from. */
const fixed = ['jobName', 'pidfile', 'logfile', 'logSize', 'logCount', 'logFormat'] as const;

/**
 * Does `work` until stopped. When the daemon is asked to reload and its settings have changed, `work` is stopped and
 * begun anew with the new ones; when they have not, the bell of its context rings; when they are wrong that is told, and
 * it goes on with those it has.
 */
export async function runReloading<Settings extends CommonSettings>(
  { settings, readAgain }: Reloading<Settings>,
  context: DaemonContext,
  work: (settings: Settings, context: DaemonContext) => Promise<void>,
): Promise<void> {
  let now = settings;
  let isReload = false;
  while (!isStopped(context.stop)) {
    const over = new AbortController();
    const end = (): void => {
      over.abort();
    };
    context.stop.addEventListener('abort', end, { once: true });
    const reloaded = new Bell();
    try {
      const [next] = await Promise.all([
        nextSettings({ settings: now, readAgain }, { ...context, stop: over.signal }, reloaded).finally(end),
        work(now, { ...context, stop: over.signal, reloaded, isReload }).finally(end),
      ]);
      now = next ?? now;
      isReload = true;
    } finally {
      context.stop.removeEventListener('abort', end);
    }
  }
}

/** Other settings than those that there are, as soon as somebody asks to reload and there are some; nothing when stopped. */
async function nextSettings<Settings extends CommonSettings>(
  { settings, readAgain }: Reloading<Settings>,
  { log, stop, reloaded }: DaemonContext,
  unchanged: Bell,
): Promise<Settings | undefined> {
  const asked = reloaded ?? new Bell();
  while (!isStopped(stop)) {
    if (!(await asked.wait(aWhileMs, stop))) continue;
    try {
      const next = withFixed(settings, readAgain(), log);
      for (const warning of next.warnings) log.warn(warning);
      if (textOf(next) !== textOf(settings)) {
        log.info('re-reading config: it has changed, and holds from now on');
        return next;
      }
      log.info('re-reading config: nothing has changed');
    } catch (thrown) {
      const error = asLondisteError(thrown);
      log.error(
        explain(error),
        `re-reading config: it is wrong, and that of before goes on: ${error.message}`,
      );
    }
    unchanged.ring();
  }
  return undefined;
}

/** Settings as a text that differs where they do; the check of a server's name is a function. */
function textOf(settings: CommonSettings): string {
  return JSON.stringify({ ...settings, warnings: [] }, (_, value: unknown) =>
    typeof value === 'function' ? String(value) : value,
  );
}

/** `next`, with what the running process cannot change, which is told. */
function withFixed<Settings extends CommonSettings>(settings: Settings, next: Settings, log: Log): Settings {
  const kept = fixed.filter((key) => next[key] !== settings[key]);
  if (kept.length === 0) return next;
  const keys = kept.map((key) => key.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`));
  log.warn(`re-reading config: ${keys.join(', ')}: only a restart changes that`);
  const both: Settings = { ...next };
  return Object.assign(both, Object.fromEntries(fixed.map((key) => [key, settings[key]])));
}
