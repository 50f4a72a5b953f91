/** The frame of every loop: start, stop, stop twice, stop while busy, failures that pass and failures that do not. */
import { describe, expect, test } from 'vitest';
import { Backoff } from '../../src/kernel/backoff.js';
import { Bell, sleep } from '../../src/kernel/clock.js';
import { LondisteError } from '../../src/kernel/errors.js';
import { createLog } from '../../src/kernel/log.js';
import { keepRunning, supervise, type Service } from '../../src/kernel/service.js';
import { arm, armFromText, disarmAll, tap } from '../../src/kernel/tap.js';

const log = createLog({ level: 'silent', format: 'text' });
const frame = { name: 'test', log, backoff: new Backoff({ first: 1, most: 4 }) };

describe('keepRunning', () => {
  test('runs attempts until stopped, also when stopped twice or before it began', async () => {
    const stop = new AbortController();
    let attempts = 0;
    await keepRunning(frame, stop.signal, () => {
      attempts += 1;
      if (attempts === 3) stop.abort();
      return Promise.resolve();
    });
    expect(attempts).toBe(3);
    stop.abort();
    await keepRunning(frame, stop.signal, () => Promise.reject(new Error('must not run')));
  });

  test('tries again after what can pass, with pauses that start over when healthy', async () => {
    const stop = new AbortController();
    const pauses: number[] = [];
    const backoff = new Backoff({ first: 1, most: 4 });
    let attempts = 0;
    await keepRunning(
      { name: 'test', log, backoff, onFailure: () => pauses.push(attempts) },
      stop.signal,
      (healthy) => {
        attempts += 1;
        if (attempts === 4) healthy();
        if (attempts === 6) stop.abort();
        return attempts < 6 ? Promise.reject(new LondisteError('unreachable', 'gone')) : Promise.resolve();
      },
    );
    expect(pauses).toEqual([1, 2, 3, 4, 5]);
    // Healthy at the fourth attempt: 1, 2, 4, then 1 and 2 again; the next would be 4.
    expect(backoff.next()).toBe(4);
  });

  test('ends with what cannot pass, and says nothing of what fails because it stops', async () => {
    await expect(
      keepRunning(frame, new AbortController().signal, () =>
        Promise.reject(new LondisteError('fenced', 'replaced')),
      ),
    ).rejects.toMatchObject({ kind: 'fenced' });
    const stop = new AbortController();
    await keepRunning(frame, stop.signal, () => {
      stop.abort();
      return Promise.reject(new LondisteError('fenced', 'cut off'));
    });
  });
});

test('supervise stops the others when one fails, and throws what it threw', async () => {
  const ended: string[] = [];
  const waiting = (name: string): Service => ({
    name,
    run: async (stop) => {
      await sleep(60_000, stop);
      ended.push(name);
    },
  });
  const failing: Service = {
    name: 'failing',
    run: () => Promise.reject(new LondisteError('data', 'the reason')),
  };
  await expect(
    supervise([waiting('a'), failing, waiting('b')], new AbortController().signal),
  ).rejects.toThrow('the reason');
  expect(ended).toEqual(['a', 'b']);
});

test('a bell that rings while nobody waits is heard by the next who does; stop wakes a sleeper', async () => {
  const bell = new Bell();
  const stop = new AbortController();
  bell.ring();
  expect(await bell.wait(60_000, stop.signal)).toBe(true);
  const waits = bell.wait(60_000, stop.signal);
  bell.ring();
  expect(await waits).toBe(true);
  expect(await bell.wait(1, stop.signal)).toBe(false);
  const last = bell.wait(60_000, stop.signal);
  stop.abort();
  expect(await last).toBe(false);
  await sleep(60_000, stop.signal);
});

test('a tap acts at the visit that was asked for, and unknown moments are refused', async () => {
  const said: string[] = [];
  armFromText('replay.fetched=throw:2', (line) => said.push(line));
  await tap('replay.fetched');
  await expect(tap('replay.fetched')).rejects.toThrow('tap replay.fetched');
  await tap('replay.fetched');
  await tap('copy.landed');
  expect(() => armFromText('replay.nowhere=kill', () => undefined)).toThrow('replay.committed-not-finished');
  arm('copy.landed', () => {
    throw new Error('armed');
  });
  disarmAll();
  await tap('copy.landed');
});
