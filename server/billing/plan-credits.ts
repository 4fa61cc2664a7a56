/** The credits of a plan per billing cycle: `included_credits`, or `credits_per_month` if that is not set. */
export function creditsPerMonth(plan: {
  included_credits: number | null
  credits_per_month: number
}): number {
  return plan.included_credits ?? plan.credits_per_month
}
