/**
 * The functions of pgq_ext and pgq_coop, each with a call that works for who may make it. Queue `q` has ticks; nothing
 * else is assumed. `batch` stands for an open batch of a worker of consumer `c`.
 */
import type { ApiFunction } from './functions.js';

type Called = Pick<ApiFunction, 'signature' | 'caller'> & { readonly call: string };

const reader = (signature: string, call: string): Called => ({ signature, caller: 'reader', call });
const everybody = (signature: string, call: string): Called => ({ signature, caller: 'public', call });

const worker = 'i_queue_name text, i_consumer_name text, i_subconsumer_name text';
const limits = 'i_min_lag interval, i_min_count integer, i_min_interval interval';

export const companionFunctions: readonly Called[] = [
  everybody('pgq_ext.version()', 'pgq_ext.version()'),
  reader('pgq_ext.upgrade_schema()', 'pgq_ext.upgrade_schema()'),
  reader('pgq_ext.get_last_tick(a_consumer text)', `pgq_ext.get_last_tick('c')`),
  reader('pgq_ext.get_last_tick(a_consumer text, a_subconsumer text)', `pgq_ext.get_last_tick('c', 'w')`),
  reader('pgq_ext.set_last_tick(a_consumer text, a_tick_id bigint)', `pgq_ext.set_last_tick('c', 1)`),
  reader(
    'pgq_ext.set_last_tick(a_consumer text, a_subconsumer text, a_tick_id bigint)',
    `pgq_ext.set_last_tick('c', 'w', 1)`,
  ),
  reader('pgq_ext.is_batch_done(a_consumer text, a_batch_id bigint)', `pgq_ext.is_batch_done('c', 1)`),
  reader(
    'pgq_ext.is_batch_done(a_consumer text, a_subconsumer text, a_batch_id bigint)',
    `pgq_ext.is_batch_done('c', 'w', 1)`,
  ),
  reader('pgq_ext.set_batch_done(a_consumer text, a_batch_id bigint)', `pgq_ext.set_batch_done('c', 1)`),
  reader(
    'pgq_ext.set_batch_done(a_consumer text, a_subconsumer text, a_batch_id bigint)',
    `pgq_ext.set_batch_done('c', 'w', 1)`,
  ),
  reader(
    'pgq_ext.is_event_done(a_consumer text, a_batch_id bigint, a_event_id bigint)',
    `pgq_ext.is_event_done('c', 1, 1)`,
  ),
  reader(
    'pgq_ext.is_event_done(a_consumer text, a_subconsumer text, a_batch_id bigint, a_event_id bigint)',
    `pgq_ext.is_event_done('c', 'w', 1, 1)`,
  ),
  reader(
    'pgq_ext.set_event_done(a_consumer text, a_batch_id bigint, a_event_id bigint)',
    `pgq_ext.set_event_done('c', 1, 1)`,
  ),
  reader(
    'pgq_ext.set_event_done(a_consumer text, a_subconsumer text, a_batch_id bigint, a_event_id bigint)',
    `pgq_ext.set_event_done('c', 'w', 1, 1)`,
  ),
  everybody('pgq_coop.version()', 'pgq_coop.version()'),
  reader(`pgq_coop.register_subconsumer(${worker})`, `pgq_coop.register_subconsumer('q', 'c', 'new')`),
  reader(
    `pgq_coop.unregister_subconsumer(${worker}, i_batch_handling integer)`,
    `pgq_coop.unregister_subconsumer('q', 'c', 'w', 1)`,
  ),
  reader(`pgq_coop.next_batch(${worker})`, `pgq_coop.next_batch('q', 'c', 'w')`),
  reader(
    `pgq_coop.next_batch(${worker}, i_dead_interval interval)`,
    `pgq_coop.next_batch('q', 'c', 'other', '0')`,
  ),
  reader(
    `pgq_coop.next_batch_custom(${worker}, ${limits})`,
    `pgq_coop.next_batch_custom('q', 'c', 'w', '0', 0, '0')`,
  ),
  reader(
    `pgq_coop.next_batch_custom(${worker}, ${limits}, i_dead_interval interval)`,
    `pgq_coop.next_batch_custom('q', 'c', 'other', '0', 0, '0', '0')`,
  ),
  reader('pgq_coop.finish_batch(i_batch_id bigint)', 'pgq_coop.finish_batch(batch)'),
];
