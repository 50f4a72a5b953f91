import { EventEmitter } from 'node:events';
import pg from 'pg';
import { sleep } from '../kernel/clock.js';
import { LondisteError } from '../kernel/errors.js';
import { copyIn } from './copy-in.js';
import { CopyOut } from './copy-out.js';
import { PreparedNames } from './prepared-names.js';
import { asConnectError, asDatabaseError } from './sqlstate.js';

/** Where and as whom to connect: a connection string after parsing, with every default filled in. */
export interface ConnectSettings {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly database: string;
  readonly password?: string | (() => string | Promise<string>) | undefined;
  readonly ssl?: boolean | object | undefined;
  /** The startup packet's `options`, as in `-c geqo=off`. */
  readonly options?: string | undefined;
  readonly connectTimeoutMs?: number | undefined;
}

export interface SessionOptions {
  /** What this side is called in messages: `provider`, `subscriber`, `database`. */
  readonly side: string;
  /** Shown in pg_stat_activity. */
  readonly applicationName: string;
  readonly onNotice?: (message: string, severity: string) => void;
}

/** What a statement of a library user's own returned, as the driver says it. */
export interface PlainResult<R> {
  readonly rows: R[];
  readonly rowCount: number | null;
}

/** Values as the driver hands them to us: see `parserOf`. */
export type Row = Record<string, unknown>;

const oldestMajor = 14;

/** A statement that is prepared takes 10 to 100 kB of the server's memory. */
const mostPrepared = 300;

/** How long a server has to answer a good-bye, in milliseconds. */
const endPatienceMs = 2_000;

/** Type oids of pg_type that are turned into JavaScript values; all others stay the text that the server sent. */
const parsers = new Map<number, (text: string) => unknown>([
  [16, (text) => text === 't'],
  [20, toSafeInteger],
  [21, Number],
  [23, Number],
  [26, Number],
  [700, Number],
  [701, Number],
  [114, (text) => JSON.parse(text) as unknown],
  [3802, (text) => JSON.parse(text) as unknown],
  [1009, pg.types.getTypeParser(1009 as never)],
  [1005, pg.types.getTypeParser(1005 as never)],
  [1007, pg.types.getTypeParser(1007 as never)],
]);

function toSafeInteger(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value))
    throw new LondisteError('bug', `a number from the server is too large for us: ${text}`);
  return value;
}

/** The major version behind a `server_version_num`; throws `old-server` for one that lacks what we need. */
export function majorOf(versionNumber: string, where: string): number {
  const major = Math.floor(Number(versionNumber) / 10_000);
  if (major >= oldestMajor) return major;
  throw new LondisteError('old-server', `${where}: PostgreSQL ${major} is too old`);
}

/**
 * One connection to one server. Every failure comes out as a `LondisteError` whose message names the side. A session
 * whose connection is lost stays lost: `closed` is true, and whoever owns it opens a new one.
 */
export class Session implements AsyncDisposable {
  readonly side: string;
  readonly where: string;
  readonly #client: pg.Client;
  readonly #notifications = new EventEmitter();
  readonly #prepared = new PreparedNames(mostPrepared);
  #closed = false;
  #lost = false;
  #major = 0;

  private constructor(client: pg.Client, settings: ConnectSettings, { side, onNotice }: SessionOptions) {
    this.#client = client;
    this.side = side;
    this.where = `${side} ${settings.database} at ${settings.host}:${settings.port}`;
    // Without a listener a backend that goes away while we are idle would end the process.
    const lost = (): void => {
      this.#lost ||= !this.#closed;
      this.#markClosed();
    };
    client.on('error', lost);
    client.on('end', lost);
    client.on('notification', ({ channel, payload }) =>
      this.#notifications.emit('notify', channel, payload ?? ''),
    );
    client.on('notice', (notice) => onNotice?.(notice.message ?? '', notice.severity ?? 'NOTICE'));
  }

  static async open(settings: ConnectSettings, options: SessionOptions): Promise<Session> {
    const { connectTimeoutMs = 10_000, ...rest } = settings;
    const client = new pg.Client({
      ...rest,
      password: rest.password,
      ssl: rest.ssl as never,
      options: rest.options,
      application_name: options.applicationName,
      connectionTimeoutMillis: connectTimeoutMs,
      // A peer that vanished is noticed after ten seconds of silence and ten unanswered probes.
      keepAlive: true,
      keepAliveInitialDelayMillis: 10_000,
      types: { getTypeParser: ((oid: number) => parsers.get(oid) ?? ((text: string) => text)) as never },
    });
    const session = new Session(client, settings, options);
    try {
      await client.connect();
      await session.#checkVersion();
    } catch (error) {
      await client.end().catch(() => undefined);
      throw asConnectError(error, session.where);
    }
    return session;
  }

  async #checkVersion(): Promise<void> {
    const { version } = await this.one<{ version: string }>(
      `select current_setting('server_version_num') as version`,
    );
    this.#major = majorOf(version, this.where);
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** Whether the connection has ended by itself, not because we ended or dropped it. */
  get lost(): boolean {
    return this.#lost;
  }

  /** The server's major version. */
  get major(): number {
    return this.#major;
  }

  async query<T extends object = Row>(text: string, values: readonly unknown[] = []): Promise<T[]> {
    return (await this.#run<T>({ text, values })).rows;
  }

  /** The one row of a query that has exactly one. */
  async one<T extends object = Row>(text: string, values: readonly unknown[] = []): Promise<T> {
    const [row, ...more] = await this.query<T>(text, values);
    if (row === undefined || more.length > 0) {
      throw new LondisteError(
        'bug',
        `${this.where}: expected one row, got ${row === undefined ? 0 : more.length + 1}: ${text}`,
      );
    }
    return row;
  }

  /** Runs a statement and returns how many rows it touched. */
  async execute(text: string, values: readonly unknown[] = []): Promise<number> {
    return (await this.#run({ text, values })).rowCount ?? 0;
  }

  /**
   * As `execute`, for a statement that comes again and again: the server parses it once, and keeps the last few hundred.
   */
  async executePrepared(text: string, values: readonly unknown[]): Promise<number> {
    const { name, evicted } = this.#prepared.take(text);
    if (evicted !== undefined) await this.#forget(evicted);
    return (await this.#run({ name, text, values })).rowCount ?? 0;
  }

  /** Has every statement parsed anew at its next use. */
  async forgetPrepared(): Promise<void> {
    this.#prepared.clear();
    await this.execute('deallocate all');
    for (const name of Object.keys(this.#parsed)) Reflect.deleteProperty(this.#parsed, name);
  }

  async #forget(name: string): Promise<void> {
    // A statement whose first use failed was never prepared.
    if (!(name in this.#parsed)) return;
    await this.execute(`deallocate ${name}`);
    Reflect.deleteProperty(this.#parsed, name);
  }

  /** What the driver takes for prepared, by name. */
  get #parsed(): Record<string, string> {
    return (this.#client as unknown as { connection: { parsedStatements: Record<string, string> } })
      .connection.parsedStatements;
  }

  async #run<T extends object>(query: {
    name?: string;
    text: string;
    values: readonly unknown[];
  }): Promise<pg.QueryResult<T>> {
    try {
      // Without values the text goes as a simple query, which may hold several statements.
      return query.values.length > 0
        ? await this.#client.query<T>({ ...query, values: [...query.values] })
        : await this.#client.query<T>(query.text);
    } catch (error) {
      throw asDatabaseError(error, this.where);
    }
  }

  /**
   * `copy ... to stdout` as a stream of the server's chunks. A COPY that is left half-read cannot be cancelled in
   * place, so a reader that stops early, or fails, loses the session.
   */
  async *copyOut(statement: string): AsyncGenerator<Buffer, void, undefined> {
    const stream = this.#client.query(new CopyOut(statement));
    let ended = false;
    try {
      for await (const chunk of stream) yield chunk as Buffer;
      ended = true;
    } catch (error) {
      ended = true;
      this.destroy();
      throw asDatabaseError(error, this.where);
    } finally {
      if (!ended) this.destroy();
    }
  }

  /** Runs a statement of a library user's own as the driver itself does: with its types, and its errors as they are. */
  async plainQuery<R extends object>(text: string, values?: readonly unknown[]): Promise<PlainResult<R>> {
    const own = values === undefined ? {} : { values: [...values] };
    const { rows, rowCount } = await this.#client.query<R>({ text, ...own, types: pg.types });
    return { rows, rowCount };
  }

  /** `copy ... from stdin`, fed by `chunks` with backpressure; returns the rows that the server took. */
  async copyIn(statement: string, chunks: AsyncIterable<Buffer> | Iterable<Buffer>): Promise<number> {
    try {
      return await copyIn(this.#client, statement, chunks);
    } catch (error) {
      throw asDatabaseError(error, this.where);
    }
  }

  /** Calls `heard` with the payload of every notification on `channel` until the session ends. */
  async listen(channel: string, heard: (payload: string) => void): Promise<void> {
    this.#notifications.on('notify', (on: string, payload: string) => {
      if (on === channel) heard(payload);
    });
    await this.execute(`listen "${channel.replaceAll('"', '""')}"`);
  }

  /** Calls `lost` when the connection ends, for whatever reason. */
  onClosed(lost: () => void): void {
    this.#notifications.once('closed', lost);
  }

  /** Ends the connection in good order. */
  async end(): Promise<void> {
    if (this.#closed) return;
    this.#markClosed();
    // A server that is gone, or busy with a statement of ours, does not answer: then the connection is dropped.
    const patience = new AbortController();
    const ended = this.#client.end().catch(() => undefined);
    await Promise.race([ended, sleep(endPatienceMs, patience.signal)]);
    patience.abort();
    this.#dropConnection();
  }

  /** Drops the connection at once, whatever it is doing; the server rolls back. */
  destroy(): void {
    this.#markClosed();
    this.#dropConnection();
  }

  #dropConnection(): void {
    const { connection } = this.#client as unknown as { connection: { stream: { destroy(): void } } };
    connection.stream.destroy();
  }

  #markClosed(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#notifications.emit('closed');
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.end();
  }
}
