import type { Session } from '../db/session.js';
import { columnFaults } from '../londiste/column-fault.js';
import { namesHere } from '../londiste/column-list.js';
import type { Destination } from '../londiste/destination.js';
import type { ProviderTable } from '../londiste/provider.js';
import { missingDefinitions } from '../londiste/stored-definition.js';
import type { SubscriptionName } from '../londiste/subscription-name.js';
import { actingNote, keyFault, ruleFault, triggerFault, type Fault } from '../londiste/table-fault.js';
import { describeTable, type TableShape } from '../londiste/table-shape.js';

interface Sides {
  readonly name: SubscriptionName;
  readonly provider: Session;
  readonly subscriber: Session;
}

/** What keeps a table from being replicated, and what of it keeps nothing from that and deserves to be known. */
interface Findings {
  readonly faults: readonly Fault[];
  readonly notes: readonly Fault[];
}

/** Compares a table of the set with the subscriber's, column by column. */
export async function checkTable(
  sides: Sides,
  { name, keyColumns }: ProviderTable,
  destination: Destination,
): Promise<Findings> {
  const { provider, subscriber } = sides;
  const dest = destination.table;
  const there = await describeTable(provider, name);
  const here = await describeTable(subscriber, dest);
  const notes = here ? toList(actingNote(dest, here)) : [];
  const only = (what: string, fix: string): Findings => ({ faults: [{ what, fix }], notes });
  if (!there)
    return only(`table ${name} does not exist on the provider`, `londiste CONFIG provider remove ${name}`);
  if (!here) {
    return only(
      `table ${dest} does not exist on the subscriber`,
      `create it there with the columns of the provider's; subscriber add --create does that`,
    );
  }
  if (here.relkind !== 'r' && here.relkind !== 'p') {
    return only(
      `${dest} is not a table on the subscriber`,
      'put a table, ordinary or partitioned, in its place',
    );
  }
  const missing = await missingDefinitions(subscriber, sides.name, name);
  // A key that an earlier copy has dropped is built again by the next one.
  const awaitsKey = missing.some(({ isKey, isThere }) => isKey && !isThere);
  const faults = [
    ...columnFaults({ name, keyColumns, destination }, there, here),
    ...(awaitsKey ? [] : checkKey(destination, here, keyColumns)),
    ...checkRights(dest, here),
    ...(await checkActors(subscriber, dest, here)),
  ];
  return { faults, notes };
}

/** A key whose columns are not all carried is a fault of its own. */
function checkKey(destination: Destination, here: TableShape, keyColumns: readonly string[]): Fault[] {
  const names = namesHere(keyColumns, destination);
  const known = names.filter((name) => name !== undefined);
  return known.length < names.length ? [] : toList(keyFault(destination.table, here, known));
}

function checkRights(table: string, here: TableShape): Fault[] {
  if (here.can_write) return [];
  return [
    {
      what: `table ${table}: the role of subscriber_db may not write it`,
      fix: `GRANT SELECT, INSERT, UPDATE, DELETE, TRUNCATE ON ${table} TO that role`,
    },
  ];
}

async function checkActors(subscriber: Session, table: string, here: TableShape): Promise<Fault[]> {
  const rules = ruleFault(table, here);
  if (rules) return [rules];
  const fires = here.triggers.length > 0 && !(await maySetReplicaRole(subscriber));
  return toList(triggerFault(table, here, fires));
}

async function maySetReplicaRole(subscriber: Session): Promise<boolean> {
  const { may } = await subscriber.one<{ may: boolean }>(
    subscriber.major >= 15
      ? `select has_parameter_privilege('session_replication_role', 'set') as may`
      : `select rolsuper as may from pg_roles where rolname = current_user`,
  );
  return may;
}

export async function checkSequence(
  { provider, subscriber }: Omit<Sides, 'name'>,
  name: string,
): Promise<Fault[]> {
  if ((await describeTable(provider, name))?.relkind !== 'S') {
    return [
      {
        what: `sequence ${name} does not exist on the provider`,
        fix: `londiste CONFIG provider remove-seq ${name}`,
      },
    ];
  }
  if ((await describeTable(subscriber, name))?.relkind !== 'S') {
    return [{ what: `sequence ${name} does not exist on the subscriber`, fix: `CREATE SEQUENCE ${name}` }];
  }
  return [];
}

function toList(fault: Fault | undefined): Fault[] {
  return fault === undefined ? [] : [fault];
}
