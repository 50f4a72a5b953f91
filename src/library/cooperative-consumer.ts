import type { Session } from '../db/session.js';
import { asLondisteError, LondisteError } from '../kernel/errors.js';
import { getBatchInfo, type BatchInfo } from '../pgq/batch.js';
import { getConsumerInfo } from '../pgq/consumer.js';
import {
  finishCoopBatch,
  nextCoopBatch,
  registerSubconsumer,
  unregisterSubconsumer,
  type Subconsumer,
} from '../pgq/coop.js';
import { Consumer } from './consumer.js';
import { raised } from './failure.js';
import type { ConsumerOptions } from './options.js';

export interface CooperativeOptions extends ConsumerOptions {
  /** The name of this worker among those of the consumer. */
  readonly subconsumer: string;
  /**
   * After which time of silence, in the server's text like `5 minutes`, this worker takes over the batch of another one.
   * Longer than any batch takes: a worker that was only slow has worked in vain, and its events come twice. By default
   * the batch of a dead worker waits until that worker is back.
   */
  readonly deadInterval?: string;
}

/**
 * One of several workers, in one process or in many, that share the batches of a consumer; every event is seen at least
 * once by one of them. Schema pgq_coop hands the batches out.
 */
export class CooperativeConsumer extends Consumer {
  readonly #worker: Subconsumer;
  readonly #deadInterval: string | undefined;
  /** @internal */
  protected override finish = finishCoopBatch;

  constructor(options: CooperativeOptions) {
    super({
      ...options,
      applicationName: options.applicationName ?? `${options.consumer}.${options.subconsumer}`,
    });
    const { queue, consumer, subconsumer, deadInterval } = options;
    this.#worker = { queue, consumer, subconsumer };
    this.#deadInterval = deadInterval;
  }

  protected override get registeredName(): string {
    return `${this.#worker.consumer}.${this.#worker.subconsumer}`;
  }

  protected override get registration(): string {
    const { queue, consumer, subconsumer } = this.#worker;
    return `call register() once, or: select pgq_coop.register_subconsumer('${queue}', '${consumer}', '${subconsumer}')`;
  }

  protected override registerOn(session: Session): Promise<boolean> {
    return registerSubconsumer(session, this.#worker);
  }

  /** An open batch is refused: nobody else would be given its events. */
  protected override async unregisterOn(session: Session): Promise<boolean> {
    try {
      return await unregisterSubconsumer(session, this.#worker);
    } catch (error) {
      const { queue, consumer, subconsumer } = this.#worker;
      if (session.closed || asLondisteError(error).sqlstate !== raised) throw error;
      const info = await getConsumerInfo(session, queue, this.registeredName);
      if (typeof info?.currentBatch !== 'number') throw error;
      throw new LondisteError(
        'refused',
        `${session.where}: worker ${subconsumer} of consumer ${consumer} on queue ${queue} has an open batch`,
        {
          hint: 'process it first, by run(), or let another worker take it over with deadInterval',
          cause: error,
        },
      );
    }
  }

  protected override async take(session: Session): Promise<BatchInfo | undefined> {
    const batch = await nextCoopBatch(session, this.#worker, this.options, this.#deadInterval);
    return batch === undefined ? undefined : getBatchInfo(session, batch);
  }
}
