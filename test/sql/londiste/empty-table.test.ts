/** What empties a table works whatever refers to it: TRUNCATE where the server lets us, else DELETE. */
import { beforeAll, describe, expect, test } from 'vitest';
import { describeTable, emptyTable } from '../../../src/londiste/table-shape.js';
import { createDatabase, open } from '../../support/databases.js';
import type { Session } from '../../../src/db/session.js';

const tables = `
  create table plain (id int primary key);
  create table referenced (id int primary key);
  create table child (id int references referenced);
  create table own_parent (id int primary key, up int references own_parent);
  create table whole (r int, id int, primary key (r, id)) partition by list (r);
  create table whole_1 partition of whole for values in (1) partition by range (id);
  create table whole_1a partition of whole_1 for values from (0) to (10);
  create table child_of_whole (r int, id int, foreign key (r, id) references whole);
  create table parts (r int, id int, primary key (r, id)) partition by list (r);
  create table parts_1 partition of parts for values in (1);
  create table child_of_part (r int, id int, foreign key (r, id) references parts_1);
  create table own_parts (r int, id int, up int, primary key (r, id), foreign key (r, up) references own_parts) partition by list (r);
  create table own_parts_1 partition of own_parts for values in (1);
  create table children (r int, id int, foreign key (r, id) references whole) partition by list (r);
  create table children_1 partition of children for values in (1)`;

describe.each(['oldest', 'newest'] as const)('%s', (version) => {
  let session: Session;

  beforeAll(async () => {
    session = await open(await createDatabase(version, { installed: 'subscriber' }));
    await session.execute(tables);
    return () => session[Symbol.asyncDispose]();
  });

  test.each([
    ['plain', 'truncate'],
    ['referenced', 'delete from'],
    ['child', 'truncate'],
    ['own_parent', 'truncate'],
    ['whole', 'delete from'],
    ['parts', 'delete from'],
    ['own_parts', 'truncate'],
    ['children', 'truncate'],
  ])('%s', async (table, verb) => {
    const shape = await describeTable(session, `public.${table}`);
    if (shape === undefined) throw new Error(`no table ${table}`);
    const statement = emptyTable(`public.${table}`, shape);
    expect(statement).toMatch(new RegExp(`^${verb} `));
    await session.execute(statement);
  });
});
