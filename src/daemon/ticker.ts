import { Session, type ConnectSettings } from '../db/session.js';
import { pinSettings } from '../db/settings.js';
import { supervise } from '../kernel/service.js';
import type { Connect } from '../ticker/connect.js';
import { Maintainer } from '../ticker/maintainer.js';
import { Ticker } from '../ticker/ticker.js';
import type { DaemonContext } from './replay.js';

/** What the ticker daemon of one database needs to know. */
export interface TickerSettings {
  readonly jobName: string;
  readonly database: ConnectSettings;
  readonly loopDelayMs: number;
  readonly maintDelayMs: number;
}

/** Ticks and maintenance of all queues of one database, until stopped. */
export async function runTicker(
  settings: TickerSettings,
  { log, stop, ready }: DaemonContext,
): Promise<void> {
  const connectAs =
    (purpose: string): Connect =>
    async (onNotice) => {
      const session = await Session.open(settings.database, {
        side: 'database',
        applicationName: `pgqadm ${settings.jobName} ${purpose}`,
        onNotice,
      });
      await pinSettings(session);
      ready();
      return session;
    };
  // What stands in the way of the first start is told to whoever starts; later on it is tried again.
  await (await connectAs('start')(() => undefined)).end();
  const { loopDelayMs, maintDelayMs } = settings;
  const ticker = new Ticker({ connect: connectAs('ticker'), log, loopDelayMs });
  const maintainer = new Maintainer({ connect: connectAs('maintenance'), log, maintDelayMs });
  await supervise([ticker, maintainer], stop);
}
