import type { Peer } from '../peer.js';

/** No replication: what the application's statements cost by themselves. */
export const none: Peer = {
  name: 'none',
  providerSettings: {},
  copies: false,
  quickShare: 1,
  missing: () => undefined,
  version: () => 'no replication',
  install: () => Promise.resolve(undefined),
};
