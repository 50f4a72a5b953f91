import type { Session } from './session.js';

/**
 * Settings under which every value's text means the same on both sides, whatever the roles' and databases' defaults
 * are, and under which no timeout of a user's own ends our work.
 */
const pinned: Readonly<Record<string, string>> = {
  search_path: 'pg_catalog, pg_temp',
  datestyle: 'ISO, MDY',
  intervalstyle: 'postgres',
  timezone: 'UTC',
  extra_float_digits: '1',
  bytea_output: 'hex',
  lc_monetary: 'C',
  xmloption: 'content',
  standard_conforming_strings: 'on',
  array_nulls: 'on',
  quote_all_identifiers: 'off',
  // Row security must raise, not filter: a row that we cannot see is a row that we would lose.
  row_security: 'off',
  statement_timeout: '0',
  idle_in_transaction_session_timeout: '0',
  idle_session_timeout: '0',
  default_transaction_isolation: 'read committed',
  default_transaction_read_only: 'off',
  // A peer whose machine went away is noticed after 25 seconds, so that a successor can take over within 30.
  tcp_keepalives_idle: '10',
  tcp_keepalives_interval: '5',
  tcp_keepalives_count: '3',
  tcp_user_timeout: '25000',
};

/** Sets the session's settings to ours; `more` adds to them or overrides them. */
export async function pinSettings(
  session: Session,
  more: Readonly<Record<string, string>> = {},
): Promise<void> {
  const newer = session.major >= 17 ? { transaction_timeout: '0' } : {};
  const all = Object.entries({ ...pinned, ...newer, ...more });
  await session.query(
    'select set_config(name, value, false) from unnest($1::text[], $2::text[]) as s(name, value)',
    [all.map(([name]) => name), all.map(([, value]) => value)],
  );
}
