import type { Session } from '../db/session.js';
import { installSchema, requireSchema } from '../install/install.js';
import { LondisteError } from '../kernel/errors.js';
import { meantNames, registeredNames } from '../londiste/name.js';
import {
  providerAddSeq,
  providerAddTable,
  providerCheck,
  providerGetSeqList,
  providerGetTableList,
  providerRemoveSeq,
  providerRemoveTable,
  type CaptureOptions,
  type ProviderFault,
} from '../londiste/provider.js';
import { identify } from '../londiste/server-identity.js';
import { createQueue, getQueueInfo, ownSettings, setQueueConfig } from '../pgq/queue.js';
import { allOrNone } from './all-or-none.js';
import { tablesToAdd } from './tables-to-add.js';

/**
 * A tick at every look that finds events: the ticker chooses when to look. PgQ's own default of 3 seconds suits
 * consumers that want few batches; whoever reads a replica pays for every millisecond, and a tick costs one row.
 */
const tickerMaxLag = '0';

/** In effect all until rotation: a subscriber that is restored from a backup stands at any of them. */
const ticksKept = '1000000';

/** Installs both schemas and makes the queue. What is there already stays as it is. Returns what was done. */
export async function installProvider(session: Session, queue: string): Promise<string[]> {
  await refuseRecovery(session);
  const pgq = await installSchema(session, 'pgq');
  const londiste = await installSchema(session, 'londiste');
  const created = await createQueue(session, queue);
  if (created) await setQueueConfig(session, queue, 'ticker_max_lag', tickerMaxLag);
  // Also to a queue of 0.1.0, which has no settings of this kind.
  const isDefault = (await ownSettings(session)).get(queue)?.isDefault;
  if (isDefault === true) await setQueueConfig(session, queue, 'ticks_kept', ticksKept);
  return [
    `schema pgq: ${pgq}`,
    `schema londiste: ${londiste}`,
    `queue ${queue}: ${created ? 'created' : 'present'}`,
  ];
}

/** Fails with what to type when the provider is not ready for commands. */
export async function requireProvider(session: Session, queue: string): Promise<void> {
  const { hasPgq, hasLondiste } = await identify(session);
  if (!hasPgq || !hasLondiste) {
    throw new LondisteError('refused', `${session.where}: londiste is not installed there`, {
      hint: 'run: londiste CONFIG provider install',
    });
  }
  for (const schema of ['pgq', 'londiste'] as const)
    await requireSchema(session, schema, 'londiste CONFIG provider install');
  if ((await getQueueInfo(session, queue)) === undefined) {
    throw new LondisteError('refused', `${session.where}: there is no queue ${queue}`, {
      hint: 'run: londiste CONFIG provider install, or correct pgq_queue_name',
    });
  }
}

export async function refuseRecovery(session: Session): Promise<void> {
  const { inRecovery } = await identify(session);
  if (!inRecovery) return;
  throw new LondisteError('refused', `${session.where}: the server is in recovery and cannot be written to`, {
    hint: 'connect to its primary',
  });
}

/**
 * Adds all of the tables or, when one of them cannot be added, none. Names may be patterns, which mean tables that are not
 * in the set yet; none at all mean all of these. `except`, names or patterns too, leaves some of them out. All are captured
 * alike. Returns the registered names.
 */
export async function addProviderTables(
  session: Session,
  queue: string,
  typed: readonly string[],
  { except = [], ...options }: CaptureOptions & { readonly except?: readonly string[] } = {},
): Promise<string[]> {
  await requireProvider(session, queue);
  const names = await tablesToAdd(session, queue, typed, except);
  return allOrNone(session, 'table', names, async (name) => {
    if (await providerAddTable(session, queue, name, options)) return;
    throw new LondisteError('refused', `table ${name} is already in the set of queue ${queue}`, {
      hint: 'nothing to do',
    });
  });
}

export async function removeProviderTables(
  session: Session,
  queue: string,
  typed: readonly string[],
): Promise<string[]> {
  await requireProvider(session, queue);
  const inSet = async (): Promise<string[]> =>
    (await providerGetTableList(session, queue)).map((table) => table.name);
  return allOrNone(session, 'table', await meantNames(session, typed, inSet), async (name) => {
    if (await providerRemoveTable(session, queue, name)) return;
    throw notInSet('table', name, queue, await inSet());
  });
}

export async function addProviderSequences(
  session: Session,
  queue: string,
  typed: readonly string[],
): Promise<string[]> {
  await requireProvider(session, queue);
  return allOrNone(session, 'sequence', await registeredNames(session, typed), async (name) => {
    if (await providerAddSeq(session, queue, name)) return;
    throw new LondisteError('refused', `sequence ${name} is already in the set of queue ${queue}`, {
      hint: 'nothing to do',
    });
  });
}

export async function removeProviderSequences(
  session: Session,
  queue: string,
  typed: readonly string[],
): Promise<string[]> {
  await requireProvider(session, queue);
  const inSet = (): Promise<string[]> => providerGetSeqList(session, queue);
  return allOrNone(session, 'sequence', await meantNames(session, typed, inSet), async (name) => {
    if (await providerRemoveSeq(session, queue, name)) return;
    throw notInSet('sequence', name, queue, await inSet());
  });
}

/** What is wrong with the set here: capture, settings, what the tables need beside themselves. */
export async function checkProvider(
  session: Session,
  queue: string,
): Promise<{ tables: number; sequences: number; faults: ProviderFault[] }> {
  await requireProvider(session, queue);
  const tables = await providerGetTableList(session, queue);
  const sequences = await providerGetSeqList(session, queue);
  return {
    tables: tables.length,
    sequences: sequences.length,
    faults: await providerCheck(session, queue),
  };
}

export async function listProviderTables(session: Session, queue: string): Promise<string[]> {
  await requireProvider(session, queue);
  return (await providerGetTableList(session, queue)).map((table) => table.name);
}

export async function listProviderSequences(session: Session, queue: string): Promise<string[]> {
  await requireProvider(session, queue);
  return await providerGetSeqList(session, queue);
}

export function notInSet(
  kind: 'table' | 'sequence',
  name: string,
  queue: string,
  set: readonly string[],
): LondisteError {
  const known = set.length === 0 ? 'the set is empty' : `the set has ${set.join(', ')}`;
  return new LondisteError('refused', `${kind} ${name} is not in the set of queue ${queue}`, {
    hint: `${known}; on the provider: londiste CONFIG provider ${kind === 'table' ? 'add' : 'add-seq'} ${name}`,
  });
}
