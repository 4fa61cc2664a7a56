import { z } from '@hono/zod-openapi'
import { CHECKS } from '../../wp-bridge/client/connect/findings.ts'
import { RunIds, text } from '../http/schemas.ts'
import { POST_STATUSES } from './post-statuses.ts'

export const LinkWordPress = z.strictObject({
  wp_url: text(500).openapi({ description: 'The public URL of the site.' }),
  wp_username: text(200),
  wp_app_password: text(200).openapi({
    description: 'An application password (Users → Profile in WordPress), not the login password.',
  }),
})

export const ConnectWordPress = LinkWordPress.pick({ wp_url: true })

export const ApproveTasks = z.strictObject({ ids: RunIds })

export const PublishTasks = z
  .strictObject({
    ids: RunIds,
    status: z.enum(POST_STATUSES).optional(),
    publish_at: z.iso.datetime({ offset: true }).optional().openapi({
      description: 'The time when the post goes live. Implies the status `future`.',
    }),
  })
  .refine(({ status, publish_at }) => status !== 'future' || publish_at, {
    path: ['publish_at'],
    message: 'is required with the status future',
  })
  .refine(({ status, publish_at }) => !publish_at || !status || status === 'future', {
    path: ['status'],
    message: 'must be future or omitted if publish_at is given',
  })

/** What the doctor found. */
export const Examined = z
  .object({
    wp_url: z.string(),
    healthy: z.boolean().openapi({ description: 'Whether articles can be published.' }),
    checks: z.array(
      z.object({
        check: z.enum(CHECKS),
        ok: z.boolean().nullable().openapi({
          description: 'Null if the check was skipped because an earlier one failed.',
        }),
        blocking: z.boolean(),
        code: z.string().nullable(),
        cause: z.string().nullable(),
        remedy: z.string().nullable(),
      }),
    ),
  })
  .openapi('ExaminedWordPress')
