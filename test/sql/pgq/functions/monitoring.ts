/** Functions that tell how queues and consumers are. */
import type { ApiFunction } from './api-function.js';

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
