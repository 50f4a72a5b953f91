// A consumer that is killed: run by crash.test.ts, which arms it to say where it is. Arguments: the kind, the queue's
// database, the target's, as JSON of what pg takes, and the moment to stay in for ever, if any.
import { writeSync } from 'node:fs';
import process from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';
import { arm } from '../../dist/kernel/tap.js';
import { RemoteConsumer, TransactionalConsumer } from '../../dist/library/index.js';

const [kind, source, target, haltAt] = process.argv.slice(2);
const connection = JSON.parse(source);

// Written by one system call each, so that what is there tells how far it came.
const say = (what) => writeSync(1, `${what}\n`);
const stay = () => sleep(2 ** 31 - 1);
for (const moment of [
  'consumer.handled',
  'consumer.staged',
  'consumer.target-committed',
  'consumer.finished',
]) {
  arm(moment, async () => {
    say(moment);
    await (moment === haltAt ? stay() : sleep(Math.random() * 6));
  });
}

const options = {
  connection,
  queue: 'q',
  consumer: 'c',
  retrySeconds: () => 0,
  maxRetries: 2,
  bufferBytes: 500,
};
const consumer =
  kind === 'same'
    ? new TransactionalConsumer(options)
    : new RemoteConsumer({ ...options, target: JSON.parse(target) });

// Events of which the number says what becomes of them: every tenth fails once, every fiftieth always.
await consumer.run(async (batch, { query }) => {
  for await (const event of batch) {
    say('handling');
    if (haltAt === 'handling') await stay();
    const n = Number(event.data);
    if (n % 50 === 7 || (n % 10 === 3 && event.retries === 0)) batch.retry(event, { reason: `number ${n}` });
    else await query('insert into effect values ($1)', [event.data]);
  }
});
