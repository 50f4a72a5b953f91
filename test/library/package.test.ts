/** The packed package in a project of somebody else's: it is imported by its name, and tsc knows its types. */
import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, expect, it } from 'vitest';
import { root } from '../support/programs.js';

const execute = promisify(execFile);
const project = mkdtempSync(join(tmpdir(), 'londiste-project-'));

afterAll(() => rmSync(project, { recursive: true, force: true }));

const program = `
import pg from 'pg';
import { Consumer, eachEvent, Producer, TransactionalConsumer, type QueueEvent, type Transaction } from 'londiste/pgq';

export async function produce(client: pg.Client, pool: pg.Pool): Promise<number[]> {
  const producer = new Producer('orders');
  await producer.copy(client, [{ type: 'placed', data: '{}' }]);
  return [await producer.insert(client, { type: 'placed', data: '{}' }), await producer.insert(pool, { type: 'x', data: null })];
}

const config: pg.ClientConfig = { host: 'localhost', database: 'shop' };
export const consumer = new Consumer({ connection: config, queue: 'orders', consumer: 'mailer' });
export const exact = new TransactionalConsumer({ connection: 'dbname=shop', queue: 'orders', consumer: 'stock' });

export async function consume(signal: AbortSignal): Promise<void> {
  await consumer.run(async (batch) => {
    for await (const event of batch) {
      const typed: QueueEvent = event;
      if (typed.data === null) batch.dead(event, 'no data');
    }
  }, { signal });
  await exact.run(eachEvent<Transaction>(async (event, { query }) => {
    const { rows } = await query<{ n: string }>('select count(*) as n from stock where id = $1', [event.data]);
    const n: string | undefined = rows[0]?.n;
    // @ts-expect-error an event's time is a Date
    const wrong: string = event.time;
    void [n, wrong];
  }), { signal });
}
`;

it('is imported from the packed package, with its types', { timeout: 240_000 }, async () => {
  const { stdout } = await execute(
    'npm',
    ['pack', '--json', '--ignore-scripts', '--pack-destination', project],
    {
      cwd: root,
    },
  );
  const [packed] = JSON.parse(stdout) as [{ filename: string; files: { path: string }[] }];
  const files = packed.files.map(({ path }) => path);
  expect(files).toEqual(expect.arrayContaining(['dist/library/index.js', 'dist/library/index.d.ts']));

  const modules = join(project, 'node_modules');
  mkdirSync(join(modules, 'londiste'), { recursive: true });
  await execute('tar', [
    '-xzf',
    join(project, packed.filename),
    '--strip-components=1',
    '-C',
    join(modules, 'londiste'),
  ]);
  // What npm install would fetch: its dependencies, and what a TypeScript program on pg has anyway.
  const dependencies = ['pg', 'pg-copy-streams', 'pino', 'commander'];
  const inherited = ['pg-types', 'pg-protocol'];
  for (const name of [...dependencies, ...inherited])
    symlinkSync(join(root, 'node_modules', name), join(modules, name));
  mkdirSync(join(modules, '@types'));
  for (const name of ['pg', 'node']) {
    symlinkSync(join(root, 'node_modules/@types', name), join(modules, '@types', name));
  }
  writeFileSync(join(project, 'package.json'), JSON.stringify({ name: 'shop', type: 'module' }));
  writeFileSync(join(project, 'shop.ts'), program);

  const tsc = join(root, 'node_modules/typescript/bin/tsc');
  const options = [
    '--strict',
    '--module',
    'nodenext',
    '--target',
    'es2022',
    '--types',
    'node',
    '--outDir',
    'out',
  ];
  await execute(process.execPath, [tsc, ...options, 'shop.ts'], { cwd: project }).catch((error: unknown) => {
    throw new Error((error as { stdout: string }).stdout);
  });
  const run = `const it = await import('./out/shop.js'); console.log(typeof it.consume, it.consumer.constructor.name)`;
  const ran = await execute(process.execPath, ['--input-type=module', '-e', run], { cwd: project });
  expect(ran.stdout).toBe('function Consumer\n');
  const deep = execute(
    process.execPath,
    ['--input-type=module', '-e', `await import('londiste/dist/db/session.js')`],
    {
      cwd: project,
    },
  );
  await expect(deep).rejects.toThrow('ERR_PACKAGE_PATH_NOT_EXPORTED');
});
