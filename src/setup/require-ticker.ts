import type { Session } from '../db/session.js';
import { sleep } from '../kernel/clock.js';
import { LondisteError } from '../kernel/errors.js';
import { lastTick } from '../pgq/tick.js';
import { forceTick, tickerAlive } from '../pgq/ticker.js';

/** How long a ticker that does not announce itself (another program's) has to answer to a tick that we ask for. */
const foreignTickerMs = 3_000;

/** A copy ends with a tick, so without a ticker it would never end: better said now than waited for. */
export async function requireTicker(provider: Session, queue: string): Promise<void> {
  if (await tickerAlive(provider)) return;
  const before = await lastTick(provider, queue);
  await forceTick(provider, queue);
  for (let waited = 0; waited < foreignTickerMs; waited += 100) {
    await sleep(100);
    if ((await lastTick(provider, queue))?.tickId !== before?.tickId) return;
  }
  throw new LondisteError('refused', `no ticker runs for the ${provider.where}`, {
    hint: 'start it: pgqadm TICKER_CONFIG ticker -d',
  });
}
