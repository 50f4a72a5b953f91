/** Functions that make and set up queues. */
import type { ApiFunction } from './api-function.js';

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
