import { renameSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { readPid, signalDaemon } from '../../src/daemon/pidfile.js';
import { isAlive } from '../../src/daemon/process-probe.js';
import { eventually } from '../support/eventually.js';
import { built, Fixture } from './fixture.js';

/** A daemon whose first argument names it and whose second says what it does; it has its own pid file and log. */
const fixture = new Fixture(`
Promise.all([${built('daemon/daemon.js')}, ${built('kernel/log.js')}, ${built('kernel/errors.js')}].map((path) => import(path))).then(
  async ([{ runAsDaemon }, { createLog }, { LondisteError }]) => {
    const [, , name, does] = process.argv;
    const files = { pidfile: does === 'no-pidfile' ? undefined : name + '.pid', logfile: does === 'no-logfile' ? undefined : name + '.log' };
    const openLog = () => createLog({ level: 'info', format: 'text', file: name + '.log' });
    const options = { jobName: name, ...files, background: process.argv.includes('-d'), environment: process.env, openLog };
    const stopped = (stop) => new Promise((resolve) => stop.addEventListener('abort', resolve));
    const work = async ({ log, stop, ready }) => {
      const alive = setInterval(() => undefined, 1000);
      if (does === 'fail') throw new LondisteError('auth', 'the password is wrong', { hint: 'write another' });
      if (does === 'die') process.exit(7);
      if (does === 'throw-later') setTimeout(() => { throw new Error('nobody catches this'); }, 100);
      if (does === 'reject-later') setTimeout(() => void Promise.reject(new Error('nor this')), 100);
      console.log('noise on standard output'); console.error('and on standard error');
      ready(); ready();
      log.info('in ' + process.cwd() + ' with ' + process.argv.slice(2).join(' '));
      await stopped(stop);
      if (does === 'deaf') await new Promise(() => undefined);
      clearInterval(alive);
    };
    try {
      await runAsDaemon(options, work);
    } catch (error) {
      process.stderr.write(error.kind + ': ' + error.message + ' (' + error.hint + ')');
      process.exitCode = 1;
    }
  },
);
`);

function pidOf(name: string): number | undefined {
  return readPid(fixture.path(`${name}.pid`));
}

function log(name: string): string {
  return fixture.read(`${name}.log`);
}

describe('-d', () => {
  test('returns with 0 once the daemon serves, and leaves it running in a session of its own', async () => {
    const { pid: starter, ended } = fixture.start('serves', 'serve', '-d');
    // Ended means: nobody holds the pipes of the starter any more, so a script that reads them goes on.
    expect(await ended).toEqual({ code: 0, stdout: '', stderr: '' });
    const pid = pidOf('serves') ?? 0;
    expect(pid).not.toBe(starter);
    expect(isAlive(pid)).toBe(true);
    expect(log('serves')).toContain(`in ${fixture.folder} with serves serve`);
    await signalDaemon({ pidfile: fixture.path('serves.pid'), signal: 'SIGINT' });
    expect(isAlive(pid)).toBe(false);
    expect(pidOf('serves')).toBeUndefined();
    expect(log('serves')).toContain('serves has stopped');
  });

  test('among other switches is left out, and the others are handed on', async () => {
    expect((await fixture.start('switches', 'serve', '-vd', '--daemon', '-q', '-d').ended).code).toBe(0);
    await eventually(() => /with switches serve -v -q$/m.test(log('switches')), true);
    await signalDaemon({ pidfile: fixture.path('switches.pid'), signal: 'SIGINT' });
  });

  test('tells what kept the daemon from serving, and fails', async () => {
    const { code, stderr } = await fixture.start('fails', 'fail', '-d').ended;
    expect({ code, stderr }).toEqual({ code: 1, stderr: 'auth: the password is wrong (write another)' });
    expect(pidOf('fails')).toBeUndefined();
    expect(log('fails')).toContain('fails ends: the password is wrong');
  });

  test('a second one is refused while the first runs', async () => {
    expect((await fixture.start('twice', 'serve', '-d').ended).code).toBe(0);
    const pid = pidOf('twice');
    const { code, stderr } = await fixture.start('twice', 'serve', '-d').ended;
    expect(code).toBe(1);
    expect(stderr).toContain(`names the running process ${pid ?? ''}`);
    expect(pidOf('twice')).toBe(pid);
    await signalDaemon({ pidfile: fixture.path('twice.pid'), signal: 'SIGTERM' });
  });

  test('a daemon that just ends is told as that', async () => {
    const { code, stderr } = await fixture.start('dies', 'die', '-d').ended;
    expect(code).toBe(1);
    expect(stderr).toContain('the daemon ended before it served');
  });

  test('needs a pid file, and misses a log file', async () => {
    const refused = await fixture.start('bare', 'no-pidfile', '-d').ended;
    expect(refused.code).toBe(1);
    expect(refused.stderr).toContain('a daemon needs a pidfile');
    const warned = await fixture.start('unlogged', 'no-logfile', '-d').ended;
    expect(warned.code).toBe(0);
    expect(warned.stderr).toContain('there is no logfile in the configuration');
    await signalDaemon({ pidfile: fixture.path('unlogged.pid'), signal: 'SIGINT' });
  });
});

describe('signals', () => {
  async function serving(name: string, does: string): Promise<ReturnType<Fixture['start']>> {
    const started = fixture.start(name, does);
    await eventually(() => log(name).includes(`in ${fixture.folder}`), true);
    return started;
  }

  test('SIGINT stops in good order; a second one later is no haste, a second one at once is', async () => {
    const { child, pid, ended } = await serving('impatient', 'deaf');
    child.kill('SIGINT');
    await eventually(() => log('impatient').includes('got SIGINT'), true);
    const first = Date.now();
    await eventually(() => Date.now() - first > 1_100, true);
    child.kill('SIGINT');
    await eventually(() => log('impatient').match(/got SIGINT/g)?.length, 2);
    expect(isAlive(pid)).toBe(true);
    child.kill('SIGINT');
    expect((await ended).code).toBe(0);
    expect(log('impatient')).toContain('stopping at once');
    expect(pidOf('impatient')).toBeUndefined();
  });

  test('SIGTERM ends at once what SIGINT waits for', async () => {
    const { child, ended } = await serving('terminated', 'deaf');
    child.kill('SIGTERM');
    expect((await ended).code).toBe(0);
    expect(pidOf('terminated')).toBeUndefined();
  });

  test('SIGHUP opens the log file anew', async () => {
    const { child, ended } = await serving('reopened', 'serve');
    renameSync(fixture.path('reopened.log'), fixture.path('reopened.log.old'));
    child.kill('SIGHUP');
    await eventually(() => log('reopened').includes('got SIGHUP'), true);
    child.kill('SIGINT');
    expect((await ended).code).toBe(0);
    expect(log('reopened')).toContain('reopened has stopped');
    expect(fixture.read('reopened.log.old')).not.toContain('has stopped');
  });

  test.each([
    ['throw-later', 'nobody catches this'],
    ['reject-later', 'nor this'],
  ])('%s: what nobody catches is logged, and the end is a failure', async (does, message) => {
    const { ended } = await serving(does, does);
    expect((await ended).code).toBe(1);
    expect(log(does)).toMatch(new RegExp(`FATAL ${does} crashed: ${message}`));
    expect(pidOf(does)).toBeUndefined();
  });
});
