import { expect } from 'vitest';
import { pinSettings } from '../../src/db/settings.js';
import type { ConnectSettings, Session } from '../../src/db/session.js';
import { open } from './databases.js';

/**
 * What "equal" means: md5 over all rows in key order, output settings pinned, text keys in the order of their bytes;
 * for a sequence, its next value.
 */
export async function contentsOf(
  session: Session,
  table: string,
  key: string,
  sequence?: string,
): Promise<object> {
  const rows = await session.one(
    `select count(*)::int as rows, coalesce(md5(string_agg((t.*)::text, e'\\n' order by ${key})), '') as md5 from ${table} t`,
  );
  if (sequence === undefined) return rows;
  const next = await session.one(
    `select (case when is_called then last_value + 1 else last_value end)::text as "nextValue" from ${sequence}`,
  );
  return { ...rows, ...next };
}

/** Reads one side over a connection of its own, as somebody who was not there would. */
export async function readSide(
  settings: ConnectSettings,
  table: string,
  key: string,
  sequence?: string,
): Promise<object> {
  await using session = await open(settings, 'comparison');
  await pinSettings(session, { search_path: 'public' });
  return await contentsOf(session, table, key, sequence);
}

/** Waits until both sides are equal; nobody may write to the provider meanwhile. */
export async function becomeEqual(
  sides: { provider: ConnectSettings; subscriber: ConnectSettings },
  {
    table = 'entry',
    key = 'id',
    sequence,
    within = 30_000,
  }: { table?: string; key?: string; sequence?: string; within?: number } = {},
): Promise<void> {
  const there = await readSide(sides.provider, table, key, sequence);
  const end = Date.now() + within;
  let here = await readSide(sides.subscriber, table, key, sequence);
  while (JSON.stringify(here) !== JSON.stringify(there) && Date.now() < end) {
    await new Promise((resolve) => setTimeout(resolve, 50));
    here = await readSide(sides.subscriber, table, key, sequence);
  }
  expect(here).toEqual(there);
}
