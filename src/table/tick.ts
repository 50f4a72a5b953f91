/**
 * A tick of a queue: the moment that closes one batch and opens the next. Time and snapshot are the server's text, so
 * that no microsecond is lost; (epoch, id, time, event sequence) tell the same tick on any node.
 */
export interface Tick {
  readonly tickId: number;
  readonly tickTime: string;
  readonly snapshot: string;
  readonly eventSeq: number;
  readonly epoch: number;
}

/** Whether both are the same tick of the same history: a restored or forked provider has another one by that number. */
export function isSameTick(a: Tick, b: Tick): boolean {
  return (
    a.tickId === b.tickId &&
    a.tickTime === b.tickTime &&
    a.eventSeq === b.eventSeq &&
    a.snapshot === b.snapshot
  );
}
