/** Thrown inside a transaction to roll it back: an operator removed the table, or asked for a new copy, meanwhile. */
export class Superseded extends Error {}
