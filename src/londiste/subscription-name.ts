/** A subscription: one consumer of one queue. Its row on the subscriber and its consumer on the provider have this name. */
export interface SubscriptionName {
  readonly queue: string;
  readonly consumer: string;
}
