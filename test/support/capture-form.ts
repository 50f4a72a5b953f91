import type { Session } from '../../src/db/session.js';
import { addProviderTables } from '../../src/setup/provider.js';
import type { Which } from './databases.js';
import type { AddTables } from './hand-ticks.js';
import { probe, probeTriggers, rowProbe } from './nested-probe.js';
import { isLong } from './random-stories.js';
import { queue } from './replica.js';

/** The two forms of capture: both pass the same tests. */
export type Form = 'statement' | 'row';

/** Each server with each form, for describe.each. */
export const servers: readonly (readonly [Which, Form])[] = [
  ['oldest', 'statement'],
  ['oldest', 'row'],
  ['newest', 'statement'],
  ['newest', 'row'],
];

/** Each server and each form once in CI, for what takes long and is shown table by table, with all of `servers`, elsewhere. */
export const someServers = isLong ? servers : servers.filter((_, n) => n === 1 || n === 2);

export async function capture(session: Session, table: string, form: Form): Promise<void> {
  await session.query('select londiste.provider_add_table($1, $2, $3)', [queue, table, form]);
}

/** Puts tables into the set, captured in one form. */
export function addBy(form: Form): AddTables {
  return (session, set, tables) => addProviderTables(session, set, tables, { capture: form });
}

/** SQL that counts, in the sequence `state_path`, how often capture has to ask the table. */
export function probeOf(table: string, form: Form): string {
  return form === 'row' ? rowProbe(table) : probe + probeTriggers(table);
}
