import { afterEach, expect } from 'vitest'
import { Script, type ScriptOptions } from './script.js'

const open: Script[] = []

/** A scripted cluster; at the end of the test it must have violated nothing. */
export function scenario(options?: ScriptOptions): Script {
  const script = new Script(options)
  open.push(script)
  return script
}

afterEach(() => {
  for (const script of open.splice(0)) expect(script.oracle.violations).toEqual([])
})
