/** Events of 100 MB, one by one and among small ones. */
import { expect, it } from 'vitest';
import { Consumer, Producer } from '../../src/library/index.js';
import { ownServer } from '../support/own-server.js';
import { inClient, makePlace, tick } from './place.js';

const megabytes = 1_000_000;

const server = ownServer('newest');

it('puts in and reads events of 100 MB', { timeout: 300_000 }, async () => {
  const place = await makePlace(server().port);
  await using consumer = new Consumer({ connection: place.reading, queue: 'q', consumer: 'c' });
  await consumer.register();
  const producer = new Producer('q');
  const large = 'x'.repeat(100 * megabytes);
  const events = ['small', large, '', large, 'small'].map((data) => ({ type: 't', data }));
  for (const event of events) await inClient(place.writing, (client) => producer.insert(client, event));
  await inClient(place.administering, (client) => producer.copy(client, events));
  await tick(place);
  const lengths: (number | undefined)[] = [];
  while (
    await consumer.processBatch(async (batch) => {
      for await (const { data } of batch) lengths.push(data?.length);
    })
  );
  expect(lengths).toEqual([...events, ...events].map(({ data }) => data.length));
});
