import type { Bell } from '../kernel/clock.js';
import type { Log } from '../kernel/log.js';
import { keepRunning, type Service } from '../kernel/service.js';
import type { Link } from './link.js';
import { Progress } from './progress.js';
import { Replayer, type Replayed } from './replayer.js';
import { getOnTrack } from './track.js';

export interface ReplayOptions {
  readonly log: Log;
  /** How long to wait for a wake-up before looking anyway, in milliseconds. */
  readonly loopDelayMs: number;
  /** Rung when there may be work: a tick, a change of a table's state, a lost connection. */
  readonly bell: Bell;
  /** Claims the subscription over connections that are opened where they are missing. */
  readonly connect: () => Promise<Link>;
  /** Called with each batch that was replayed. */
  readonly onBatch?: (replayed: Replayed) => void;
}

/** The replay daemon's heart: one batch after the other for as long as the connections live, then new connections. */
export class ReplayService implements Service {
  readonly name = 'replay';
  readonly #options: ReplayOptions;

  constructor(options: ReplayOptions) {
    this.#options = options;
  }

  async run(stop: AbortSignal): Promise<void> {
    const { log, loopDelayMs, bell, connect, onBatch } = this.#options;
    await keepRunning({ name: this.name, log }, stop, async (healthy) => {
      const link = await connect();
      const progress = new Progress(log);
      const replayer = new Replayer(link, await getOnTrack(link), {
        onProgress: (batch, events) => {
          progress.applied(batch, events);
        },
      });
      log.info({ fence: link.fence }, `replaying queue ${link.name.queue} as consumer ${link.name.consumer}`);
      try {
        while (!stop.aborted) {
          const replayed: Replayed | undefined = await replayer.replayOnce();
          healthy();
          if (replayed === undefined) {
            progress.caughtUp();
            await bell.wait(loopDelayMs, stop);
            continue;
          }
          onBatch?.(replayed);
          const { batch, events, ignored } = replayed;
          log.debug({ tick: batch.to.tickId, count: events, ignored }, 'batch replayed');
        }
      } finally {
        await replayer.close();
      }
    });
  }
}
