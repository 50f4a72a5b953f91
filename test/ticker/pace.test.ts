import { describe, expect, it } from 'vitest';
import { Pace } from '../../src/ticker/pace.js';

describe('the pace of a ticker', () => {
  it('looks soon after a tick of few events, later after one of many, and then by how long none has come', () => {
    const pace = new Pace(100, 0);
    pace.ticked(1, 1000);
    expect(pace.next(1000)).toEqual({ pauseMs: 20, quietMs: 0 });
    expect(pace.next(1020)).toEqual({ pauseMs: 5, quietMs: 20 });
    expect(pace.next(1200)).toEqual({ pauseMs: 20, quietMs: 200 });
    expect(pace.next(9000)).toEqual({ pauseMs: 100, quietMs: 8000 });
    pace.ticked(25, 9000);
    expect(pace.next(9001)).toEqual({ pauseMs: 50, quietMs: 1 });
    pace.ticked(1_000_000, 9100);
    expect(pace.next(9101)).toEqual({ pauseMs: 100, quietMs: 1 });
  });

  it('is not hastened by ticks without events', () => {
    const pace = new Pace(100, 0);
    pace.ticked(1, 0);
    pace.next(0);
    pace.ticked(0, 5000);
    expect(pace.next(5000)).toEqual({ pauseMs: 100, quietMs: 5000 });
  });

  it('keeps to the loop delay, a short one under load too', () => {
    const quick = new Pace(3, 0);
    quick.ticked(1000, 0);
    expect(quick.next(0).pauseMs).toBe(3);
    expect(quick.next(5000).pauseMs).toBe(3);
    expect(new Pace(60_000, 0).next(10_000_000).pauseMs).toBe(60_000);
  });

  it('follows a rate: the gaps between ticks settle, from a fiftieth of a second when events are few to a tenth when many', () => {
    const gapAt = (eventsPerSecond: number): number => {
      const pace = new Pace(100, 0);
      let gapMs = 20;
      for (let n = 0; n < 50; n += 1) {
        pace.ticked((eventsPerSecond * gapMs) / 1000, n * 1000);
        gapMs = pace.next(n * 1000).pauseMs;
      }
      return gapMs;
    };
    expect([100, 400, 1_000, 100_000].map(gapAt)).toEqual([20, 20, 100, 100]);
  });
});
