/** The version of this package. It is not read from package.json, which a bundler may leave behind. */
export const VERSION = '0.1.0'
