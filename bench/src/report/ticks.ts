/** Values further apart than this factor are drawn on a logarithmic axis. */
const WIDE = 20
/** More labels than this do not fit. */
const MOST = 8

/** A scale of Vega with the values that its axis names: chosen here, so that nothing depends on how wide text is where it is drawn. */
export interface Axis {
  readonly type: 'linear' | 'log'
  readonly domain: readonly [number, number]
  readonly ticks: readonly number[]
}

/** An axis on which all of `values` have their place: from 0, or logarithmic when they are above 0 and far apart. */
export function axisOf(values: readonly number[]): Axis {
  const [least, most] = [Math.min(...values), Math.max(...values)]
  return least > 0 && most / least > WIDE ? logarithmic(least, most) : linear(Math.min(0, least), most)
}

/** For conditions, which are named as they were chosen, as far as they are apart enough to be read. */
export function axisOfConditions(values: readonly number[]): Axis {
  const sorted = [...new Set(values)].sort((a, b) => a - b)
  const [least, most] = [sorted[0] ?? 0, sorted.at(-1) ?? 0]
  const isWide = least > 0 && most / least > WIDE
  const place = isWide ? Math.log : (value: number) => value
  const apart = (place(most) - place(least)) / MOST
  // From the end, which is the one that says how far it was driven.
  const ticks: number[] = []
  for (const value of sorted.reverse()) if (ticks.length === 0 || place(ticks.at(-1) ?? 0) - place(value) >= apart) ticks.push(value)
  return { type: isWide ? 'log' : 'linear', domain: [least, most], ticks: ticks.reverse() }
}

/** From a 1, 2 or 5 times a power of ten to another. */
export function logarithmic(least: number, most: number): Axis {
  const steps: number[] = []
  for (let power = Math.floor(Math.log10(least)); power <= Math.ceil(Math.log10(most)); power++)
    for (const digit of [1, 2, 5]) steps.push(Number(`${digit}e${power}`))
  const from = steps.findLastIndex((step) => step <= least)
  const to = steps.findIndex((step) => step >= most)
  const within = steps.slice(Math.max(from, 0), to + 1)
  const ticks = within.length <= MOST ? within : within.filter((step) => Number.isInteger(Math.log10(step)))
  return { type: 'log', domain: [within[0] ?? least, within.at(-1) ?? most], ticks }
}

function linear(least: number, most: number): Axis {
  if (most === least) return { type: 'linear', domain: [0, 1], ticks: [0, 1] }
  const rough = (most - least) / 5
  const power = 10 ** Math.floor(Math.log10(rough))
  const step = power * ([1, 2, 5].find((digit) => digit * power >= rough) ?? 10)
  const [from, to] = [Math.floor(least / step), Math.ceil(most / step)]
  const ticks = Array.from({ length: to - from + 1 }, (_, n) => Number(((from + n) * step).toPrecision(12)))
  return { type: 'linear', domain: [ticks[0] ?? least, ticks.at(-1) ?? most], ticks }
}
