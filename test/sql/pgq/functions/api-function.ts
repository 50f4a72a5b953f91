/** The least role that may call a function; `public` is everybody, `admin` only pgq_admin. */
export type Caller = 'public' | 'reader' | 'writer' | 'admin';

export interface ApiFunction {
  /** As PostgreSQL prints the arguments that a call gives, with their names. */
  readonly signature: string;
  readonly caller: Caller;
  /** An expression or a query of one value, and what comes out. */
  readonly results: readonly (readonly [call: string, expected: unknown, given?: string])[];
  /** A call, and what its error says, to the letter. */
  readonly errors?: readonly (readonly [call: string, message: string, given?: string])[];
}
