import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { Session, type ConnectSettings } from '../../src/db/session.js';
import type { Binaries } from '../../src/embedded/binaries.js';
import { freePort, Server, superuser } from '../../src/embedded/server.js';
import { onExit, unlessEnding } from './cleanup.js';

/** The database that is replicated. */
export const database = 'bench';

/** What all servers of a run have in common, whoever the peer is. The rest is PostgreSQL's default. */
export function commonSettings(fsync: 'on' | 'off'): Record<string, string> {
  return {
    fsync,
    shared_buffers: '512MB',
    max_wal_size: '8GB',
    checkpoint_timeout: '15min',
    log_min_messages: 'warning',
  };
}

/** A server with one database in it, and what the scenarios ask of it. */
export class Cluster {
  readonly side: 'provider' | 'subscriber';
  readonly #server: Server;
  readonly #release: () => Promise<void>;

  private constructor(side: 'provider' | 'subscriber', server: Server) {
    this.side = side;
    this.#server = server;
    this.#release = onExit(() => server.stop('immediate'));
  }

  /**
   * Starts a server that nobody has used, in `folder`/`side`, and makes an empty database in it. It is a copy of one that
   * is made in `templates` the first time: initdb takes seconds.
   */
  static async start({
    side,
    folder,
    templates,
    binaries,
    settings,
  }: {
    side: 'provider' | 'subscriber';
    folder: string;
    templates: string;
    binaries: Binaries;
    settings: Record<string, string>;
  }): Promise<Cluster> {
    // One for each side: a copy has the identity of its template, and two servers must not have the same one.
    const template = new Server({ binaries, folder: join(templates, side), port: 0 });
    await template.initialise();
    const own = join(folder, side);
    cpSync(join(templates, side), own, { recursive: true });
    const server = new Server({ binaries, folder: own, port: await freePort(), settings });
    const cluster = new Cluster(side, server);
    await unlessEnding();
    await server.start();
    await using admin = await cluster.open('bench', 'postgres');
    await admin.execute(`create database ${database}`);
    return cluster;
  }

  get settings(): ConnectSettings {
    return { host: '127.0.0.1', port: this.#server.port, user: superuser, database };
  }

  /** As libpq has it. */
  get conninfo(): string {
    const { host, port, user } = this.settings;
    return `dbname=${database} host=${host} port=${port} user=${user}`;
  }

  get pid(): number {
    return this.#server.pid ?? 0;
  }

  open(applicationName = 'bench', inDatabase = database): Promise<Session> {
    return Session.open({ ...this.settings, database: inDatabase }, { side: this.side, applicationName });
  }

  /** One query over a connection of its own. */
  async query<T extends object>(text: string, values: readonly unknown[] = []): Promise<T[]> {
    await using session = await this.open();
    return await session.query<T>(text, values);
  }

  async execute(text: string): Promise<void> {
    await using session = await this.open();
    await session.execute(text);
  }

  async stop(): Promise<void> {
    await this.#server.stop('fast');
    await this.#release();
  }
}

/** The two servers between which a peer replicates. */
export interface Pair {
  readonly provider: Cluster;
  readonly subscriber: Cluster;
  /** For the peer's files and logs. */
  readonly folder: string;
}
