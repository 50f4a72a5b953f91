import { Session, type ConnectSettings } from '../db/session.js';
import { pinSettings } from '../db/settings.js';
import { supervise } from '../kernel/service.js';
import type { Connect, OnNotice } from '../ticker/connect.js';
import { Maintainer } from '../ticker/maintainer.js';
import { Statistics } from '../ticker/statistics.js';
import { Ticker } from '../ticker/ticker.js';
import type { DaemonContext } from './replay.js';

/** How a ticker works in a database; milliseconds. */
export interface TickerTimes {
  readonly jobName: string;
  readonly loopDelayMs: number;
  readonly maintDelayMs: number;
  readonly retryPeriodMs?: number;
  /** Between two lines of statistics; 0 for none. */
  readonly statsPeriodMs?: number;
}

/** What the ticker daemon of one database needs to know. */
export interface TickerSettings extends TickerTimes {
  readonly database: ConnectSettings;
}

/** A session of the ticker for one of its purposes, which its name in pg_stat_activity tells. */
export async function openAs(
  purpose: string,
  { jobName, database }: { jobName: string; database: ConnectSettings },
  onNotice: OnNotice = () => undefined,
): Promise<Session> {
  const applicationName = `pgqadm ${jobName} ${purpose}`;
  const session = await Session.open(database, { side: 'database', applicationName, onNotice });
  await pinSettings(session);
  return session;
}

/** Ticks and maintenance of all queues of one database, until stopped. */
export async function runTicker(
  settings: TickerSettings,
  { log, stop, ready, isReload }: DaemonContext,
): Promise<void> {
  const connectAs =
    (purpose: string): Connect =>
    async (onNotice) => {
      const session = await openAs(purpose, settings, onNotice);
      ready();
      return session;
    };
  // What stands in the way of the first start is told to whoever starts; later on it is tried again.
  if (isReload !== true) await (await connectAs('start')(() => undefined)).end();
  const { loopDelayMs, maintDelayMs, retryPeriodMs = 30_000, statsPeriodMs = 30_000 } = settings;
  const statistics = new Statistics(log, statsPeriodMs);
  const ticker = new Ticker({ connect: connectAs('ticker'), log, loopDelayMs, statistics });
  const maintenance = { maintDelayMs, retryPeriodMs, statistics };
  const maintainer = new Maintainer({ connect: connectAs('maintenance'), log, ...maintenance });
  await supervise([ticker, maintainer], stop);
}
