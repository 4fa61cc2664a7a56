import { ArticleLimitError, articleTree } from '../../wp-bridge/client/blocks/article-tree.ts'

/** UTF-16 units: some hundred thousand words. */
export const MAX_ARTICLE = 1_000_000

/**
 * Why the HTML cannot be stored as an article, to be read after the field's name; undefined if it can. A
 * worker could not parse what is refused here.
 */
export function articleProblem(html: string): string | undefined {
  if (html.length > MAX_ARTICLE) return `has more than ${MAX_ARTICLE} characters`
  try {
    articleTree(html)
    return undefined
  } catch (error) {
    if (error instanceof ArticleLimitError) return error.problem
    throw error
  }
}
