import { didYouMean } from './guess.js'

/**
 * The problems with those arguments of a command line that no flag has taken. Of the arguments only names of flags are shown, for the
 * text behind a flag may be the secret.
 */
export function describeArguments(rest: readonly string[], flags: readonly string[]): string[] {
  return rest.flatMap((argument, i) => {
    if (argument.startsWith('-') && argument.length > 1) {
      const [name = ''] = argument.split('=')
      return [`${name}: there is no such flag${didYouMean(name, flags)}`]
    }
    // It is the value of the flag in front of it.
    if (rest[i - 1]?.startsWith('-') === true) return []
    return ['an argument belongs to no flag: everything is given as --flag value']
  })
}
