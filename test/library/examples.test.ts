/** The examples of docs/pgq.md, as they stand there: compiled, and run against a real queue. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import ts from 'typescript';
import { afterAll, expect, it } from 'vitest';
import type { ConnectSettings } from '../../src/db/session.js';
import { installSchema } from '../../src/install/install.js';
import { conninfo, createDatabase, open } from '../support/databases.js';
import { eventually } from '../support/eventually.js';
import { root } from '../support/programs.js';
import { createQueue } from './place.js';

const folder = mkdtempSync(join(tmpdir(), 'londiste-examples-'));
const running: ChildProcess[] = [];

afterAll(() => {
  for (const child of running) if (child.exitCode === null) child.kill('SIGKILL');
  rmSync(folder, { recursive: true, force: true });
});

/** The blocks of TypeScript in the section of the library, with nothing changed but where the database is. */
function examples(settings: ConnectSettings): string[] {
  const page = readFileSync(`${root}docs/pgq.md`, 'utf8');
  const section = page.slice(page.indexOf('## Library'));
  const { host, port, user, database } = settings;
  const places = [
    [`postgres://app@localhost/shop`, `postgres://${user}@${host}:${port}/${database}`],
    [`dbname=shop user=mailer`, conninfo(settings)],
    [
      `host: 'localhost', database: 'shop', user: 'stock'`,
      `host: '${host}', port: ${port}, database: '${database}', user: '${user}'`,
    ],
  ] as const;
  const blocks = [...section.matchAll(/^```ts\n(.*?)^```$/gms)].map(([, block]) => block ?? '');
  expect(blocks).toHaveLength(places.length);
  return blocks.map((block, n) => {
    const [written, ours] = places[n] ?? ['', ''];
    expect(block).toContain(written);
    return block.replace(written, ours);
  });
}

function start(name: string, program: string): { child: ChildProcess; output: () => string } {
  const options = { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2022 };
  writeFileSync(join(folder, name), ts.transpileModule(program, { compilerOptions: options }).outputText);
  const child = spawn(process.execPath, [join(folder, name)], { stdio: ['ignore', 'pipe', 'pipe'] });
  running.push(child);
  let text = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (piece: Buffer) => (text += piece.toString()));
  return { child, output: () => text };
}

it('work as they stand', async () => {
  const settings = await createDatabase('newest');
  await using session = await open(settings);
  await installSchema(session, 'pgq');
  await createQueue(session, 'orders');
  await session.execute(`create table purchase (article text);
    create table article (name text, stock integer); insert into article values ('{"article":"tea"}', 5);
    select pgq.register_consumer('orders', 'stock')`);
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
  const [produce = '', mail = '', stock = ''] = examples(settings).map((text) =>
    text.replace(`'londiste/pgq'`, `'${root}dist/library/index.js'`),
  );

  const mailer = start('mail.mjs', mail);
  const isRegistered = async (): Promise<unknown[]> =>
    session.query(`select from pgq.get_consumer_info('orders', 'mailer')`);
  await eventually(isRegistered, [{}]);
  const producer = start('produce.mjs', produce);
  const [code] = (await once(producer.child, 'exit')) as [number];
  expect(producer.output()).toBe('');
  expect(code).toBe(0);
  await session.query('select pgq.ticker()');

  await eventually(mailer.output, '1 placed {"article":"tea"}\n');
  const ended = once(mailer.child, 'exit');
  mailer.child.kill('SIGTERM');
  expect(await ended).toEqual([0, null]);

  const keeper = start('stock.mjs', stock);
  await eventually(async () => session.query('select stock from article'), [{ stock: 4 }]);
  expect(keeper.output()).toBe('');
  const gone = once(keeper.child, 'exit');
  keeper.child.kill('SIGKILL');
  await gone;
});
