/** The part of recheck's types that is used: its own are not found by every installation. */
declare module 'recheck' {
  export function checkSync(
    source: string,
    flags: string,
    parameters: {
      checker: 'automaton'
      timeout: number
      maxRepeatCount: number
      maxPatternSize: number
      maxNFASize: number
    },
  ): {
    status: 'safe' | 'vulnerable' | 'unknown'
    complexity?:
      | { type: 'safe' | 'linear' | 'exponential' }
      | { type: 'polynomial'; degree: number }
  }
}
