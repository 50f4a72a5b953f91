/** Functions of consumers and their batches. */
import type { ApiFunction } from './api-function.js';

const again = `now(), null, now(), 1, 't', 'd', null, null, null, null`;

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
