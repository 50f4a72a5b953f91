import type { Session } from '../db/session.js';
import { inTransaction } from '../db/transaction.js';
import { installSchema } from '../install/install.js';
import { sleep } from '../kernel/clock.js';
import { LondisteError } from '../kernel/errors.js';
import { registeredNames } from '../londiste/name.js';
import { openPosition, readPosition, resetPosition, setPosition } from '../londiste/position.js';
import {
  getNode,
  providerGetSeqList,
  providerGetTableList,
  subscribe,
  unsubscribe,
} from '../londiste/provider.js';
import {
  subscriberAddSeq,
  subscriberGetSeqList,
  subscriberRemoveSeq,
  type SubscribedSequence,
} from '../londiste/sequence.js';
import { identify } from '../londiste/server-identity.js';
import type { SubscriptionName } from '../londiste/subscription-name.js';
import {
  subscriberAddTable,
  subscriberGetTableList,
  subscriberRemoveTable,
  subscriberResyncTable,
  type SubscribedTable,
} from '../londiste/table-state.js';
import { getConsumerInfo } from '../pgq/consumer.js';
import { getTick, lastTick } from '../pgq/tick.js';
import { forceTick, tickerAlive } from '../pgq/ticker.js';
import { checkSequence, checkTable, type Fault } from './check.js';
import { notInSet, refuseRecovery, requireProvider } from './provider.js';

/** Both ends of a subscription, as the commands need them. */
export interface Ends {
  readonly name: SubscriptionName;
  readonly provider: Session;
  readonly subscriber: Session;
}

export async function installSubscriber({ name, provider, subscriber }: Ends): Promise<string[]> {
  await refuseRecovery(subscriber);
  await refuseSameDatabase(provider, subscriber);
  await requireProvider(provider, name.queue);
  const londiste = await installSchema(subscriber, 'londiste');
  await openPosition(subscriber, name, (await getNode(provider)).id);
  return [`schema londiste: ${londiste}`];
}

async function refuseSameDatabase(provider: Session, subscriber: Session): Promise<void> {
  const [there, here] = [await identify(provider), await identify(subscriber)];
  if (there.database !== here.database) return;
  throw new LondisteError(
    'refused',
    `provider_db and subscriber_db are the same database (${subscriber.where})`,
    {
      hint: 'correct one of them in the configuration file',
    },
  );
}

/** Fails with what to type when either side is not ready for commands. */
export async function requireBoth({ name, provider, subscriber }: Ends): Promise<void> {
  await refuseRecovery(subscriber);
  await refuseSameDatabase(provider, subscriber);
  await requireProvider(provider, name.queue);
  await requireSubscriber(subscriber);
}

async function requireSubscriber(subscriber: Session): Promise<void> {
  const { hasLondiste } = await identify(subscriber);
  if (hasLondiste) return;
  throw new LondisteError('refused', `${subscriber.where}: londiste is not installed there`, {
    hint: 'run: londiste CONFIG subscriber install',
  });
}

/**
 * Registers the consumer on the provider and starts the subscription's position at the tick where it stands. Replay
 * does the same when it starts, so that the command is needed only to keep events from an earlier moment on.
 */
export async function registerSubscriber(ends: Ends): Promise<'registered' | 'present'> {
  const { name, provider, subscriber } = ends;
  await requireBoth(ends);
  const before = await getConsumerInfo(provider, name.queue, name.consumer);
  await subscribe(provider, name, await getNode(subscriber));
  await openPosition(subscriber, name, (await getNode(provider)).id);
  const position = await readPosition(subscriber, name);
  if (position?.tick === undefined) {
    const consumer = await getConsumerInfo(provider, name.queue, name.consumer);
    const tick = consumer && (await getTick(provider, name.queue, consumer.lastTick));
    if (tick) await setPosition(subscriber, name, tick);
  }
  return before === undefined ? 'registered' : 'present';
}

/** Unregisters the consumer; all tables will be copied anew if it is ever registered again. */
export async function unregisterSubscriber(ends: Ends): Promise<number> {
  const { name, provider, subscriber } = ends;
  await requireBoth(ends);
  const isRegistered = await unsubscribe(provider, name, await getNode(subscriber));
  // A consumer that somebody took off the provider by other means leaves a position here, which must go all the same.
  const stands = (await readPosition(subscriber, name))?.tick !== undefined;
  if (!isRegistered && !stands) {
    throw new LondisteError('refused', `consumer ${name.consumer} is not registered on queue ${name.queue}`, {
      hint: 'nothing to do',
    });
  }
  return (await resetPosition(subscriber, name)) ?? 0;
}

/** Puts tables on the list, all or none, after checking everything that would stop their copy. */
export async function addSubscriberTables(ends: Ends, typed: readonly string[]): Promise<string[]> {
  const { name, provider, subscriber } = ends;
  await requireBoth(ends);
  const set = await providerGetTableList(provider, name.queue);
  const names = typed.length > 0 ? await registeredNames(provider, typed) : await missingTables(ends);
  const known = new Set((await subscriberGetTableList(subscriber, name)).map((table) => table.name));
  const faults: Fault[] = [];
  for (const table of names) {
    const registered = set.find((candidate) => candidate.name === table);
    if (!registered)
      throw notInSet(
        'table',
        table,
        name.queue,
        set.map((one) => one.name),
      );
    if (known.has(table)) throw alreadyAdded('table', table);
    faults.push(...(await checkTable(ends, registered)));
  }
  refuseFaults(faults);
  await requireTicker(provider, name.queue);
  const providerNode = (await getNode(provider)).id;
  await inTransaction(subscriber, async () => {
    // The job may have another name than the one that was installed for.
    await openPosition(subscriber, name, providerNode);
    for (const table of names) await subscriberAddTable(subscriber, name, table);
  });
  return names;
}

export async function removeSubscriberTables(ends: Ends, typed: readonly string[]): Promise<string[]> {
  const { name, subscriber } = ends;
  await requireBoth(ends);
  const names = typed.length > 0 ? await registeredNames(subscriber, typed) : await listedTables(ends);
  await inTransaction(subscriber, async () => {
    for (const table of names) {
      if (!(await subscriberRemoveTable(subscriber, name, table))) throw notAdded('table', table);
    }
  });
  return names;
}

export async function resyncTables(ends: Ends, typed: readonly string[]): Promise<string[]> {
  const { name, provider, subscriber } = ends;
  await requireBoth(ends);
  const names = typed.length > 0 ? await registeredNames(subscriber, typed) : await listedTables(ends);
  await requireTicker(provider, name.queue);
  await inTransaction(subscriber, async () => {
    for (const table of names) {
      if (!(await subscriberResyncTable(subscriber, name, table))) throw notAdded('table', table);
    }
  });
  return names;
}

export async function addSubscriberSequences(ends: Ends, typed: readonly string[]): Promise<string[]> {
  const { name, provider, subscriber } = ends;
  await requireBoth(ends);
  const set = await providerGetSeqList(provider, name.queue);
  const known = new Set((await subscriberGetSeqList(subscriber, name)).map((sequence) => sequence.name));
  const names =
    typed.length > 0
      ? await registeredNames(provider, typed)
      : set.filter((sequence) => !known.has(sequence));
  const faults: Fault[] = [];
  for (const sequence of names) {
    if (!set.includes(sequence)) throw notInSet('sequence', sequence, name.queue, set);
    if (known.has(sequence)) throw alreadyAdded('sequence', sequence);
    faults.push(...(await checkSequence(ends, sequence)));
  }
  refuseFaults(faults);
  const providerNode = (await getNode(provider)).id;
  await inTransaction(subscriber, async () => {
    await openPosition(subscriber, name, providerNode);
    for (const sequence of names) await subscriberAddSeq(subscriber, name, sequence);
  });
  return names;
}

export async function removeSubscriberSequences(ends: Ends, typed: readonly string[]): Promise<string[]> {
  const { name, subscriber } = ends;
  await requireBoth(ends);
  const names =
    typed.length > 0
      ? await registeredNames(subscriber, typed)
      : (await subscriberGetSeqList(subscriber, name)).map((sequence) => sequence.name);
  await inTransaction(subscriber, async () => {
    for (const sequence of names) {
      if (!(await subscriberRemoveSeq(subscriber, name, sequence))) throw notAdded('sequence', sequence);
    }
  });
  return names;
}

export async function listTables(subscriber: Session, name: SubscriptionName): Promise<SubscribedTable[]> {
  await requireSubscriber(subscriber);
  return await subscriberGetTableList(subscriber, name);
}

export async function listSequences(
  subscriber: Session,
  name: SubscriptionName,
): Promise<SubscribedSequence[]> {
  await requireSubscriber(subscriber);
  return await subscriberGetSeqList(subscriber, name);
}

/** What is in the set and not in this subscription. */
export async function listMissing(ends: Ends): Promise<{ tables: string[]; sequences: string[] }> {
  await requireBoth(ends);
  return { tables: await missingTables(ends), sequences: await missingSequences(ends) };
}

/** Compares every table and sequence of the set on both sides. */
export async function checkSubscription(
  ends: Ends,
): Promise<{ tables: number; sequences: number; faults: Fault[] }> {
  const { name, provider } = ends;
  await requireBoth(ends);
  const tables = await providerGetTableList(provider, name.queue);
  const sequences = await providerGetSeqList(provider, name.queue);
  const faults: Fault[] = [];
  for (const table of tables) faults.push(...(await checkTable(ends, table)));
  for (const sequence of sequences) faults.push(...(await checkSequence(ends, sequence)));
  return { tables: tables.length, sequences: sequences.length, faults };
}

async function missingTables({ name, provider, subscriber }: Ends): Promise<string[]> {
  const here = new Set((await subscriberGetTableList(subscriber, name)).map((table) => table.name));
  return (await providerGetTableList(provider, name.queue))
    .map((table) => table.name)
    .filter((table) => !here.has(table));
}

async function missingSequences({ name, provider, subscriber }: Ends): Promise<string[]> {
  const here = new Set((await subscriberGetSeqList(subscriber, name)).map((sequence) => sequence.name));
  return (await providerGetSeqList(provider, name.queue)).filter((sequence) => !here.has(sequence));
}

async function listedTables({ name, subscriber }: Ends): Promise<string[]> {
  return (await subscriberGetTableList(subscriber, name)).map((table) => table.name);
}

/** How long a ticker that does not announce itself (another program's) has to answer to a tick that we ask for. */
const foreignTickerMs = 3_000;

/** A copy ends with a tick, so without a ticker it would never end: better said now than waited for. */
async function requireTicker(provider: Session, queue: string): Promise<void> {
  if (await tickerAlive(provider)) return;
  const before = await lastTick(provider, queue);
  await forceTick(provider, queue);
  for (let waited = 0; waited < foreignTickerMs; waited += 100) {
    await sleep(100);
    if ((await lastTick(provider, queue))?.tickId !== before?.tickId) return;
  }
  throw new LondisteError('refused', `no ticker runs for the ${provider.where}`, {
    hint: 'start it: pgqadm TICKER_CONFIG ticker -d',
  });
}

function refuseFaults(faults: readonly Fault[]): void {
  if (faults.length === 0) return;
  throw new LondisteError('refused', faults.map((fault) => fault.what).join('\n'), {
    hint: faults.map((fault) => fault.fix).join('\n'),
  });
}

function alreadyAdded(kind: 'table' | 'sequence', name: string): LondisteError {
  return new LondisteError('refused', `${kind} ${name} is already added to this subscription`, {
    hint: kind === 'table' ? `to copy it anew: londiste CONFIG subscriber resync ${name}` : 'nothing to do',
  });
}

function notAdded(kind: 'table' | 'sequence', name: string): LondisteError {
  return new LondisteError('refused', `${kind} ${name} is not in this subscription`, {
    hint: `to add it: londiste CONFIG subscriber ${kind === 'table' ? 'add' : 'add-seq'} ${name}`,
  });
}
