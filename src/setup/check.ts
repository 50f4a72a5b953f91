import { quoteIdent } from '../db/identifiers.js';
import type { Session } from '../db/session.js';
import type { ProviderTable } from '../londiste/provider.js';
import { keyFault, ruleFault, triggerFault, type Fault } from '../londiste/table-fault.js';
import { describeTable, type Column, type TableShape } from '../londiste/table-shape.js';

interface Sides {
  readonly provider: Session;
  readonly subscriber: Session;
}

/** Compares a table of the set with the subscriber's, column by column. */
export async function checkTable(
  { provider, subscriber }: Sides,
  { name, keyColumns }: ProviderTable,
): Promise<Fault[]> {
  const there = await describeTable(provider, name);
  if (!there) {
    return [
      {
        what: `table ${name} does not exist on the provider`,
        fix: `londiste CONFIG provider remove ${name}`,
      },
    ];
  }
  const here = await describeTable(subscriber, name);
  if (!here) {
    return [
      {
        what: `table ${name} does not exist on the subscriber`,
        fix: `create it there with the columns of the provider's`,
      },
    ];
  }
  if (here.relkind !== 'r' && here.relkind !== 'p') {
    return [
      {
        what: `${name} is not a table on the subscriber`,
        fix: 'put a table, ordinary or partitioned, in its place',
      },
    ];
  }
  return [
    ...checkColumns(name, there, here),
    ...checkExtraColumns(name, there, here),
    ...toList(keyFault(name, here, keyColumns)),
    ...checkRights(name, here),
    ...(await checkActors(subscriber, name, here)),
  ];
}

function checkColumns(table: string, there: TableShape, here: TableShape): Fault[] {
  return there.columns.flatMap((column): Fault[] => {
    const same = here.columns.find((candidate) => candidate.name === column.name);
    const name = quoteIdent(column.name);
    if (!same) {
      return [
        {
          what: `table ${table}: column ${column.name} of the provider is missing on the subscriber`,
          fix: `ALTER TABLE ${table} ADD COLUMN ${name} ${column.type}`,
        },
      ];
    }
    return differs(column, same)
      ? [
          {
            what: `table ${table}: column ${column.name} is ${kindOf(column)} on the provider and ${kindOf(same)} on the subscriber`,
            fix: `ALTER TABLE ${table} ALTER COLUMN ${name} TYPE ${column.type}`,
          },
        ]
      : [];
  });
}

/** A row comes as a whole, with NULL in columns that the provider does not have, which such a domain refuses at once. */
function checkExtraColumns(table: string, there: TableShape, here: TableShape): Fault[] {
  return here.columns
    .filter((column) => column.refuses_null && !there.columns.some(({ name }) => name === column.name))
    .map((column) => ({
      what: `table ${table}: column ${column.name}, which the provider does not have, is of the domain ${column.type}, which refuses NULL`,
      fix: `ALTER DOMAIN ${column.type} DROP NOT NULL; ALTER TABLE ${table} ALTER COLUMN ${quoteIdent(column.name)} SET NOT NULL`,
    }));
}

function differs(there: Column, here: Column): boolean {
  return there.type !== here.type || (here.generated && !there.generated);
}

function kindOf({ type, generated }: Column): string {
  return generated ? `${type} (generated)` : type;
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

export async function checkSequence({ provider, subscriber }: Sides, name: string): Promise<Fault[]> {
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
