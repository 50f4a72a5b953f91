import type { Session } from '../db/session.js';
import { inTransaction } from '../db/transaction.js';
import { installCompanions } from '../install/companions.js';
import { installSchema, requireSchema } from '../install/install.js';
import { LondisteError } from '../kernel/errors.js';
import { suggest } from '../kernel/suggest.js';
import { listConsumerInfo, registerConsumer, unregisterConsumer } from '../pgq/consumer.js';
import {
  createQueue,
  dropQueue,
  getQueueInfo,
  listQueueInfo,
  queueParameters,
  setQueueConfig,
  type QueueInfo,
  type QueueParameter,
} from '../pgq/queue.js';
import { refuseRecovery } from './provider.js';

export async function installQueues(session: Session): Promise<string> {
  await refuseRecovery(session);
  return await installSchema(session, 'pgq');
}

/** Installs schema pgq and the schemas beside it; returns a line about each. */
export async function installWithCompanions(session: Session): Promise<string[]> {
  const pgq = await installQueues(session);
  const companions = await installCompanions(session);
  return Object.entries({ pgq, ...companions }).map(([schema, done]) => `schema ${schema}: ${done}`);
}

export async function makeQueue(session: Session, queue: string): Promise<void> {
  await requirePgq(session);
  if (await createQueue(session, queue)) return;
  throw new LondisteError('refused', `queue ${queue} exists already`, { hint: 'nothing to do' });
}

export async function removeQueue(session: Session, queue: string): Promise<void> {
  await requireQueue(session, queue);
  await dropQueue(session, queue);
}

export async function addConsumer(session: Session, queue: string, consumer: string): Promise<void> {
  await requireQueue(session, queue);
  if (await registerConsumer(session, queue, consumer)) return;
  throw new LondisteError('refused', `consumer ${consumer} is registered on queue ${queue} already`, {
    hint: 'nothing to do',
  });
}

export async function removeConsumer(session: Session, queue: string, consumer: string): Promise<void> {
  await requireQueue(session, queue);
  if ((await unregisterConsumer(session, queue, consumer)) > 0) return;
  throw new LondisteError('refused', `consumer ${consumer} is not registered on queue ${queue}`, {
    hint: 'nothing to do',
  });
}

/** Sets all of the settings, written `name=value`, or none. The prefix `queue_` may stand before a name. */
export async function configureQueue(
  session: Session,
  queue: string,
  settings: readonly string[],
): Promise<void> {
  await requireQueue(session, queue);
  const parsed = settings.map(parseSetting);
  await inTransaction(session, async () => {
    for (const { parameter, value } of parsed) await setQueueConfig(session, queue, parameter, value);
  });
}

function parseSetting(text: string): { parameter: QueueParameter; value: string } {
  const equals = text.indexOf('=');
  const name = (equals === -1 ? text : text.slice(0, equals)).replace(/^queue_/, '');
  const parameter = queueParameters.find((known) => known === name);
  if (parameter === undefined || equals === -1) {
    const guess = suggest(name, queueParameters);
    throw new LondisteError(
      'usage',
      equals === -1 ? `not a setting: ${text}` : `unknown queue setting: ${name}`,
      {
        hint: `write NAME=VALUE, where NAME is one of ${queueParameters.join(', ')}${guess === undefined ? '' : `; did you mean ${guess}?`}`,
      },
    );
  }
  return { parameter, value: text.slice(equals + 1) };
}

/** The settings of one queue, or of all. */
export async function describeQueues(session: Session, queue: string | undefined): Promise<string[]> {
  await requirePgq(session);
  const queues = queue === undefined ? await listQueueInfo(session) : [await requireQueue(session, queue)];
  return queues.flatMap((info) => [
    info.queueName,
    `    ticker_max_count   = ${info.tickerMaxCount}`,
    `    ticker_max_lag     = ${info.tickerMaxLag}`,
    `    ticker_idle_period = ${info.tickerIdlePeriod}`,
    `    ticker_paused      = ${info.tickerPaused}`,
    `    rotation_period    = ${info.rotationPeriod}`,
    `    external_ticker    = ${info.externalTicker}`,
  ]);
}

/** Two tables for people: queues with their tick lag, consumers with their lag. */
export async function queueStatus(session: Session): Promise<string[]> {
  await requirePgq(session);
  const queues = await listQueueInfo(session);
  const consumers = await listConsumerInfo(session);
  const { pgq } = await session.one<{ pgq: string }>('select pgq.version() as pgq');
  const queueRows = queues.map((info) => [
    info.queueName,
    `${info.tables}/${info.rotationPeriod}`,
    `${info.tickerMaxCount}/${info.tickerMaxLag}/${info.tickerIdlePeriod}`,
    seconds(info.tickerLag),
    `${info.newEvents ?? 0}`,
  ]);
  const consumerRows = consumers.map((info) => [
    `${info.queueName}: ${info.consumerName}`,
    seconds(info.lag),
    seconds(info.lastSeen),
    `${info.pendingEvents ?? 0}`,
  ]);
  return [
    `Postgres version: ${session.major}   PgQ version: ${pgq}`,
    '',
    ...columns([['Event queue', 'Rotation', 'Ticker', 'TLag', 'New'], ...queueRows]),
    '',
    ...columns([['Consumer', 'Lag', 'LastSeen', 'Pending'], ...consumerRows]),
  ];
}

function columns(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] ?? []).map((_, n) => Math.max(...rows.map((row) => row[n]?.length ?? 0)));
  return rows.map((row) =>
    row
      .map((cell, n) => cell.padEnd(widths[n] ?? 0))
      .join('  ')
      .trimEnd(),
  );
}

function seconds(value: number | null): string {
  return value === null ? '-' : `${value.toFixed(1)}s`;
}

async function requirePgq(session: Session): Promise<void> {
  await requireSchema(session, 'pgq', 'pgqadm CONFIG install');
}

async function requireQueue(session: Session, queue: string): Promise<QueueInfo> {
  await requirePgq(session);
  const info = await getQueueInfo(session, queue);
  if (info) return info;
  const names = (await listQueueInfo(session)).map((known) => known.queueName);
  throw new LondisteError('refused', `${session.where}: there is no queue ${queue}`, {
    hint: names.length === 0 ? 'create it: pgqadm CONFIG create QUEUE' : `the queues are ${names.join(', ')}`,
  });
}
