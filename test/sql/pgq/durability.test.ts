/** C3 on a server that really loses commits: what a tick has shown is still there after a crash. */
import { describe, expect, it } from 'vitest';
import { installSchema } from '../../../src/install/install.js';
import { createDatabase, open } from '../../support/databases.js';
import { ownServer } from '../../support/own-server.js';
import { eagerQueue, value, write } from './pgq-database.js';

const crashes = 4;

/** Commits are written out up to 10 seconds after they are reported: a crash takes them back. */
const forgetful = { fsync: 'on', synchronous_commit: 'off', wal_writer_delay: '10s', autovacuum: 'off' };

describe.each(['oldest', 'newest'] as const)(
  'C3: a crash with synchronous_commit = off, %s server',
  (which) => {
    const server = ownServer(which, forgetful);

    it('takes back nothing that a tick has shown', async () => {
      const settings = await createDatabase(server());
      {
        await using session = await open(settings);
        await installSchema(session, 'pgq');
        await eagerQueue(session);
      }

      let lost = 0;
      for (let n = 1; n <= crashes; n += 1) {
        const session = await open(settings);
        expect(await value(session, 'show synchronous_commit')).toBe('off');
        const shown = await write(session, `shown ${n}`);
        const tick = await value<number>(session, `select pgq.ticker('q')`);
        const unticked = await write(session, `not in a tick ${n}`);
        await server().stop('immediate');
        session.destroy();
        await server().start();

        await using after = await open(settings);
        expect(
          await after.query(
            `select txid_visible_in_snapshot(e.ev_txid, t.tick_snapshot) as shown
           from pgq.tick t left join pgq.event_template e on e.ev_id = $2 where t.tick_id = $1`,
            [tick, shown],
          ),
        ).toEqual([{ shown: true }]);
        lost += await value<number>(
          after,
          `select 1 - count(*) from pgq.event_template where ev_id = $1 and ev_data = $2`,
          [unticked, `not in a tick ${n}`],
        );
      }
      console.log(
        `PostgreSQL ${server().major}: ${lost} of ${crashes} crashes took back a commit that no tick had shown`,
      );
      expect(lost).toBeGreaterThan(0);
    });
  },
);
