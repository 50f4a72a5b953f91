import { parseConninfo } from '../config/conninfo.js';
import type { ServerSettings } from '../config/load.js';
import type { ConnectSettings, Session } from '../db/session.js';
import { asLondisteError, LondisteError } from '../kernel/errors.js';
import { findDatabases, lookAt } from '../ticker/databases.js';
import { connect, type PgqadmContext } from './context.js';
import { tell } from './tables.js';

/** What a command is about, where the configuration means several databases. */
interface About {
  /** The queue that it names: then it is about the database that has it. */
  readonly queue?: string | undefined;
  /** Whether a database without queues will do. */
  readonly mayBeBare?: boolean;
}

type Work<T> = (database: Session) => Promise<T>;

/**
 * Does `work` in the one database that a command is about: that of a section [pgqadm]; of those that a section [pgqd]
 * means the only one that has queues, or the queue of that name.
 *
 * @throws LondisteError `usage` when that is none of them or several, with what to type for each.
 */
export async function withDatabase<T>(context: PgqadmContext, work: Work<T>, about: About = {}): Promise<T> {
  const { settings } = context;
  if (settings.database) return inDatabase(context, settings.database, work);
  const { server } = settings;
  const names = await namesOf(context, server);
  const isOne = server.databases.length === 1;
  const fitting = isOne || about.mayBeBare === true ? names : await withQueues(context, names, about);
  const [name, ...more] = fitting;
  if (name !== undefined && more.length === 0) return inDatabase(context, at(server, name), work);
  throw new LondisteError('usage', whyNotOne(about, names, fitting), {
    hint: (fitting.length === 0 ? names : fitting)
      .map((one) =>
        fitting.length === 0 && about.queue === undefined
          ? context.retype(`database_list=${one}`, 'install')
          : context.retype(`database_list=${one}`),
      )
      .join('\n'),
  });
}

interface Report<T> extends Pick<About, 'queue'> {
  readonly work: Work<T>;
  readonly linesOf: (found: T) => readonly string[];
}

/**
 * Does `work` in the one database that it is about and tells what it found: `--json` as one value. Where it is about no
 * queue in particular, and the configuration about several databases, it tells one after the other, `--json` as an object by their names; what fails in one holds up no other and makes the
 * exit code 1. Returns what was found.
 */
export async function tellOfDatabases<T>(
  context: PgqadmContext,
  options: Readonly<Record<string, unknown>>,
  { work, linesOf, queue }: Report<T>,
): Promise<readonly T[]> {
  const { server } = context.settings;
  if (server === undefined || server.databases.length === 1 || queue !== undefined) {
    const found = await withDatabase(context, work, { queue });
    tell(context, options, found, linesOf(found));
    return [found];
  }
  const isListed = server.databases.length > 0;
  const all: Record<string, T> = {};
  for (const name of await namesOf(context, server)) {
    try {
      await inDatabase(context, at(server, name), async (database) => {
        if (isListed || (await hasQueues(database))) all[name] = await work(database);
      });
    } catch (thrown) {
      const { message, hint } = asLondisteError(thrown);
      process.stderr.write(`${name}: ${message}\n${hint.replaceAll(/^(?=.)/gm, '  → ')}\n`);
      context.exitWith(1);
    }
  }
  const lines = Object.entries(all).flatMap(([name, found], n) => [
    ...(n === 0 ? [] : ['']),
    `Database ${name}`,
    ...linesOf(found).filter((line) => line !== `Database ${name}`),
  ]);
  tell(context, options, all, lines);
  return Object.values(all);
}

async function inDatabase<T>(
  { settings, switches }: PgqadmContext,
  database: ConnectSettings,
  work: Work<T>,
): Promise<T> {
  await using session = await connect(database, 'database', settings.jobName, switches);
  return await work(session);
}

/** The databases of the list, or those of the server that we may connect to. */
async function namesOf(context: PgqadmContext, server: ServerSettings): Promise<readonly string[]> {
  if (server.databases.length > 0) return server.databases;
  const found = await inDatabase(context, at(server, server.initialDatabase), findDatabases);
  return found.filter(({ mayConnect }) => mayConnect).map(({ name }) => name);
}

async function withQueues(
  context: PgqadmContext,
  names: readonly string[],
  { queue }: About,
): Promise<string[]> {
  const { server } = context.settings;
  const fitting: string[] = [];
  if (server === undefined) return fitting;
  for (const name of names) {
    const fits = await inDatabase(context, at(server, name), async (database) => {
      if (!(await hasQueues(database))) return false;
      if (queue === undefined) return true;
      const found = await database.query('select from pgq.queue where queue_name = $1', [queue]);
      return found.length > 0;
    });
    if (fits) fitting.push(name);
  }
  return fitting;
}

async function hasQueues(database: Session): Promise<boolean> {
  const { state } = await lookAt(database);
  return state === 'ready' || state === 'unusable';
}

function whyNotOne({ queue }: About, names: readonly string[], fitting: readonly string[]): string {
  const what = queue === undefined ? 'schema pgq' : `a queue ${queue}`;
  if (fitting.length === 0) return `none of the databases ${names.join(', ')} has ${what}`;
  if (fitting.length === names.length && queue === undefined)
    return `this command is about one database, the configuration about several: ${names.join(', ')}`;
  return `this command is about one database, and several have ${what}: ${fitting.join(', ')}`;
}

function at({ connstr }: ServerSettings, database: string): ConnectSettings {
  return parseConninfo(connstr, process.env, database);
}
