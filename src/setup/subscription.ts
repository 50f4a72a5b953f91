import { installSchema } from '../install/install.js';
import { LondisteError } from '../kernel/errors.js';
import { openPosition, readPosition, resetPosition, setPosition } from '../londiste/position.js';
import { sameName, type Destination } from '../londiste/destination.js';
import type { Fault } from '../londiste/table-fault.js';
import {
  getNode,
  providerGetSeqList,
  providerGetTableList,
  subscribe,
  unsubscribe,
} from '../londiste/provider.js';
import { subscriberGetTableList } from '../londiste/table-state.js';
import { getConsumerInfo } from '../pgq/consumer.js';
import { getTick } from '../pgq/tick.js';
import { checkSequence, checkTable } from './check.js';
import { definitionFaults } from './dropped-definitions.js';
import { refuseSameDatabase, requireBoth, type Ends } from './ends.js';
import { refuseRecovery, requireProvider } from './provider.js';
import { missingSequences } from './subscriber-sequences.js';
import { missingTables } from './subscriber-tables.js';

export async function installSubscriber({ name, provider, subscriber }: Ends): Promise<string[]> {
  await refuseRecovery(subscriber);
  await refuseSameDatabase(provider, subscriber);
  await requireProvider(provider, name.queue);
  const londiste = await installSchema(subscriber, 'londiste');
  await openPosition(subscriber, name, (await getNode(provider)).id);
  return [`schema londiste: ${londiste}`];
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

/** What is in the set and not in this subscription. */
export async function listMissing(ends: Ends): Promise<{ tables: string[]; sequences: string[] }> {
  await requireBoth(ends);
  return { tables: await missingTables(ends), sequences: await missingSequences(ends) };
}

/** Compares every table and sequence of the set on both sides. Notes keep nothing from being replicated. */
export async function checkSubscription(
  ends: Ends,
): Promise<{ tables: number; sequences: number; faults: Fault[]; notes: Fault[] }> {
  const { name, provider, subscriber } = ends;
  await requireBoth(ends);
  const tables = await providerGetTableList(provider, name.queue);
  const sequences = await providerGetSeqList(provider, name.queue);
  const added = await subscriberGetTableList(subscriber, name);
  const destinationOf = (table: string): Destination =>
    added.find((candidate) => candidate.name === table)?.destination ?? sameName(table);
  const faults: Fault[] = [];
  const notes: Fault[] = [];
  for (const table of tables) {
    const found = await checkTable(ends, table, destinationOf(table.name));
    faults.push(...found.faults);
    notes.push(...found.notes);
  }
  faults.push(...(await definitionFaults(subscriber, name, added)));
  for (const sequence of sequences) faults.push(...(await checkSequence(ends, sequence)));
  return { tables: tables.length, sequences: sequences.length, faults, notes };
}
