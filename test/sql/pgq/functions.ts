/**
 * The functions of PgQ's API, each with what it returns, each of its errors, and who may call it. The state before each
 * call is that of `prepare` in functions.test.ts: queue `q` (id 1) with consumer `c`, whose batch 1 (ticks 1 to 2) is
 * open and has the events 1 (`one`) and 2 (`two`), and queue `empty` (id 2).
 */

/** The least role that may call a function; `public` is everybody, `admin` only pgq_admin. */
export type Caller = 'public' | 'reader' | 'writer' | 'admin';

export interface ApiFunction {
  /** As PostgreSQL prints the arguments that a call gives, with their names. */
  readonly signature: string;
  readonly caller: Caller;
  /** An expression or a query of one value, and what comes out. */
  readonly results: readonly (readonly [call: string, expected: unknown, given?: string])[];
  /** A call, and what its error says, to the letter. */
  readonly errors?: readonly (readonly [call: string, message: string, given?: string])[];
}

const raw = `null, null, null, null, 't', 'd', null, null, null, null`;
const again = `now(), null, now(), 1, 't', 'd', null, null, null, null`;
const closed = 'update pgq.queue set queue_disable_insert = true';
const limited = 'update pgq.queue set queue_per_tx_limit = 0';
const due = `update pgq.queue set queue_ticker_max_lag = '0', queue_ticker_idle_period = '0'`;

export const producing: readonly ApiFunction[] = [
  {
    signature: 'insert_event(queue_name text, ev_type text, ev_data text)',
    caller: 'writer',
    results: [[`pgq.insert_event('q', 't', 'd') > 2`, true]],
    errors: [
      [`pgq.insert_event(null, 't', 'd')`, 'Queue name must not be NULL'],
      [`pgq.insert_event('x', 't', 'd')`, 'No such queue'],
      [`pgq.insert_event('q', 't', 'd')`, 'Insert into queue disallowed', closed],
      [`pgq.insert_event('q', 't', 'd')`, `Queue 'q' allows max 0 events from one TX`, limited],
    ],
  },
  {
    signature:
      'insert_event(queue_name text, ev_type text, ev_data text, ev_extra1 text, ev_extra2 text, ev_extra3 text, ev_extra4 text)',
    caller: 'writer',
    results: [[`pgq.insert_event('q', null, null, null, null, null, null) > 2`, true]],
    errors: [[`pgq.insert_event('x', 't', 'd', '1', '2', '3', '4')`, 'No such queue']],
  },
  {
    signature:
      'insert_event_raw(queue_name text, ev_id bigint, ev_time timestamp with time zone, ev_owner integer, ev_retry integer, ev_type text, ev_data text, ev_extra1 text, ev_extra2 text, ev_extra3 text, ev_extra4 text)',
    caller: 'admin',
    results: [
      [`pgq.insert_event_raw('q', ${raw}) > 2`, true],
      [`pgq.insert_event_raw('q', 700, null, null, null, 't', 'd', null, null, null, null)`, 700],
    ],
    errors: [
      [`pgq.insert_event_raw(null, ${raw})`, 'Queue name must not be NULL'],
      [`pgq.insert_event_raw('x', ${raw})`, 'No such queue'],
    ],
  },
  {
    signature: 'current_event_table(x_queue_name text)',
    caller: 'writer',
    results: [[`pgq.current_event_table('q')`, 'pgq.event_1_0']],
    errors: [
      [`pgq.current_event_table('x')`, 'Event queue not found'],
      [`pgq.current_event_table('q')`, 'Writing to queue disabled', closed],
    ],
  },
];

export const consuming: readonly ApiFunction[] = [
  {
    signature: 'register_consumer(x_queue_name text, x_consumer_id text)',
    caller: 'reader',
    results: [
      [`pgq.register_consumer('q', 'new')`, 1],
      [`pgq.register_consumer('q', 'c')`, 0],
    ],
    errors: [
      [`pgq.register_consumer('x', 'c')`, 'Event queue not created yet'],
      [
        `pgq.register_consumer('empty', 'c')`,
        'No ticks for this queue.  Please run ticker on database.',
        'delete from pgq.tick where tick_queue = 2',
      ],
    ],
  },
  {
    signature: 'register_consumer_at(x_queue_name text, x_consumer_name text, x_tick_pos bigint)',
    caller: 'reader',
    results: [
      [`pgq.register_consumer_at('q', 'new', 1)`, 1],
      [`pgq.register_consumer_at('q', 'c', 1)`, 0],
      [`pgq.register_consumer_at('q', 'c', null)`, 0],
    ],
    errors: [
      [`pgq.register_consumer_at('x', 'c', 1)`, 'Event queue not created yet'],
      [`pgq.register_consumer_at('q', 'c', 99)`, 'cannot reposition, tick not found: 99'],
    ],
  },
  {
    signature: 'unregister_consumer(x_queue_name text, x_consumer_name text)',
    caller: 'reader',
    results: [
      [`pgq.unregister_consumer('q', 'c')`, 1],
      [`pgq.unregister_consumer('q', 'x')`, 0],
      [`pgq.unregister_consumer('x', 'c')`, 0],
    ],
  },
  {
    signature: 'next_batch(i_queue_name text, i_consumer_name text)',
    caller: 'reader',
    results: [
      [`pgq.next_batch('q', 'c')`, 1],
      [`pgq.next_batch('empty', 'idle')`, null, `select pgq.register_consumer('empty', 'idle')`],
    ],
    errors: [
      [`pgq.next_batch('q', 'x')`, 'Not subscriber to queue: q/x'],
      [
        `pgq.next_batch('q', 'c')`,
        'PgQ corruption: Consumer c on queue q does not see tick 77',
        'update pgq.subscription set sub_last_tick = 77',
      ],
    ],
  },
  {
    signature: 'next_batch_info(i_queue_name text, i_consumer_name text)',
    caller: 'reader',
    results: [
      [
        `(select array[batch_id, cur_tick_id, prev_tick_id, cur_tick_event_seq, prev_tick_event_seq]::text from pgq.next_batch_info('q', 'c'))`,
        '{1,2,1,2,0}',
      ],
      [`(select cur_tick_time > prev_tick_time from pgq.next_batch_info('q', 'c'))`, true],
    ],
    errors: [[`pgq.next_batch_info('x', 'c')`, 'Not subscriber to queue: x/c']],
  },
  {
    signature:
      'next_batch_custom(i_queue_name text, i_consumer_name text, i_min_lag interval, i_min_count integer, i_min_interval interval)',
    caller: 'reader',
    results: [
      [
        `(select array[batch_id, cur_tick_id, prev_tick_id, cur_tick_event_seq, prev_tick_event_seq]::text from pgq.next_batch_custom('q', 'c', null, 1, null))`,
        '{1,2,1,2,0}',
      ],
      [
        `(pgq.next_batch_custom('q', 'c', '1 day', null, null)).batch_id`,
        null,
        "select pgq.register_consumer_at('q', 'c', 1)",
      ],
    ],
    errors: [[`pgq.next_batch_custom('q', 'x', null, null, null)`, 'Not subscriber to queue: q/x']],
  },
  {
    signature: 'get_batch_info(x_batch_id bigint)',
    caller: 'public',
    results: [
      [
        `(select queue_name || consumer_name || prev_tick_id || tick_id || seq_start || seq_end from pgq.get_batch_info(1))`,
        'qc1202',
      ],
      [`(select batch_end > batch_start and lag > '0' from pgq.get_batch_info(1))`, true],
      [`(select count(queue_name) from pgq.get_batch_info(99))`, 0],
    ],
  },
  {
    signature: 'get_batch_events(x_batch_id bigint)',
    caller: 'reader',
    results: [[`(select string_agg(ev_id || ev_data, ',') from pgq.get_batch_events(1))`, '1one,2two']],
    errors: [[`pgq.get_batch_events(99)`, 'batch not found']],
  },
  {
    signature: 'get_batch_cursor(i_batch_id bigint, i_cursor_name text, i_quick_limit integer)',
    caller: 'reader',
    results: [
      [`(select string_agg(ev_data, ',') from pgq.get_batch_cursor(1, 'a "cursor"', 1))`, 'one'],
      [`(select count(*) from pgq.get_batch_cursor(1, null, 1))`, 0],
    ],
    errors: [[`pgq.get_batch_cursor(99, 'x', 1)`, 'batch not found']],
  },
  {
    signature:
      'get_batch_cursor(i_batch_id bigint, i_cursor_name text, i_quick_limit integer, i_extra_where text)',
    caller: 'reader',
    results: [
      [
        `(select string_agg(ev_data, ',') from pgq.get_batch_cursor(1, 'x', 9, $$ev_data = 'two' or ev_id = 9 -- both$$))`,
        'two',
      ],
      [`(select string_agg(ev_data, ',') from pgq.get_batch_cursor(1, 'x', 9, null))`, 'one,two'],
    ],
    errors: [[`pgq.get_batch_cursor(1, 'x', 1, 'nonsense')`, 'column "nonsense" does not exist']],
  },
  {
    signature: 'batch_event_sql(x_batch_id bigint)',
    caller: 'reader',
    results: [[`pgq.batch_event_sql(1) ~ '^select .* from pgq.event_1_0 where .* order by 1$'`, true]],
    errors: [[`pgq.batch_event_sql(99)`, 'batch not found']],
  },
  {
    signature: 'batch_event_tables(x_batch_id bigint)',
    caller: 'reader',
    results: [
      [`array(select pgq.batch_event_tables(1))::text`, '{pgq.event_1_0,pgq.event_1_1,pgq.event_1_2}'],
    ],
    errors: [[`pgq.batch_event_tables(99)`, 'Cannot find data for batch 99']],
  },
  {
    signature: 'event_retry(x_batch_id bigint, x_event_id bigint, x_retry_time timestamp with time zone)',
    caller: 'reader',
    results: [
      [`pgq.event_retry(1, 1, now())`, 1],
      [`pgq.event_retry(1, 1, now())`, 0, 'select pgq.event_retry(1, 1, 0)'],
    ],
    errors: [
      [`pgq.event_retry(1, 3, now())`, 'event not found'],
      [`pgq.event_retry(99, 1, now())`, 'batch not found'],
    ],
  },
  {
    signature: 'event_retry(x_batch_id bigint, x_event_id bigint, x_retry_seconds integer)',
    caller: 'reader',
    results: [[`pgq.event_retry(1, 2, 30)`, 1]],
    errors: [[`pgq.event_retry(1, 3, 30)`, 'event not found']],
  },
  {
    signature: 'batch_retry(i_batch_id bigint, i_retry_seconds integer)',
    caller: 'reader',
    results: [
      [`pgq.batch_retry(1, 0)`, 2],
      [`pgq.batch_retry(1, 0)`, 1, 'select pgq.event_retry(1, 1, 0)'],
    ],
    errors: [[`pgq.batch_retry(99, 0)`, 'batch_retry: batch 99 not found']],
  },
  {
    signature:
      'event_retry_raw(x_queue text, x_consumer text, x_retry_after timestamp with time zone, x_ev_id bigint, x_ev_time timestamp with time zone, x_ev_retry integer, x_ev_type text, x_ev_data text, x_ev_extra1 text, x_ev_extra2 text, x_ev_extra3 text, x_ev_extra4 text)',
    caller: 'admin',
    results: [[`pgq.event_retry_raw('q', 'c', ${again}) > 2`, true]],
    errors: [[`pgq.event_retry_raw('q', 'x', ${again})`, 'consumer not registered']],
  },
  {
    signature: 'finish_batch(x_batch_id bigint)',
    caller: 'reader',
    results: [
      [`pgq.finish_batch(1)`, 1],
      [`pgq.finish_batch(99)`, 0],
      [`pgq.finish_batch(1)`, 0, 'select pgq.finish_batch(1)'],
    ],
  },
];

export const administering: readonly ApiFunction[] = [
  {
    signature: 'create_queue(i_queue_name text)',
    caller: 'admin',
    results: [
      [`pgq.create_queue('new')`, 1],
      [`pgq.create_queue('q')`, 0],
    ],
    errors: [[`pgq.create_queue(null)`, 'Invalid NULL value']],
  },
  {
    signature: 'drop_queue(x_queue_name text)',
    caller: 'admin',
    results: [[`pgq.drop_queue('empty')`, 1]],
    errors: [
      [`pgq.drop_queue('x')`, 'No such event queue'],
      [`pgq.drop_queue('q')`, 'cannot drop queue, consumers still attached'],
    ],
  },
  {
    signature: 'drop_queue(x_queue_name text, x_force boolean)',
    caller: 'admin',
    results: [[`pgq.drop_queue('q', true)`, 1]],
    errors: [
      [`pgq.drop_queue('q', false)`, 'cannot drop queue, consumers still attached'],
      [`pgq.drop_queue('x', true)`, 'No such event queue'],
    ],
  },
  {
    signature: 'set_queue_config(x_queue_name text, x_param_name text, x_param_value text)',
    caller: 'admin',
    results: [
      'ticker_max_count 7',
      'ticker_max_lag 1 second',
      'ticker_idle_period 1 hour',
      'ticker_paused true',
      'rotation_period 1 day',
      'external_ticker true',
      'consumer_drop_after 7 days',
      'consumer_drop_after never',
      'ticks_kept 100',
    ].map((setting) => {
      const [, name = '', parameter = ''] = /^(\w+) (.*)$/.exec(setting) ?? [];
      return [`pgq.set_queue_config('q', '${name}', '${parameter}')`, 1];
    }),
    errors: [
      [`pgq.set_queue_config(null, 'ticker_paused', 'true')`, 'Invalid NULL value'],
      [`pgq.set_queue_config('x', 'ticker_paused', 'true')`, 'No such event queue'],
      [`pgq.set_queue_config('q', 'name', 'r')`, 'cannot change parameter "names"'],
      [
        `pgq.set_queue_config('q', 'ticker_paused', 'perhaps')`,
        'invalid input syntax for type boolean: "perhaps"',
      ],
      [
        `pgq.set_queue_config('q', 'consumer_drop_after', '0')`,
        'new row for relation "queue_setting" violates check constraint "queue_setting_drop_after"',
      ],
    ],
  },
  {
    signature: 'tune_storage(i_queue_name text)',
    caller: 'admin',
    results: [
      [`pgq.tune_storage('q')`, 1],
      [`pgq.tune_storage('x')`, 0],
    ],
  },
  {
    signature: 'grant_perms(x_queue_name text)',
    caller: 'admin',
    results: [
      [`pgq.grant_perms('q')`, 1],
      [`pgq.grant_perms('x')`, 0],
    ],
  },
  {
    signature: '_grant_perms_from(src_schema text, src_table text, dst_schema text, dst_table text)',
    caller: 'admin',
    results: [
      [
        `has_table_privilege('public', 'pgq.event_1_0', 'update')`,
        true,
        `grant update on pgq.event_template to public; select pgq._grant_perms_from('pgq', 'event_template', 'pgq', 'event_1_0')`,
      ],
    ],
  },
  {
    signature: 'upgrade_schema()',
    caller: 'admin',
    results: [
      ['pgq.upgrade_schema()', 0],
      ['pgq.upgrade_schema()', 1, 'alter table pgq.queue drop column queue_extra_maint'],
    ],
  },
  { signature: 'version()', caller: 'public', results: [['pgq.version()', '3.5.2']] },
  {
    signature: 'quote_fqname(i_name text)',
    caller: 'public',
    results: [
      [`pgq.quote_fqname('a.b c.d')`, 'a."b c.d"'],
      [`pgq.quote_fqname('select')`, 'public."select"'],
    ],
  },
  {
    signature: 'seq_getval(i_seq_name text)',
    caller: 'public',
    results: [[`pgq.seq_getval('pgq.event_1_tick_seq')`, 2]],
    errors: [[`pgq.seq_getval('pgq.x')`, 'relation "pgq.x" does not exist']],
  },
  {
    signature: 'seq_setval(i_seq_name text, i_new_value bigint)',
    caller: 'admin',
    results: [
      [`pgq.seq_setval('pgq.event_2_id_seq', 1)`, 1],
      [`pgq.seq_setval('pgq.event_1_tick_seq', 1)`, 2],
    ],
  },
];

export const ticking: readonly ApiFunction[] = [
  {
    signature: 'ticker()',
    caller: 'admin',
    results: [
      ['pgq.ticker()', 2, due],
      ['pgq.ticker()', 0, 'update pgq.queue set queue_ticker_paused = true'],
    ],
  },
  {
    signature: 'ticker(i_queue_name text)',
    caller: 'admin',
    results: [
      [`pgq.ticker('q') > 2`, true, due],
      [`pgq.ticker('q')`, null, `select pgq.ticker('q')`],
    ],
    errors: [
      [`pgq.ticker('x')`, 'no such queue'],
      [
        `pgq.ticker('q')`,
        'This queue has external tick source.',
        'update pgq.queue set queue_external_ticker = true',
      ],
      [
        `pgq.ticker('q')`,
        'Ticker has been paused for this queue',
        'update pgq.queue set queue_ticker_paused = true',
      ],
      [
        `pgq.ticker('q')`,
        'Invalid PgQ state: old xmin=800000000, old xmax=800000000, cur txid=',
        `update pgq.tick set tick_snapshot = '800000000:800000000:' where tick_id = 2; ${due}`,
      ],
    ],
  },
  {
    signature:
      'ticker(i_queue_name text, i_tick_id bigint, i_orig_timestamp timestamp with time zone, i_event_seq bigint)',
    caller: 'admin',
    results: [[`pgq.ticker('q', 50, now(), 90)`, 50, 'update pgq.queue set queue_external_ticker = true']],
    errors: [
      [`pgq.ticker('q', 50, now(), 90)`, 'queue not found or ticker disabled: q'],
      [
        `pgq.ticker('q', 2, now(), 90)`,
        'duplicate key value violates unique constraint "tick_pkey"',
        'update pgq.queue set queue_external_ticker = true',
      ],
    ],
  },
  {
    signature: 'force_tick(i_queue_name text)',
    caller: 'reader',
    results: [
      [`pgq.force_tick('q')`, 2],
      [`pgq.force_tick('x')`, null],
    ],
  },
  {
    signature: 'maint_retry_events()',
    caller: 'admin',
    results: [['pgq.maint_retry_events()', 1, 'select pgq.event_retry(1, 1, 0)']],
  },
  {
    signature: 'maint_rotate_tables_step1(i_queue_name text)',
    caller: 'admin',
    results: [
      [`pgq.maint_rotate_tables_step1('q')`, 0],
      [`pgq.maint_rotate_tables_step1('x')`, 0],
    ],
    errors: [
      [
        `pgq.maint_rotate_tables_step1('q')`,
        'queue q maint failure: step1=800000000, current=',
        `update pgq.queue set queue_switch_step1 = 800000000, queue_rotation_period = '-1 second'`,
      ],
      [
        `pgq.maint_rotate_tables_step1('q')`,
        'queue q maint failure: tick 77 not found',
        `update pgq.subscription set sub_last_tick = 77; update pgq.queue set queue_rotation_period = '-1 second'`,
      ],
    ],
  },
  {
    signature: 'maint_rotate_tables_step2()',
    caller: 'admin',
    results: [['pgq.maint_rotate_tables_step2()', 0]],
  },
  {
    signature: 'maint_operations()',
    caller: 'admin',
    results: [
      [`(select count(*) from pgq.maint_operations())`, 0],
      [
        `(select string_agg(concat_ws(' ', func_name, func_arg), ', ') from pgq.maint_operations())`,
        'pgq.maint_rotate_tables_step1 empty, pgq.maint_rotate_tables_step1 q, pgq.maint_rotate_tables_step2, ' +
          'a.b q, a.c q, pgq.maint_ticks empty, pgq.maint_ticks q, pgq.maint_stale_consumers, ' +
          'pgq_node.maint_watermark q, londiste.root_check_seqs q, londiste.periodic_maintenance',
        `update pgq.queue set queue_rotation_period = '-1 second';
         update pgq.queue set queue_extra_maint = '{a.b,a.c}' where queue_name = 'q';
         select pgq.set_queue_config('q', 'ticks_kept', '0'), pgq.set_queue_config('q', 'consumer_drop_after', '1 day'),
           pgq.set_queue_config('empty', 'ticks_kept', '0');
         insert into pgq.tick (tick_queue, tick_id, tick_event_seq) values (2, 2, 0);
         create schema pgq_node; create schema londiste;
         create table pgq_node.node_info (queue_name text, node_type text);
         create table londiste.seq_info (queue_name text, local boolean);
         insert into pgq_node.node_info values ('q', 'root'), ('empty', 'branch');
         insert into londiste.seq_info values ('q', true), ('q', true), ('empty', true);
         create function pgq_node.maint_watermark(text) returns integer language sql as 'select 0';
         create function londiste.root_check_seqs(text) returns integer language sql as 'select 0';
         create function londiste.periodic_maintenance() returns integer language sql as 'select 0'`,
      ],
    ],
  },
  {
    signature: 'maint_tables_to_vacuum()',
    caller: 'admin',
    results: [['(select count(*) from pgq.maint_tables_to_vacuum())', 0]],
  },
  { signature: 'maint_ticks(i_queue_name text)', caller: 'admin', results: [[`pgq.maint_ticks('q')`, 0]] },
  { signature: 'maint_compact_ticks()', caller: 'admin', results: [['pgq.maint_compact_ticks()', 0]] },
  { signature: 'maint_stale_consumers()', caller: 'admin', results: [['pgq.maint_stale_consumers()', 0]] },
];

export const monitoring: readonly ApiFunction[] = [
  {
    signature: 'get_queue_info()',
    caller: 'public',
    results: [[`(select string_agg(queue_name, ',') from pgq.get_queue_info())`, 'empty,q']],
  },
  {
    signature: 'get_queue_info(i_queue_name text)',
    caller: 'public',
    results: [
      [
        `(select queue_ntables || ',' || queue_cur_table || ',' || ev_new || ',' || last_tick_id from pgq.get_queue_info('q'))`,
        '3,0,0,2',
      ],
      [`(select count(*) from pgq.get_queue_info('x'))`, 0],
    ],
  },
  {
    signature: 'get_consumer_info()',
    caller: 'public',
    results: [[`(select string_agg(queue_name || consumer_name, ',') from pgq.get_consumer_info())`, 'qc']],
  },
  {
    signature: 'get_consumer_info(i_queue_name text)',
    caller: 'public',
    results: [
      [
        `(select last_tick || ',' || current_batch || ',' || next_tick || ',' || pending_events from pgq.get_consumer_info('q'))`,
        '1,1,2,2',
      ],
    ],
  },
  {
    signature: 'get_consumer_info(i_queue_name text, i_consumer_name text)',
    caller: 'public',
    results: [
      [`(select lag > '0' and last_seen >= '0' from pgq.get_consumer_info('q', 'c'))`, true],
      [`(select count(*) from pgq.get_consumer_info('q', 'x'))`, 0],
    ],
  },
  {
    signature: 'get_stale_consumers()',
    caller: 'public',
    results: [['(select count(*) from pgq.get_stale_consumers())', 0]],
  },
  {
    signature: 'get_stale_consumers(i_for interval)',
    caller: 'public',
    results: [
      [
        `(select queue_name || consumer_name || pending_events from pgq.get_stale_consumers('-1 second'))`,
        'qc2',
      ],
    ],
  },
  {
    signature: 'tick_channel(queue text)',
    caller: 'public',
    results: [[`pgq.tick_channel('q')`, 'pgq_1']],
    errors: [[`pgq.tick_channel('x')`, 'No such event queue']],
  },
];

/** What is monitored comes first: what others draw from sequences is not rolled back. */
export const api: readonly ApiFunction[] = [
  ...monitoring,
  ...producing,
  ...consuming,
  ...administering,
  ...ticking,
];
