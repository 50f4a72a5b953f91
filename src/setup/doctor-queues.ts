import { quoteLiteral } from '../db/identifiers.js';
import type { Session } from '../db/session.js';
import { getStaleConsumers } from '../pgq/consumer.js';
import { listQueueInfo, tickerErrors, type QueueInfo } from '../pgq/queue.js';
import { tickerAlive } from '../pgq/ticker.js';
import { fault, lasting, note, type Finding } from './finding.js';

/** What is wrong with queues, their ticks, rotation, consumers and retries; `longerThan` so many seconds counts as too long. */
export async function queueFindings(session: Session, longerThan: number): Promise<Finding[]> {
  const queues = await listQueueInfo(session);
  if (queues.length === 0) return [note('queues', 'there is none', 'pgqadm CONFIG create QUEUE')];
  return [
    ...(await tickFindings(session, queues)),
    ...(await rotationFindings(session, longerThan)),
    ...(await consumerFindings(session, longerThan)),
    ...(await retryFindings(session, longerThan)),
  ];
}

async function tickFindings(session: Session, queues: readonly QueueInfo[]): Promise<Finding[]> {
  const overdue = await session.query<{ name: string; late: number | null }>(
    `select i.queue_name as name, extract(epoch from i.ticker_lag)::float8 as late
     from pgq.get_queue_info() i
     where not i.queue_ticker_paused and not i.queue_external_ticker
       and (i.ticker_lag is null or i.ticker_lag > i.queue_ticker_idle_period * 2 + interval '10 seconds')`,
  );
  const errors = await tickerErrors(session);
  const findings = errors.map(({ queueName, since, message, sqlstate }) =>
    fault(
      `queue ${queueName}`,
      `it cannot be ticked since ${since}: ${message} (SQLSTATE ${sqlstate})`,
      'mend what the message says; the ticker tries again by itself',
    ),
  );
  const ticked = queues.filter(({ tickerPaused, externalTicker }) => !tickerPaused && !externalTicker);
  const isAlive = await tickerAlive(session);
  // Another program's ticker is only known by its ticks.
  if (!isAlive && overdue.length > 0 && overdue.length === ticked.length) {
    findings.push(fault('ticker', 'none runs for this database', 'pgqadm CONFIG ticker -d'));
  } else {
    for (const { name, late } of overdue) {
      if (errors.some(({ queueName }) => queueName === name)) continue;
      const since = late === null ? 'has never had a tick' : `has had no tick for ${lasting(late)}`;
      findings.push(fault(`queue ${name}`, since, 'the log of the ticker says why'));
    }
  }
  for (const { queueName, tickerPaused } of queues) {
    if (!tickerPaused) continue;
    const fix = `pgqadm CONFIG config ${queueName} ticker_paused=false`;
    findings.push(note(`queue ${queueName}`, 'its ticks are paused: its consumers get nothing', fix));
  }
  const closed = await session.query<{ name: string }>(
    'select queue_name as name from pgq.queue where queue_disable_insert order by 1',
  );
  for (const { name } of closed) {
    const fix = `update pgq.queue set queue_disable_insert = false where queue_name = ${quoteLiteral(name)};`;
    findings.push(note(`queue ${name}`, 'it takes no events (queue_disable_insert)', fix));
  }
  return findings;
}

async function rotationFindings(session: Session, longerThan: number): Promise<Finding[]> {
  const late = await session.query<{ name: string; late: number; bytes: number; holders: string[] }>(
    `select q.queue_name as name,
       extract(epoch from current_timestamp - q.queue_switch_time - q.queue_rotation_period)::float8 as late,
       (select coalesce(sum(pg_total_relation_size(i.inhrelid)), 0)::bigint
        from pg_inherits i where i.inhparent = to_regclass(q.queue_data_pfx)) as bytes,
       array(
         select format('%s, which stands at a tick of %s', c.co_name, date_trunc('second', t.tick_time))
         from pgq.subscription s
           join pgq.consumer c on c.co_id = s.sub_consumer
           join pgq.tick t on t.tick_queue = s.sub_queue and t.tick_id = s.sub_last_tick
         where s.sub_queue = q.queue_id and txid_snapshot_xmin(t.tick_snapshot) <= q.queue_switch_step2
         order by t.tick_id, c.co_name
       ) as holders
     from pgq.queue q
     where q.queue_switch_time + q.queue_rotation_period < current_timestamp - make_interval(secs => $1)
     order by 1`,
    [longerThan],
  );
  return late.map(({ name, late: seconds, bytes, holders }) => {
    const size = `${Math.round(bytes / 1_048_576)} MB of events`;
    if (holders.length === 0) {
      const what = `rotation is ${lasting(seconds)} late (${size}), and no consumer holds it`;
      const fix =
        'a transaction that is open, a lock on its tables, or no maintenance: is the ticker running?';
      return fault(`queue ${name}`, what, fix);
    }
    return fault(
      `queue ${name}`,
      `rotation is ${lasting(seconds)} late (${size}), held by ${holders.join('; ')}`,
      `run the consumer, or give up what it has not seen: pgqadm CONFIG unregister ${name} CONSUMER`,
    );
  });
}

async function consumerFindings(session: Session, longerThan: number): Promise<Finding[]> {
  const stale = await getStaleConsumers(session, longerThan);
  return stale.map(({ queueName, consumerName, lastSeen, pendingEvents, dropAfter }) => {
    const until =
      dropAfter === null
        ? 'which are all kept'
        : `which are kept until it is unregistered after ${dropAfter}`;
    return fault(
      `queue ${queueName}`,
      `nobody has run consumer ${consumerName} for ${lasting(lastSeen)}; it has up to ${pendingEvents ?? 0} events before it, ${until}`,
      `run it, or: pgqadm CONFIG unregister ${queueName} ${consumerName}`,
    );
  });
}

async function retryFindings(session: Session, longerThan: number): Promise<Finding[]> {
  const { may } = await session.one<{ may: boolean }>(
    `select has_table_privilege('pgq.retry_queue', 'select') as may`,
  );
  if (!may) {
    const fix = 'look again as a member of pgq_admin, or as the owner';
    return [note('retry queue', 'this role may not look into it', fix)];
  }
  const stuck = await session.query<{ name: string; n: number; late: number }>(
    `select q.queue_name as name, count(*) as n,
       extract(epoch from current_timestamp - min(r.ev_retry_after))::float8 as late
     from pgq.retry_queue r join pgq.queue q on q.queue_id = r.ev_queue
     where r.ev_retry_after < current_timestamp - make_interval(secs => $1) and not q.queue_disable_insert
     group by 1 order by 1`,
    [longerThan],
  );
  return stuck.map(({ name, n, late }) =>
    fault(
      `queue ${name}`,
      `${n} events have been due for a retry for up to ${lasting(late)}, and nobody sends them`,
      'maintenance sends them: pgqadm CONFIG ticker -d; or at once: pgqadm CONFIG retry now QUEUE --all',
    ),
  );
}
