import type { Session } from '../db/session.js';
import { inTransaction } from '../db/transaction.js';
import { installCompanions, type Companion } from '../install/companions.js';
import { describeInstallation, installSchema, requireSchema, type Installation } from '../install/install.js';
import { LondisteError } from '../kernel/errors.js';
import { suggest } from '../kernel/suggest.js';
import { registerConsumer, unregisterConsumer } from '../pgq/consumer.js';
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

export async function installQueues(session: Session): Promise<Installation> {
  await refuseRecovery(session);
  return await installSchema(session, 'pgq');
}

/** Installs schema pgq and the schemas beside it; returns what came of each. */
export async function installWithCompanions(
  session: Session,
): Promise<Record<'pgq' | Companion, Installation>> {
  const pgq = await installQueues(session);
  return { pgq, ...(await installCompanions(session)) };
}

/**
 * Brings schema pgq, and those beside it, to this version.
 *
 * @throws LondisteError `refused` when pgq is not there, `outdated` when it is newer than this program can work with.
 */
export async function upgradeQueues(session: Session): Promise<Record<'pgq' | Companion, Installation>> {
  await refuseRecovery(session);
  const { state } = await describeInstallation(session, 'pgq');
  if (state !== 'missing') return await installWithCompanions(session);
  throw new LondisteError('refused', `${session.where}: schema pgq is not installed`, {
    hint: 'run: pgqadm CONFIG install',
  });
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
      equals === -1 ? `not a setting: ${text}` : `unknown config var: ${name}`,
      {
        hint: `write NAME=VALUE, where NAME is one of ${queueParameters.join(', ')}${guess === undefined ? '' : `; did you mean ${guess}?`}`,
      },
    );
  }
  return { parameter, value: text.slice(equals + 1) };
}

export async function requirePgq(session: Session): Promise<void> {
  await requireSchema(session, 'pgq', 'pgqadm CONFIG install');
}

export async function requireQueue(session: Session, queue: string): Promise<QueueInfo> {
  await requirePgq(session);
  const info = await getQueueInfo(session, queue);
  if (info) return info;
  const names = (await listQueueInfo(session)).map((known) => known.queueName);
  throw new LondisteError('refused', `${session.where}: no such queue: ${queue}`, {
    hint: names.length === 0 ? 'create it: pgqadm CONFIG create QUEUE' : `the queues are ${names.join(', ')}`,
  });
}
