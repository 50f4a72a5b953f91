/** Producers and consumers of PgQ queues: `import { … } from 'londiste/pgq'`. docs/pgq.md explains them by examples. */
export { LondisteError, type ErrorKind } from '../kernel/errors.js';
export type { Queryable } from '../db/queryable.js';
export type { PlainResult } from '../db/session.js';
export type { BatchLimits } from '../pgq/batch.js';
export type { QueueEvent } from '../pgq/cursor.js';
export {
  deadPurge as purgeDeadLetters,
  deadRetry as retryDeadLetter,
  getDeadEvents as listDeadLetters,
  type DeadLetter,
  type DeadLetterFilter,
  type DeadLetterLimits,
} from '../pgq/dead-letter.js';
export type { NewEvent } from '../pgq/event.js';
export { Batch, type RetryOptions } from './batch.js';
export { BatchConsumer, type Handler, type RunOptions } from './batch-consumer.js';
export type { Connection, ConnectionConfig } from './connection.js';
export { Consumer } from './consumer.js';
export { CooperativeConsumer, type CooperativeOptions } from './cooperative-consumer.js';
export type { RetryPolicy } from './decisions.js';
export { eachEvent, type EventHandler } from './each-event.js';
export type { ConsumerOptions } from './options.js';
export { Producer } from './producer.js';
export { RemoteConsumer, type RemoteOptions } from './remote-consumer.js';
export type { Transaction } from './transaction.js';
export { TransactionalConsumer, type TransactionalOptions } from './transactional-consumer.js';
