import { invalid } from '../errors.ts'

/**
 * Derives `status` and `is_active` from each other when one is given. Throws a 400 if both are given and
 * contradict each other.
 */
export function statusInStep<S extends string>(
  input: { is_active?: boolean | undefined; status?: S | undefined },
  before: S,
): { status: S | 'active' | 'inactive'; is_active: boolean } {
  const { is_active, status } = input
  if (status !== undefined) {
    if (is_active !== undefined && is_active !== (status === 'active')) {
      throw invalid('status', 'contradicts is_active; send only one of them')
    }
    return { status, is_active: status === 'active' }
  }
  if (is_active) return { status: 'active', is_active }
  const ends = is_active === false && before === 'active'
  return { status: ends ? 'inactive' : before, is_active: !ends && before === 'active' }
}
