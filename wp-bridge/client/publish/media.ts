import { z } from 'zod'
import { htmlOf, isSameText, textOf } from '../blocks/text-as-html.ts'
import { isRefusal, WordPressError } from '../http/errors.ts'
import { addressOf } from '../http/site-address.ts'
import type { WordPressApi } from '../http/transport.ts'
import { type CreateContext, type Created, createOnce, type Found } from './create-once.ts'
import { slugForms, unlessGone } from './find-post.ts'

/** An image file that WordPress should have. */
export interface ImageFile {
  /** SHA-256 of the bytes in hexadecimal. Files with the same hash are one attachment. */
  content_hash: string
  /** Called only if the file must be uploaded. */
  read(): Promise<Uint8Array>
  mime_type: string
  /** The readable part of the file name, with its extension: `cold-brew.webp`. */
  file_name: string
  title: string
  alt_text: string
  /** Pixels. */
  width: number
  height: number
}

/** An image in WordPress. */
export interface Attachment {
  content_hash: string
  id: number
  url: string
  alt_text: string
  width: number
  height: number
  how: 'known' | 'adopted' | 'created'
}

const attachmentSchema = (site: { restRoot: string }) =>
  z.object({
    id: z.number(),
    slug: z.string(),
    source_url: addressOf(site),
    alt_text: z.string(),
    /** Empty until WordPress has processed the file. */
    media_details: z
      .object({ width: z.number().optional(), height: z.number().optional() })
      .catch({}),
  })

type RemoteAttachment = z.infer<ReturnType<typeof attachmentSchema>>

const QUERY = { _fields: 'id,slug,source_url,alt_text,media_details' }

/**
 * Ensures that WordPress has the file as one attachment, with its alternative text and sizes.
 * @throws WordPressError `cannot_upload_files`, `outcome_pending`, or that of a failed request
 */
export async function ensureAttachment(
  context: CreateContext & { api: WordPressApi },
  file: ImageFile,
): Promise<{ attachment: Attachment; duplicates: number[]; warnings: string[] }> {
  const { api, intentLog } = context
  const created = await createOnce(context, {
    kind: 'attachment',
    key: file.content_hash,
    fetchKnown: (id) => getAttachment(api, id, file),
    find: () => findAttachment(api, file),
    create: () => upload(api, file),
  })
  const warnings: string[] = []
  const sized = await withSizes(api, created, warnings)
  const remote = await withAltText(api, { ...created, remote: sized }, file, warnings)
  const state = { alt_text: file.alt_text }
  if (created.how !== 'known' || created.state.alt_text !== file.alt_text) {
    await intentLog.record('attachment', file.content_hash, { id: remote.id, state })
  }
  const attachment = {
    content_hash: file.content_hash,
    id: remote.id,
    url: remote.source_url,
    alt_text: textOf(remote.alt_text),
    width: remote.media_details.width ?? file.width,
    height: remote.media_details.height ?? file.height,
    how: created.how,
  }
  return { attachment, duplicates: created.duplicates, warnings }
}

/**
 * Sixteen digits of the hash: enough to distinguish all images of a site, and short in an address.
 */
function mark(file: ImageFile): string {
  return file.content_hash.slice(0, 16)
}

async function getAttachment(api: WordPressApi, id: number, file: ImageFile) {
  const remote = await api.read(`wp/v2/media/${id}`, attachmentSchema(api), QUERY).catch(unlessGone)
  // A restored database may have given the id to another file.
  const isOurs = remote && `${remote.slug} ${remote.source_url}`.includes(mark(file))
  return isOurs ? remote : null
}

async function findAttachment(
  api: WordPressApi,
  file: ImageFile,
): Promise<Found<RemoteAttachment> | null> {
  const { items } = await api.list('wp/v2/media', attachmentSchema(api), {
    ...QUERY,
    slug: slugForms(`igny8-${mark(file)}`),
    status: ['inherit', 'private', 'trash'],
    orderby: 'id',
    order: 'asc',
    per_page: 50,
    igny8_at: Date.now(),
  })
  const [remote, ...others] = items
  return remote ? { remote, duplicates: others.map(({ id }) => id) } : null
}

async function upload(api: WordPressApi, file: ImageFile): Promise<RemoteAttachment> {
  const [, stem, extension] = file.file_name.match(/^(.*?)(\.\w+)?$/) ?? []
  const sent = {
    bytes: new Uint8Array(await file.read()),
    name: `${stem}-${mark(file)}${extension ?? ''}`,
    mime_type: file.mime_type,
  }
  const [title, alt_text] = [htmlOf(file.title), htmlOf(file.alt_text)]
  const fields = { title, alt_text, slug: `igny8-${mark(file)}` }
  try {
    return await api.upload('wp/v2/media', attachmentSchema(api), sent, fields)
  } catch (error) {
    if (!(error instanceof WordPressError) || error.wpCode !== 'rest_cannot_create') throw error
    const { message, status, wpCode } = error
    const remedy =
      'Give the user the Author role or a higher one, or link the site as another user.'
    throw new WordPressError({ code: 'cannot_upload_files', message, remedy, status, wpCode })
  }
}

/**
 * Asks WordPress to finish the smaller sizes, which it makes after the attachment and may have died
 * over. A failure here does not prevent publishing.
 */
async function withSizes(
  api: WordPressApi,
  { remote, how }: Created<RemoteAttachment>,
  warnings: string[],
): Promise<RemoteAttachment> {
  if (how !== 'adopted' && remote.media_details.width !== undefined) return remote
  const action = { action: 'create-image-subsizes' }
  try {
    return await api.update(`wp/v2/media/${remote.id}/post-process`, attachmentSchema(api), action)
  } catch (error) {
    if (!(error instanceof WordPressError)) throw error
    warnings.push(`WordPress created no smaller sizes of image ${remote.id}: ${error.message}`)
    return remote
  }
}

/** Sets the alternative text of the file, unless a person changed it in WordPress. */
async function withAltText(
  api: WordPressApi,
  { remote, how, state }: Created<RemoteAttachment>,
  { alt_text }: ImageFile,
  warnings: string[],
): Promise<RemoteAttachment> {
  const now = textOf(remote.alt_text)
  if (isSameText(alt_text, now)) return remote
  const isPersons = how === 'known' && !isSameText(now, String(state.alt_text ?? ''))
  if (now !== '' && isPersons) return remote
  const body = { alt_text: htmlOf(alt_text) }
  const path = `wp/v2/media/${remote.id}`
  const updated = await api.update(path, attachmentSchema(api), body).catch((error: unknown) => {
    if (!isRefusal(error)) throw error
    warnings.push(`Image ${remote.id} keeps the alternative text “${now}”: ${error.message}`)
    return null
  })
  if (!updated) return remote
  const got = textOf(updated.alt_text)
  if (!isSameText(alt_text, got)) {
    warnings.push(
      `WordPress stored a different alternative text for image ${updated.id}: “${got}”.`,
    )
  }
  return updated
}
