import { tap } from '../kernel/tap.js';
import { awaitCompare, endCompare } from '../londiste/compare-request.js';
import type { Tick } from '../table/tick.js';
import type { Link } from './link.js';

/**
 * What is returned in place of a batch that was taken before it was known that a compare asks replay to stop at some tick, which
 * may lie within the batch.
 */
export class Asked extends Error {
  constructor(readonly request: number) {
    super('a compare asks replay to stop at a tick');
  }
}

/**
 * Replay's part in a compare: it never goes beyond the tick at which the compare stands on the provider, and having committed that
 * one it waits a moment, until the subscriber is being read there too. A compare that takes too long, or has died, is left behind.
 */
export class Meetings {
  readonly #link: Pick<Link, 'name' | 'subscriber'>;
  #known:
    { readonly request: number; readonly tick: number; readonly repair: number | undefined } | undefined;

  constructor(link: Pick<Link, 'name' | 'subscriber'>) {
    this.#link = link;
  }

  /** The tick beyond which no batch may go. */
  get tick(): number | undefined {
    return this.#known?.tick;
  }

  /** What is to be applied with a batch that ends at `to`. */
  repairAt(to: Tick): number | undefined {
    return this.#known?.tick === to.tickId ? this.#known.repair : undefined;
  }

  /**
   * Looks at the request that the position has, under its lock.
   *
   * @throws Asked when the batch was taken without knowing of it.
   */
  heed(request: number | undefined): void {
    if (request === this.#known?.request) return;
    this.#known = undefined;
    if (request !== undefined) throw new Asked(request);
  }

  /** Waits until it is known at which tick to stop, while the subscriber stands at `at`. */
  async learn(request: number, at: Tick): Promise<void> {
    const { subscriber, name } = this.#link;
    const { tick, repair } = (await awaitCompare(subscriber, name, { request, purpose: 'tick' })) ?? {};
    // One that is not later was reached over a connection that is gone.
    if (tick === undefined || tick <= at.tickId) await endCompare(subscriber, name, request);
    else this.#known = { request, tick, repair };
  }

  /** With tick `to` committed: waits for the compare, if that is where it stands. */
  async meet(to: Tick): Promise<void> {
    if (this.#known?.tick !== to.tickId) return;
    const { request } = this.#known;
    const { subscriber, name } = this.#link;
    await tap('replay.meeting');
    await awaitCompare(subscriber, name, { request, purpose: 'reader' });
    await endCompare(subscriber, name, request);
    this.#known = undefined;
  }
}
