/** Functions that put events into a queue. */
import type { ApiFunction } from './api-function.js';

const raw = `null, null, null, null, 't', 'd', null, null, null, null`;
const closed = 'update pgq.queue set queue_disable_insert = true';
const limited = 'update pgq.queue set queue_per_tx_limit = 0';

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
