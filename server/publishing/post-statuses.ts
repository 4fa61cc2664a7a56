/** The statuses that a post may be published with. */
export const POST_STATUSES = ['publish', 'draft', 'pending', 'future'] as const
