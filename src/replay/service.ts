import { Bell } from '../kernel/clock.js';
import type { Log } from '../kernel/log.js';
import { keepRunning, type Service } from '../kernel/service.js';
import type { Link } from './link.js';
import { replayOnce, type Replayed } from './replayer.js';
import { getOnTrack } from './track.js';

export interface ReplayOptions {
  readonly log: Log;
  /** How long to wait for a wake-up before looking anyway, in milliseconds. */
  readonly loopDelayMs: number;
  /** Opens both sides and claims the subscription. */
  readonly connect: () => Promise<Link & AsyncDisposable>;
  /** Has `bell` rung by whatever means that there may be work: a tick, a change of a table's state, a lost connection. */
  readonly wakeUp: (link: Link, bell: Bell) => Promise<void>;
  /** Called with each batch that was replayed. */
  readonly onBatch?: (replayed: Replayed) => void;
}

/** Replay is behind when the batch that it has just finished closed longer ago than this, in milliseconds. */
const behindAfterMs = 2_000;

/** The replay daemon's heart: one batch after the other for as long as the connections live, then new connections. */
export class ReplayService implements Service {
  readonly name = 'replay';
  readonly #options: ReplayOptions;

  constructor(options: ReplayOptions) {
    this.#options = options;
  }

  async run(stop: AbortSignal): Promise<void> {
    const { log, loopDelayMs, connect, wakeUp, onBatch } = this.#options;
    await keepRunning({ name: this.name, log }, stop, async (healthy) => {
      await using link = await connect();
      const bell = new Bell();
      await wakeUp(link, bell);
      await getOnTrack(link);
      log.info({ fence: link.fence }, `replaying queue ${link.name.queue} as consumer ${link.name.consumer}`);
      let behind = false;
      while (!stop.aborted) {
        const replayed = await replayOnce(link, { behind });
        healthy();
        if (replayed === undefined) {
          behind = false;
          await bell.wait(loopDelayMs, stop);
          continue;
        }
        behind = Date.now() - Date.parse(replayed.batch.to.tickTime) > behindAfterMs;
        onBatch?.(replayed);
        log.debug(
          { tick: replayed.batch.to.tickId, count: replayed.events, ignored: replayed.ignored },
          'batch replayed',
        );
      }
    });
  }
}
