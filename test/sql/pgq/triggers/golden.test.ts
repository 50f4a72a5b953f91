/** The trigger functions beside PgQ's own in C, whose events and refusals `golden.json` holds: see record.ts. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { superuser } from '../../../../src/embedded/server.js';
import { open } from '../../../support/databases.js';
import { pgqDatabase } from '../pgq-database.js';
import { cases, rowFormats } from './cases.js';
import { play, type Outcome } from './play.js';

const golden = JSON.parse(readFileSync(new URL('golden.json', import.meta.url), 'utf8')) as Record<
  string,
  Outcome[]
>;

describe.each(['oldest', 'newest'] as const)('on %s', (which) => {
  it.each([...rowFormats, 'logtriga'])('%s writes what the original writes', async (fn) => {
    const settings = await pgqDatabase(which);
    await using owner = await open(settings);
    await using admin = await open({ ...settings, user: superuser });
    await owner.query(`select pgq.create_queue('q')`);
    let events = 0;
    let refusals = 0;
    for (const one of cases.filter(({ functions = rowFormats }) => functions.includes(fn))) {
      // Only a superuser may set that.
      const session = one.statements.join().includes('session_replication_role') ? admin : owner;
      const outcomes = await play(session, one, fn);
      expect(outcomes, `${fn}: ${one.name}`).toEqual(golden[`${fn}: ${one.name}`]);
      events += outcomes.flatMap((outcome) => ('error' in outcome ? [] : outcome)).length;
      refusals += outcomes.filter((outcome) => 'error' in outcome).length;
    }
    console.log(`${which}, ${fn}: ${events} events, ${refusals} refusals as in the original`);
    expect(events).toBeGreaterThan(50);
    expect(refusals).toBeGreaterThan(10);
  });
});

it('every sample is of a case that is played', () => {
  const played = cases.flatMap(({ name, functions = rowFormats }) => functions.map((fn) => `${fn}: ${name}`));
  expect(Object.keys(golden).sort()).toEqual(played.sort());
});
