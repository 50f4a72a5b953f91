/** COPY as it comes off the network, cut anywhere; what is not data stays the driver's. */
import { PassThrough } from 'node:stream';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { CopyOut } from '../../src/db/copy-out.js';
import { LondisteError } from '../../src/kernel/errors.js';
import { createDatabase, open } from '../support/databases.js';

function message(code: string, payload: Buffer): Buffer {
  const head = Buffer.alloc(5);
  head.write(code, 'latin1');
  head.writeUInt32BE(payload.length + 4, 1);
  return Buffer.concat([head, payload]);
}

const noise = fc.constantFrom('N', 'S', 'A').map((code) => ({ code, payload: Buffer.from('not data') }));
const row = fc.uint8Array({ maxLength: 40 }).map((bytes) => ({ code: 'd', payload: Buffer.from(bytes) }));
const messages = fc.array(fc.oneof({ weight: 5, arbitrary: row }, { weight: 1, arbitrary: noise }), {
  maxLength: 30,
});

test('all data and nothing else, wherever it is cut', async () => {
  let cuts = 0;
  await fc.assert(
    fc.asyncProperty(messages, fc.array(fc.integer({ min: 1, max: 9 })), async (sent, sizes) => {
      const end = Buffer.concat([message('c', Buffer.alloc(0)), message('C', Buffer.from('COPY 1\0'))]);
      const bytes = Buffer.concat([
        message('H', Buffer.from([0, 0, 1, 0, 0])),
        ...sent.map(({ code, payload }) => message(code, payload)),
        end,
      ]);
      const stream = new PassThrough();
      const drivers: Buffer[] = [];
      const copy = new CopyOut('copy');
      stream.on('data', (chunk: Buffer) => {
        drivers.push(chunk);
        if (Buffer.concat(drivers).length === end.length - 5) copy.handleCommandComplete();
      });
      copy.submit({ stream, query: () => undefined });
      for (let at = 0, n = 0; at < bytes.length; n += 1) {
        const size = sizes[n % Math.max(1, sizes.length)] ?? 7;
        stream.write(Buffer.from(bytes.subarray(at, at + size)));
        at += size;
        cuts += 1;
      }
      const got: Buffer[] = [];
      for await (const chunk of copy) got.push(Buffer.from(chunk as Buffer));
      const data = sent.filter(({ code }) => code === 'd').map(({ payload }) => payload);
      expect(Buffer.concat(got)).toEqual(Buffer.concat(data));
      // CommandComplete and what follows it.
      expect(Buffer.concat(drivers).toString('latin1')).toBe(end.subarray(5).toString('latin1'));
    }),
    { numRuns: 300 },
  );
  console.log(`${cuts} pieces`);
  expect(cuts).toBeGreaterThan(1000);
});

test('from a server: no rows, large rows, an error after rows, and the session goes on where it can', async () => {
  await using session = await open(await createDatabase('newest'));
  const read = async (query: string): Promise<string> => {
    const chunks: Buffer[] = [];
    for await (const chunk of session.copyOut(`copy (${query}) to stdout`)) chunks.push(Buffer.from(chunk));
    return Buffer.concat(chunks).toString();
  };
  expect(await read('select 1 where false')).toBe('');
  expect(await read('select n from generate_series(1, 100000) n')).toBe(
    Array.from({ length: 100_000 }, (_, n) => `${n + 1}\n`).join(''),
  );
  expect(await read(`select repeat('x', 5000000), 7`)).toBe(`${'x'.repeat(5_000_000)}\t7\n`);
  expect(await session.one('select 1 as one')).toEqual({ one: 1 });
  await expect(read('select 1 / (50000 - n) from generate_series(1, 100000) n')).rejects.toThrow(
    LondisteError,
  );
  expect(session.closed).toBe(true);
});
