/**
 * A sum that a part of the store keeps, beside the same sum taken anew over everything that is there. The two are equal between two calls
 * of the store.
 *
 * @internal for simulations, which compare the two
 */
export interface HeldSum {
  readonly name: string
  readonly kept: number
  readonly there: number
}
