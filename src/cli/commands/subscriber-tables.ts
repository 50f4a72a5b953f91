import { comparedTables, type Compared } from '../../londiste/compare-state.js';
import type { SubscribedTable } from '../../londiste/table-state.js';
import { listTables } from '../../setup/subscriber-tables.js';
import type { LondisteCommand } from '../command.js';
import { withSubscriber } from '../context.js';

export const subscriberTables: LondisteCommand = {
  words: 'subscriber tables',
  summary: 'list the tables of this subscription with their states, and what to type where one has an error',
  options: [{ flags: '--json', summary: 'one JSON array, for programs' }],
  async run(context, { options }) {
    const { subscription } = context.settings;
    const { tables, compared } = await withSubscriber(context, async (subscriber) => ({
      tables: await listTables(subscriber, subscription),
      compared: await comparedTables(subscriber, subscription),
    }));
    if (options['json'] === true) {
      context.say(
        JSON.stringify(
          tables.map((table) => asJson(table, compared.get(table.name))),
          undefined,
          2,
        ),
      );
      return;
    }
    context.say(`${'Table'.padEnd(30)}   ${'State'.padStart(20)}`);
    for (const table of tables) {
      const { name, tickId, since } = table;
      const state = table.isPaused ? `${table.state}, paused` : table.state;
      const stands =
        table.state === 'ok' || tickId === undefined ? '' : `   at tick ${tickId}, since ${since}`;
      context.say(`${name.padEnd(30)}   ${state.padStart(20)}${stands}`);
      for (const line of [
        ...destinationLines(table),
        ...comparedLines(compared.get(name)),
        ...errorLines(table),
      ])
        context.say(`    ${line}`);
    }
  },
};

function destinationLines({ name, destination, landing, isShadowed }: SubscribedTable): string[] {
  const { table, columns } = destination;
  return [
    ...(table === name ? [] : [`into: ${table}`]),
    ...(columns === undefined ? [] : [`columns: ${columns}`]),
    ...(isShadowed
      ? [`its copy goes to ${landing.table}; readers keep the old rows until replay takes it over`]
      : []),
  ];
}

/** What a continuous compare says of it. */
function comparedLines(compared: Compared | undefined): string[] {
  if (compared === undefined) return [];
  const { equalTick, equalAgo, differing, comparedAgo } = compared;
  const equal =
    equalTick === undefined ? 'never equal' : `equal up to tick ${equalTick}, ${equalAgo} seconds ago`;
  return [differing === 0 ? equal : `${differing} rows differed ${comparedAgo} seconds ago; ${equal}`];
}

function errorLines({ error, errorSqlstate, errorKey, errorHint }: SubscribedTable): string[] {
  if (error === undefined) return [];
  // The message of some errors has the code in it already.
  const isTold = errorSqlstate === undefined || error.includes(errorSqlstate);
  return [
    `${error}${isTold ? '' : ` (SQLSTATE ${errorSqlstate})`}`,
    ...(errorKey === undefined ? [] : [`row: ${errorKey}`]),
    ...(errorHint === undefined || errorHint === '' ? [] : errorHint.split('\n').map((line) => `→ ${line}`)),
  ];
}

function asJson(table: SubscribedTable, compared: Compared | undefined): Record<string, unknown> {
  const { name, state, since, tickId, snapshot, attempts, error, errorSqlstate, errorKey, errorHint } = table;
  const { destination } = table;
  return {
    table: name,
    state,
    paused: table.isPaused,
    destination: destination.table,
    columns: destination.columns ?? null,
    shadow: table.isShadowed ? table.landing.table : null,
    since,
    tick: tickId ?? null,
    snapshot: snapshot?.text ?? null,
    attempts,
    error: error ?? null,
    sqlstate: errorSqlstate ?? null,
    key: errorKey ?? null,
    hint: errorHint ?? null,
    compared: compared ?? null,
  };
}
