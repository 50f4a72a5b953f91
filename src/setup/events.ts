import type { Session } from '../db/session.js';
import { Bell } from '../kernel/clock.js';
import { LondisteError } from '../kernel/errors.js';
import {
  findPlace,
  placeOfConsumer,
  readEventRange,
  type Place,
  type SeenEvent,
} from '../pgq/event-range.js';
import { tickChannel } from '../pgq/ticker.js';
import { requireQueue } from './queues.js';

/** What of a queue somebody wants to see. */
export interface Tail {
  readonly queue: string;
  /** `oldest`, `last`, a tick's number, or a time; not there: as `follow` and `consumer` have it. */
  readonly from?: string | undefined;
  /** What this consumer has before it. */
  readonly consumer?: string | undefined;
  readonly types: readonly string[];
  /** Go on with what comes, until `stop`. */
  readonly follow: boolean;
}

/** Milliseconds between two looks for a tick when no notification comes. */
const lookMs = 1_000;

/**
 * The events of a queue, a stream of any length: those before the last tick, and with `follow` each that comes. It reads
 * ticks and events as any looker-on may, registers nothing, and moves no consumer.
 */
export async function* tailEvents(
  session: Session,
  tail: Tail,
  stop: AbortSignal,
): AsyncGenerator<SeenEvent, void, undefined> {
  const { queue: name, types, follow } = tail;
  await requireQueue(session, name);
  const queue = await session.one<{ id: number; name: string; table: string }>(
    'select queue_id as id, queue_name as name, queue_data_pfx as table from pgq.queue where queue_name = $1',
    [name],
  );
  const { owner, ...start } = await startOf(session, queue.id, tail);
  const bell = new Bell();
  if (follow)
    await session.listen(await tickChannel(session, name), () => {
      bell.ring();
    });
  for (let from: Place = start; ;) {
    const to = await findPlace(session, queue.id, 'last');
    if (to !== undefined && to.tick > from.tick) {
      yield* readEventRange(session, { queue, from, to, owner, types });
      from = to;
    } else if (follow) {
      await bell.wait(lookMs, stop);
    }
    if (!follow || stop.aborted) return;
  }
}

async function startOf(
  session: Session,
  queueId: number,
  { queue, from, consumer, follow }: Tail,
): Promise<Place & { readonly owner?: number }> {
  if (consumer !== undefined) {
    if (from !== undefined) {
      throw new LondisteError('usage', '--from and --consumer both say where to begin', {
        hint: 'leave one of them out',
      });
    }
    const place = await placeOfConsumer(session, queueId, consumer);
    if (place) return place;
    throw new LondisteError('refused', `consumer ${consumer} is not registered on queue ${queue}`, {
      hint: 'pgqadm CONFIG status lists the consumers',
    });
  }
  const place = await placeBy(session, queueId, from ?? (follow ? 'last' : 'oldest'));
  if (place) return place;
  throw new LondisteError('refused', `queue ${queue} has no tick ${from ?? ''}`.trim(), {
    hint: 'begin with what is there: --from oldest',
  });
}

async function placeBy(session: Session, queueId: number, from: string): Promise<Place | undefined> {
  if (from === 'oldest' || from === 'last') return findPlace(session, queueId, from);
  if (/^\d{1,15}$/.test(from)) return findPlace(session, queueId, { tick: Number(from) });
  try {
    // What was there before the first tick is gone: then the first one is the place.
    const place = await findPlace(session, queueId, { before: from });
    return place ?? (await findPlace(session, queueId, 'oldest'));
  } catch (cause) {
    if (!(cause instanceof LondisteError) || cause.kind !== 'data') throw cause;
    throw new LondisteError('usage', `--from: expected oldest, last, a tick or a time, got "${from}"`, {
      cause,
      hint: 'a time is written like "2026-01-31 10:00"; without a zone it is in UTC',
    });
  }
}
