import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'vitest';
import type { ConnectSettings } from '../../src/db/session.js';
import { addProviderSequences, addProviderTables, installProvider } from '../../src/setup/provider.js';
import { addSubscriberSequences } from '../../src/setup/subscriber-sequences.js';
import { addSubscriberTables, listTables } from '../../src/setup/subscriber-tables.js';
import { installSubscriber } from '../../src/setup/subscription.js';
import { atEndOfFile } from './at-end.js';
import { eventually } from './eventually.js';
import { conninfo, open } from './databases.js';
import { run, type Outcome } from './programs.js';

interface Replicated {
  readonly sequence?: string;
  /** What the environment of replay has. */
  readonly replay?: Record<string, string>;
}

/**
 * A user's folder with the seed's two INI files, in which nothing but host, port, user and database is ours, and the
 * commands that are typed there.
 */
export class Installation {
  /** What the two files say. */
  readonly name = { queue: 'londiste.write', consumer: 'lmaster_to_slave' } as const;
  readonly folder = mkdtempSync(join(tmpdir(), 'londiste-user-'));

  constructor(
    readonly provider: ConnectSettings,
    readonly subscriber: ConnectSettings,
  ) {
    writeFileSync(join(this.folder, 'ticker.ini'), this.tickerIni());
    writeFileSync(join(this.folder, 'replica.ini'), this.replicaIni());
    atEndOfFile(() => this.#remove());
  }

  /** Ends what still runs, and takes the folder away. */
  #remove(): void {
    this.stopDaemons();
    rmSync(this.folder, { recursive: true, force: true });
  }

  tickerIni(): string {
    return `[pgqadm]
job_name = ticker
db = ${conninfo(this.provider)}
# how often to run maintenance [minutes]
maint_delay_min = 1
# how often to check for activity [secs]
loop_delay = 0.1
logfile = %(job_name)s.log
pidfile = %(job_name)s.pid
use_skylog = 0
`;
  }

  replicaIni(): string {
    return `[londiste]
job_name = lmaster_to_slave
provider_db = ${conninfo(this.provider)}
subscriber_db = ${conninfo(this.subscriber)}
# it will be used as sql ident so no dots/spaces
pgq_queue_name = londiste.write
pidfile = %(job_name)s.pid
logfile = %(job_name)s.log
use_skylog = 0
`;
  }

  /** Types a command line as it stands, like `londiste replica.ini provider add entry`. */
  type(line: string, env: Record<string, string> = {}): Promise<Outcome> {
    const [program, ...args] = line.split(' ');
    if (program !== 'londiste' && program !== 'pgqadm') throw new Error(`not one of our programs: ${line}`);
    return run(program, args, { cwd: this.folder, env });
  }

  /** Types a command that must succeed; returns what it printed. */
  async must(line: string, env: Record<string, string> = {}): Promise<string> {
    const outcome = await this.type(line, env);
    expect(outcome, `${line}\n${this.log('ticker')}\n${this.log('lmaster_to_slave')}`).toMatchObject({
      code: 0,
    });
    return outcome.stdout;
  }

  /** Types a command that must be refused; returns what it said. */
  async refused(line: string, env: Record<string, string> = {}): Promise<string> {
    const outcome = await this.type(line, env);
    expect(outcome.code, `${line}: ${outcome.stdout}${outcome.stderr}`).toBeGreaterThan(0);
    expect(outcome.stderr, line).not.toMatch(/^\s+at /m);
    return outcome.stderr;
  }

  /** The seed's table, on both sides, empty. */
  async createEntry(): Promise<void> {
    for (const settings of [this.provider, this.subscriber]) {
      await using session = await open(settings);
      await session.execute('create table entry (id serial primary key, item text)');
    }
  }

  /** What the walkthrough of the README comes to: both daemons run, the table `entry` is `ok` and its sequence followed. */
  async replicateEntry(): Promise<void> {
    await this.replicate({ sequence: 'entry_id_seq' });
    await using subscriber = await open(this.subscriber);
    await eventually(async () => (await listTables(subscriber, this.name)).map(({ state }) => state), ['ok']);
  }

  /**
   * Starts both daemons and adds the table `entry`, without waiting for its copy. The commands for that are typed in the
   * walkthrough's own test; here they would take longer than what is to be shown.
   */
  async replicate({ sequence, replay = {} }: Replicated = {}): Promise<void> {
    await using provider = await open(this.provider);
    await using subscriber = await open(this.subscriber);
    const { name } = this;
    const ends = { name, provider, subscriber };
    await installProvider(provider, name.queue);
    await installSubscriber(ends);
    await Promise.all([
      this.must('pgqadm ticker.ini ticker -d'),
      this.must('londiste replica.ini replay -d', replay),
    ]);
    await addProviderTables(provider, name.queue, ['entry']);
    if (sequence !== undefined) await addProviderSequences(provider, name.queue, [sequence]);
    await addSubscriberTables(ends, ['entry']);
    if (sequence !== undefined) await addSubscriberSequences(ends, [sequence]);
  }

  /** Stops daemons as `-s` does, and waits until they are gone; both unless said otherwise. */
  async stop(...jobs: ('lmaster_to_slave' | 'ticker')[]): Promise<void> {
    for (const job of jobs.length > 0 ? jobs : (['lmaster_to_slave', 'ticker'] as const)) {
      const pid = this.pid(job);
      if (pid === undefined) throw new Error(`no pid file of ${job}`);
      process.kill(pid, 'SIGINT');
      await eventually(() => isAlive(pid), false, 30_000);
    }
  }

  log(job: string): string {
    try {
      return readFileSync(join(this.folder, `${job}.log`), 'utf8');
    } catch {
      return '';
    }
  }

  pid(job: string): number | undefined {
    try {
      return Number(readFileSync(join(this.folder, `${job}.pid`), 'utf8'));
    } catch {
      return undefined;
    }
  }

  /** Kills a daemon as no handler can notice. */
  kill(job: string): void {
    const pid = this.pid(job);
    if (pid === undefined) throw new Error(`no pid file of ${job}`);
    process.kill(pid, 'SIGKILL');
  }

  /** Waits until the process that a pid file names has ended. */
  async gone(job: string): Promise<void> {
    const pid = this.pid(job);
    await eventually(() => pid === undefined || !isAlive(pid), true, 30_000);
  }

  write(file: string, text: string, mode = 0o644): void {
    writeFileSync(join(this.folder, file), text, { mode });
  }

  /** Ends what a test left running, by the pid files of its own folder. */
  private stopDaemons(): void {
    for (const file of readdirSync(this.folder).filter((name) => name.endsWith('.pid'))) {
      const pid = this.pid(file.slice(0, -'.pid'.length));
      if (pid !== undefined && isAlive(pid)) process.kill(pid, 'SIGKILL');
    }
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
