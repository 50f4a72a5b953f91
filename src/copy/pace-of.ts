import { replayLag } from '../londiste/provider.js';
import type { SubscribedTable } from '../londiste/table-state.js';
import { Pace } from './pace.js';
import type { Workbench } from './workbench.js';

/** The pace of a table's copy: its own, or that of the configuration. */
export function paceOf(
  { provider, name, settings: { pace }, stop }: Workbench,
  { maxRate = pace.maxRate, pauseLagMs = pace.pauseLagMs }: SubscribedTable,
): Pace {
  return new Pace({ maxRate, pauseLagMs, lag: () => replayLag(provider, name), stop });
}
