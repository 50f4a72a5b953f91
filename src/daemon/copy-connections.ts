import type { Desk } from '../copy/desk.js';
import type { CopySettings, Lane, Workbench } from '../copy/workbench.js';
import type { Session } from '../db/session.js';
import { catchUp } from '../replay/catch-up.js';
import type { Link } from '../replay/link.js';

/** How the connections of a subscription are opened, as its copier needs them. */
export interface Opening {
  readonly settings: CopySettings;
  /** Connections for the rows of one large table: so many to each server. */
  readonly lanes: number;
  readonly open: (side: 'provider' | 'subscriber', purpose: string) => Promise<Session>;
  readonly linkOver: (sessions: Pick<Link, 'provider' | 'subscriber' | 'feed'>) => Link;
}

/** Sessions that are opened one after the other and end together. */
class Opened implements AsyncDisposable {
  readonly #sessions: Session[] = [];
  readonly #stop = new AbortController();

  async add(opening: Promise<Session>): Promise<Session> {
    const session = await opening;
    this.#sessions.push(session);
    if (this.stop.aborted) session.destroy();
    return session;
  }

  cut(): void {
    this.#stop.abort();
    for (const session of this.#sessions) session.destroy();
  }

  get stop(): AbortSignal {
    return this.#stop.signal;
  }

  get lost(): boolean {
    return this.#sessions.some((session) => session.lost);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#sessions.map((session) => session.end()));
  }
}

export async function openDesk(
  { open }: Pick<Opening, 'open'>,
  about: Pick<Desk, 'name' | 'fence' | 'log'>,
): Promise<Desk> {
  const opened = new Opened();
  try {
    const provider = await opened.add(open('provider', 'copies'));
    const subscriber = await opened.add(open('subscriber', 'copies'));
    return {
      ...about,
      provider,
      subscriber,
      [Symbol.asyncDispose]: () => opened[Symbol.asyncDispose](),
    };
  } catch (error) {
    await opened[Symbol.asyncDispose]();
    throw error;
  }
}

export async function openWorkbench({ settings, lanes, open, linkOver }: Opening): Promise<Workbench> {
  const opened = new Opened();
  try {
    const provider = await opened.add(open('provider', 'copy'));
    const openFeed = (): Promise<Session> => opened.add(open('provider', 'copy feed'));
    const feed = await openFeed();
    let fresh = feed;
    // A COPY of events that was given up has cost its connection.
    const reopened = async (): Promise<Session> => (fresh.closed ? (fresh = await openFeed()) : fresh);
    const subscriber = await opened.add(open('subscriber', 'copy'));
    const link = linkOver({ provider, subscriber, feed: reopened });
    const all: Lane[] = [{ feed, subscriber }];
    const openLanes = async (): Promise<readonly Lane[]> => {
      while (all.length < lanes)
        all.push({ feed: await openFeed(), subscriber: await opened.add(open('subscriber', 'copy')) });
      return all;
    };
    return {
      ...link,
      feed,
      settings,
      landed: 0,
      catchUp: (table, to) => catchUp(link, table, to),
      lanes: openLanes,
      get lost() {
        return opened.lost;
      },
      get usable() {
        const isOpen = ({ feed: from, subscriber: to }: Lane): boolean => !from.closed && !to.closed;
        return !provider.closed && all.every(isOpen);
      },
      stop: opened.stop,
      cut: () => {
        opened.cut();
      },
      [Symbol.asyncDispose]: () => opened[Symbol.asyncDispose](),
    };
  } catch (error) {
    await opened[Symbol.asyncDispose]();
    throw error;
  }
}
