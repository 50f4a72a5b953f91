/** A daemon that is asked to reload: what becomes of its work when its settings are others, the same, or wrong. */
import { expect, test } from 'vitest';
import type { CommonSettings } from '../../src/config/load.js';
import { runReloading } from '../../src/daemon/reloading.js';
import type { DaemonContext } from '../../src/daemon/replay.js';
import { Bell } from '../../src/kernel/clock.js';
import { LondisteError } from '../../src/kernel/errors.js';
import { eventually } from '../support/eventually.js';
import { memoryLog } from '../ticker/memory-log.js';

interface Settings extends CommonSettings {
  readonly server?: { readonly check?: () => undefined };
}

const first: Settings = {
  configPath: 'ticker.ini',
  jobName: 'job',
  logSize: 1,
  logCount: 1,
  logFormat: 'text',
  loopDelayMs: 100,
  warnings: [],
  server: { check: () => undefined },
};

function start(work?: (settings: Settings, context: DaemonContext) => Promise<void>) {
  const { log, lines } = memoryLog();
  const stop = new AbortController();
  const reloaded = new Bell();
  const began: { settings: Settings; isReload: boolean }[] = [];
  const looks: number[] = [];
  let next: () => Settings = () => first;
  const ended = runReloading(
    { settings: first, readAgain: () => next() },
    { log, stop: stop.signal, ready: () => undefined, reloaded },
    async (settings, context) => {
      began.push({ settings, isReload: context.isReload === true });
      await work?.(settings, context);
      while (!context.stop.aborted)
        if (await context.reloaded?.wait(60_000, context.stop)) looks.push(began.length);
    },
  );
  const reload = (read: () => Settings): void => {
    next = read;
    reloaded.ring();
  };
  return { lines, stop, reload, began, looks, ended };
}

test('work begins anew with settings that have changed, and only then', async () => {
  const { lines, stop, reload, began, looks, ended } = start();
  reload(() => ({ ...first, server: { check: () => undefined }, warnings: ['told again'] }));
  await eventually(() => looks, [1]);
  expect(lines.splice(0)).toEqual(['warn told again', 'info re-reading config: nothing has changed']);

  reload(() => ({ ...first, loopDelayMs: 50 }));
  await eventually(() => began.length, 2);
  expect(began).toEqual([
    { settings: first, isReload: false },
    { settings: { ...first, loopDelayMs: 50 }, isReload: true },
  ]);
  expect(lines.splice(0)).toEqual(['info re-reading config: it has changed, and holds from now on']);
  stop.abort();
  await ended;
});

test('what is wrong is told, and what the process has already stays as it is', async () => {
  const { lines, stop, reload, began, looks, ended } = start();
  reload(() => {
    throw new LondisteError('config', 'loop_delay: expected a number');
  });
  await eventually(() => looks, [1]);
  expect(lines.splice(0)).toEqual([
    'error re-reading config: it is wrong, and that of before goes on: loop_delay: expected a number',
  ]);
  reload(() => ({ ...first, jobName: 'another', logfile: '/another.log' }));
  await eventually(() => looks, [1, 1]);
  expect(lines.splice(0)).toEqual([
    'warn re-reading config: job_name, logfile: only a restart changes that',
    'info re-reading config: nothing has changed',
  ]);
  expect(began).toHaveLength(1);
  stop.abort();
  await ended;
});

test('work that fails ends it, and so does a stop before the first wait', async () => {
  const { ended } = start(() => Promise.reject(new LondisteError('auth', 'the password is wrong')));
  await expect(ended).rejects.toThrow('the password is wrong');
  const stopped = start();
  stopped.stop.abort();
  await stopped.ended;
});
