import { existsSync, mkdirSync, utimesSync, writeFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { acquirePidfile, readPid, signalDaemon } from '../../src/daemon/pidfile.js';
import { isAlive, isOurs } from '../../src/daemon/process-probe.js';
import { eventually } from '../support/eventually.js';
import { built, Fixture } from './fixture.js';

/**
 * `hold FILE` takes a pid file and stays; `race START ROUNDS NAME` takes one file a round, all processes at the same
 * instant, and prints who got it.
 */
const fixture = new Fixture(`
import(${built('daemon/pidfile.js')}).then(({ acquirePidfile }) => {
  const [, , verb, first, rounds, name] = process.argv;
  if (verb === 'hold') {
    acquirePidfile(first);
    if (rounds === 'deaf') process.on('SIGINT', () => undefined);
    setInterval(() => undefined, 1000);
    console.log('held');
    return;
  }
  const outcomes = [];
  for (let round = 0; round < Number(rounds); round += 1) {
    while (Date.now() < Number(first) + round * 10);
    const at = performance.timeOrigin + performance.now();
    let outcome;
    try {
      acquirePidfile(name + '.' + round);
      outcome = 'held';
    } catch (error) {
      outcome = error.kind + ': ' + error.message;
    }
    outcomes.push({ at, outcome });
  }
  process.stdout.write(JSON.stringify(outcomes));
  // Stays alive: a pid file is stale once its process has ended.
  setInterval(() => undefined, 1000);
});
`);

async function hold(name: string, ...more: string[]): Promise<number> {
  const { pid } = fixture.start('hold', fixture.path(name), ...more);
  await eventually(() => readPid(fixture.path(name)), pid);
  return pid;
}

/** A pid that nobody has now, and most likely not soon. */
async function deadPid(): Promise<number> {
  const { pid, ended } = fixture.stranger('true');
  await ended;
  return pid;
}

function age(path: string): void {
  const past = new Date(Date.now() - 60_000);
  utimesSync(path, past, past);
}

describe('acquiring', () => {
  test('writes our pid, and releasing removes the file, unless it is another one by now', () => {
    const path = fixture.path('plain.pid');
    const held = acquirePidfile(path);
    expect(held.stale).toBeUndefined();
    expect(readPid(path)).toBe(process.pid);
    held.release();
    expect(existsSync(path)).toBe(false);

    const again = acquirePidfile(path);
    writeFileSync(path, '1\n');
    again.release();
    expect(readPid(path)).toBe(1);
  });

  test('is refused while the process that is named runs, and works once it has been killed', async () => {
    const path = fixture.path('live.pid');
    const pid = await hold('live.pid');
    expect(() => acquirePidfile(path)).toThrow(`pidfile ${path} names the running process ${pid}`);
    expect(readPid(path)).toBe(pid);
    process.kill(pid, 'SIGKILL');
    await eventually(() => isAlive(pid), false);
    expect(acquirePidfile(path).stale).toBe(pid);
    expect(readPid(path)).toBe(process.pid);
  });

  test('takes over the file of a dead process, of a stranger, of our own number, and one that holds nothing', async () => {
    const stranger = fixture.stranger('exec sleep 60').pid;
    for (const [name, text, stale] of [
      ['dead', String(await deadPid()), undefined],
      ['stranger', String(stranger), undefined],
      ['own', String(process.pid), undefined],
      ['junk', 'nonsense', 0],
      ['huge', '99999999999999', 0],
    ] as const) {
      const path = fixture.path(`${name}.pid`);
      writeFileSync(path, `${text}\n`);
      age(path);
      expect(acquirePidfile(path).stale).toBe(stale ?? Number(text));
      expect(readPid(path)).toBe(process.pid);
      expect(existsSync(`${path}.takeover`)).toBe(false);
    }
    expect(isAlive(stranger)).toBe(true);
  });

  test('leaves a file alone that another process is just writing or taking over, and not for ever', () => {
    const path = fixture.path('young.pid');
    writeFileSync(path, '');
    expect(() => acquirePidfile(path)).toThrow('is just being written');
    age(path);
    writeFileSync(`${path}.takeover`, '1');
    expect(() => acquirePidfile(path)).toThrow('is just being taken over');
    age(`${path}.takeover`);
    expect(acquirePidfile(path).stale).toBe(0);
  });

  test('says what is wrong with a path that cannot be written or read', () => {
    expect(() => acquirePidfile('/nonexistent/x.pid')).toThrow('cannot write pidfile /nonexistent/x.pid');
    mkdirSync(fixture.path('folder.pid'));
    expect(() => acquirePidfile(fixture.path('folder.pid'))).toThrow('cannot read pidfile');
  });

  /** Races for as many stale files; how often two processes were at one within 0.2 ms. */
  async function race(name: string, { rounds, racers }: { rounds: number; racers: number }): Promise<number> {
    const dead = await deadPid();
    for (let round = 0; round < rounds; round += 1)
      writeFileSync(fixture.path(`${name}.${round}`), `${dead}\n`);
    const start = String(Date.now() + 1500);
    const running = Array.from({ length: racers }, () => fixture.start('race', start, String(rounds), name));
    const outputs = await Promise.all(
      running.map(async ({ child }) => {
        let text = '';
        for await (const chunk of child.stdout ?? []) {
          text += String(chunk);
          if (text.endsWith(']')) break;
        }
        return JSON.parse(text) as { at: number; outcome: string }[];
      }),
    );
    let close = 0;
    for (let round = 0; round < rounds; round += 1) {
      const tries = outputs.flatMap((output) => output[round] ?? []).sort((a, b) => a.at - b.at);
      expect(tries.map(({ outcome }) => outcome).filter((outcome) => outcome === 'held')).toEqual(['held']);
      for (const { outcome } of tries) expect(outcome).toMatch(/^(held|refused: pidfile)/);
      if (tries.some(({ at }, n) => at - (tries[n - 1]?.at ?? -Infinity) < 0.2)) close += 1;
    }
    return close;
  }

  test('of several processes that find the same stale file at the same instant one gets it', async () => {
    const rounds = 150;
    let [raced, close] = [0, 0];
    // On a busy machine none of them may be where it should be in time.
    for (let n = 0; n < 10 && close === 0; n += 1) {
      close += await race(`race${n}`, { rounds, racers: 3 });
      raced += rounds;
    }
    console.log(`two processes within 0.2 ms at one stale pid file: ${close} of ${raced} rounds`);
    expect(close).toBeGreaterThan(0);
  });
});

describe('a process is ours', () => {
  test('when it runs one of our programs, not when it only has the name in a path', async () => {
    const ours = await hold('ours.pid');
    expect(isOurs(ours)).toBe(true);
    const { pid } = fixture.stranger('exec tail -f /dev/null /nonexistent/.londiste/data');
    await eventually(() => isAlive(pid), true);
    expect(isOurs(pid)).toBe(false);
    expect(isOurs(process.pid)).toBe(false);
    expect(isAlive(0) || isAlive(-1) || isAlive(NaN)).toBe(false);
  });

  test('and not when it has ended and nobody has collected it', async () => {
    const { child } = fixture.stranger('sleep 0 & echo $!; exec sleep 60');
    const pid = await new Promise<number>((resolve) => {
      child.stdout?.once('data', (chunk: Buffer) => {
        resolve(Number(chunk.toString()));
      });
    });
    await eventually(() => isAlive(pid), false);
    expect(() => process.kill(pid, 0)).not.toThrow();
  });
});

describe('signalling the daemon of a pid file', () => {
  test.each(['SIGINT', 'SIGTERM'] as const)('%s returns once it has ended', async (signal) => {
    const pid = await hold(`${signal}.pid`);
    await signalDaemon({ pidfile: fixture.path(`${signal}.pid`), signal });
    expect(isAlive(pid)).toBe(false);
  });

  test('SIGHUP returns at once', async () => {
    const pid = await hold('hup.pid');
    await signalDaemon({ pidfile: fixture.path('hup.pid'), signal: 'SIGHUP' });
    await eventually(() => isAlive(pid), false);
  });

  test('without a daemon is refused, and a stranger is left in peace', async () => {
    const attempt = (pidfile: string | undefined): Promise<void> =>
      signalDaemon({ pidfile, signal: 'SIGTERM' });
    await expect(attempt(undefined)).rejects.toThrow('no pidfile in the configuration');
    const missing = fixture.path('missing.pid');
    await expect(attempt(missing)).rejects.toThrow(`pidfile ${missing} does not exist: no daemon is running`);
    const { pid } = fixture.stranger('exec sleep 60');
    const path = fixture.path('strange.pid');
    writeFileSync(path, String(pid));
    await expect(attempt(path)).rejects.toThrow(`process ${pid} is not running`);
    expect(isAlive(pid)).toBe(true);
    writeFileSync(path, '');
    await expect(attempt(path)).rejects.toThrow('holds no process id');
  });
});
