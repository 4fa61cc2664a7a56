/** The effective credits of a plan, a cycle: those included, else those a month. */
export function creditsPerMonth(plan: {
  included_credits: number | null
  credits_per_month: number
}): number {
  return plan.included_credits ?? plan.credits_per_month
}
