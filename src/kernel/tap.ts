import { LondisteError } from './errors.js';

/**
 * The dangerous moments, by name. In production `tap` does nothing; a test arms one of them and the process waits,
 * throws or dies there. One list, so that the kill tests can go through all of them.
 */
export const moments = [
  'replay.fetched',
  'replay.chunk-applied',
  'replay.difference-made',
  'replay.applied-not-committed',
  'replay.committed-not-finished',
  'replay.finished',
  'replay.meeting',
  'copy.snapshot-taken',
  'copy.tables-described',
  'copy.indexes-off',
  'copy.rows-landed-not-committed',
  'copy.range-landed-not-committed',
  'copy.range-landed',
  'copy.index-built',
  'copy.definition-built',
  'copy.landed',
  'copy.caught-up',
  'compare.announced',
  'compare.at-tick',
  'ticker.ticked',
  'ticker.between-rotation-steps',
  'consumer.handled',
  'consumer.staged',
  'consumer.target-committed',
  'consumer.finished',
] as const;

export type Moment = (typeof moments)[number];

export type TapAction = () => Promise<void> | void;

const armed = new Map<Moment, TapAction>();

export async function tap(moment: Moment): Promise<void> {
  const action = armed.get(moment);
  if (action) await action();
}

export function arm(moment: Moment, action: TapAction): void {
  armed.set(moment, action);
}

export function disarmAll(): void {
  armed.clear();
}

/**
 * Arms moments from text like `replay.fetched=kill:3,copy.landed=wait`: the action, and on which visit it acts
 * (the first when not given). `kill` ends this process by SIGKILL, `wait` writes `tap MOMENT` through `say` and never
 * returns, `throw` throws.
 */
export function armFromText(text: string, say: (line: string) => void): void {
  for (const part of text.split(',')) {
    const [name, how] = part.split('=');
    const moment = moments.find((known) => known === name);
    const [action, visit = '1'] = (how ?? '').split(':');
    if (!moment || !action || !['kill', 'wait', 'throw'].includes(action)) {
      throw new Error(
        `unknown tap: ${part}; the moments are ${moments.join(', ')}, the actions kill, wait, throw`,
      );
    }
    let visits = 0;
    arm(moment, () => {
      visits += 1;
      if (visits !== Number(visit)) return;
      if (action === 'throw') throw new LondisteError('cancelled', `tap ${moment}`);
      say(`tap ${moment}`);
      if (action === 'kill') process.kill(process.pid, 'SIGKILL');
      return new Promise(() => undefined);
    });
  }
}
