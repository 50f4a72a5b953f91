import type { ConnectSettings, Session } from '../../../../src/db/session.js';
import { open } from '../../../support/databases.js';
import { eventually } from '../../../support/eventually.js';
import { value } from '../pgq-database.js';

/** Where a session of one actor is, and its next one once the actor has died. */
export class Seat implements AsyncDisposable {
  readonly #settings: ConnectSettings;
  #session: Session | undefined;
  #pid = 0;

  constructor(settings: ConnectSettings) {
    this.#settings = settings;
  }

  async session(): Promise<Session> {
    if (this.#session === undefined || this.#session.closed) {
      this.#session = await open(this.#settings);
      this.#pid = await value<number>(this.#session, 'select pg_backend_pid()');
    }
    return this.#session;
  }

  /** Waits until the server has done what it was sent before the connection was cut. */
  async over(): Promise<void> {
    const pid = this.#pid;
    const session = await this.session();
    await eventually(
      () => value(session, 'select count(*)::int from pg_stat_activity where pid = $1', [pid]),
      0,
    );
  }

  /** Cuts the connection; what is on its way to the server may still be done there. */
  die(): void {
    this.#session?.destroy();
  }

  /** Sends `text` and dies before the answer. */
  async dieDuring(text: string): Promise<void> {
    const sent = (await this.session()).query(text);
    this.die();
    await sent.catch(() => undefined);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#session?.end();
  }
}

/** Whether a transaction was committed whose commit nobody has heard of. */
export async function wasCommitted(session: Session, txid: number): Promise<boolean> {
  let status = '';
  await eventually(async () => {
    status = await value<string>(session, 'select txid_status($1)', [txid]);
    return status === 'in progress';
  }, false);
  return status === 'committed';
}
