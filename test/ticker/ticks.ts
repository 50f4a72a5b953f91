import type { ConnectSettings } from '../../src/db/session.js';
import { open } from '../support/databases.js';
import { eventually } from '../support/eventually.js';
import { drain, write } from '../sql/pgq/pgq-database.js';

/** An event that is written now is delivered: somebody ticks the queue. */
export async function ticks(settings: ConnectSettings): Promise<void> {
  await using session = await open(settings);
  const id = await write(session, 'tick, please');
  const seen: number[] = [];
  await eventually(async () => {
    seen.push(...(await drain(session)).map((event) => event.id));
    return seen.includes(id);
  }, true);
}
