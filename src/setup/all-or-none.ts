import { quoteLiteral } from '../db/identifiers.js';
import type { Session } from '../db/session.js';
import { inSavepoint, inTransaction } from '../db/transaction.js';
import { sleep } from '../kernel/clock.js';
import { LondisteError } from '../kernel/errors.js';

/**
 * A table that somebody uses is waited for a moment at a time, since writers queue behind whoever waits for its lock;
 * in between they get through. Pause in milliseconds.
 */
const mostTries = 8;
const busyPauseMs = 500;

/**
 * Does the work for all of the names in one transaction, or for none. What keeps any of them from it is told of all of them at
 * once; while one is in use, all is tried again a few times. Returns the names.
 *
 * @throws LondisteError `busy`, which names the one that was in use at every try.
 */
export async function allOrNone(
  session: Session,
  kind: 'table' | 'sequence',
  names: readonly string[],
  work: (name: string) => Promise<void>,
): Promise<string[]> {
  let current = '';
  for (let tries = 1; ; tries += 1) {
    try {
      await inTransaction(session, async () => {
        const failures: LondisteError[] = [];
        for (const name of names) {
          current = name;
          try {
            await inSavepoint(session, () => work(name));
          } catch (error) {
            if (session.closed || !isOfName(error)) throw error;
            failures.push(error);
          }
        }
        if (failures.length > 0) throw allOf(failures);
      });
      return [...names];
    } catch (error) {
      if (!(error instanceof LondisteError) || error.kind !== 'busy') throw error;
      if (tries === mostTries) throw stillInUse(session, `${kind} ${current}`, current, error);
      await sleep(busyPauseMs);
    }
  }
}

/** What one name is refused for is told together with what the others are; anything else ends all. */
function isOfName(error: unknown): error is LondisteError {
  return error instanceof LondisteError && (error.reaction !== 'retry' || error.liesInTable);
}

function allOf(failures: readonly LondisteError[]): LondisteError {
  const [first, ...more] = failures;
  if (first === undefined || more.length === 0)
    return first ?? new LondisteError('bug', 'nothing has failed');
  return new LondisteError('refused', failures.map(({ message }) => message).join('\n'), {
    hint: [...new Set(failures.map(({ hint }) => hint))].join('\n'),
  });
}

function stillInUse(session: Session, what: string, name: string, cause: LondisteError): LondisteError {
  const oid = `${quoteLiteral(name)}::regclass::oid`;
  return new LondisteError(
    'busy',
    `${session.where}: ${what} was in use by other transactions at each of ${mostTries} tries; nothing was changed`,
    {
      hint: `type it again once they have ended; who they are: select pid, usename, state, xact_start, query from pg_stat_activity where pid in (select pid from pg_locks where relation = any (${oid} || londiste.members(${oid})))`,
      sqlstate: cause.sqlstate,
      cause,
    },
  );
}
