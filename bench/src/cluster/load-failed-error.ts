/** Operations failed while they were measured: then nothing was measured. */
export class LoadFailedError extends Error {
  override readonly name = 'LoadFailedError'
}
