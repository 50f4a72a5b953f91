/** Functions of ticks and maintenance. */
import type { ApiFunction } from './api-function.js';

const due = `update pgq.queue set queue_ticker_max_lag = '0', queue_ticker_idle_period = '0'`;

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
